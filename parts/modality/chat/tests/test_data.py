"""Conversations of three shapes become the same rows; what is odd about a file is told."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from made import SHAPES, reading, table, turns, written

from my_model import data
from my_model.config import Config
from my_model.formats import feed
from my_model.runs import UserError
from my_model.tables import rows


def splits_of(config: Config) -> dict[str, str]:
    """Return the split of each prompt, or of each text where there are none."""
    splits, test = data.load_all(config)
    parts = {"train": splits.train, "val": splits.val, "test": test}
    told = {name: part.inputs for name, part in parts.items()}
    return {
        answer if prompt == "[]" else json.loads(prompt)[-1]["content"]: name
        for name, inputs in told.items()
        for prompt, answer in zip(inputs["prompt"], inputs["answer"], strict=True)
    }


def notes_of(config: Config) -> str:
    return " ".join(data.load(config).manifest["notes"])


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "csv"])
def test_however_it_is_stored_it_is_the_same(kind: str, config: Config, tmp_path: Path) -> None:
    frame = table().assign(topic="a")
    path = written(tmp_path, frame, kind)
    both = [rows.collect(reading(config, path, shape)) for shape in ("messages", "prompt")]
    pd.testing.assert_frame_equal(both[0].inputs, both[1].inputs)
    assert [json.loads(p)[0]["content"] for p in both[0].inputs["prompt"]] == [*frame["question"]]
    assert [*both[0].inputs["answer"]] == [*frame["reply"]] and (both[0].ids == both[1].ids).all()
    assert both[0].targets.tolist() == [len(text.encode()) for text in frame["reply"]]
    plain = rows.collect(reading(config, path, "text", source="topic"))
    assert set(plain.inputs["prompt"]) == {"[]"} and "topic" in plain.inputs
    assert plain.inputs["characters"].tolist() == frame["reply"].str.len().tolist()


def test_one_row_is_one_conversation(config: Config, tmp_path: Path) -> None:
    told = {"role": "system", "content": "Be brief. " * 90}
    tool = {"role": "tool", "content": "1"}
    called = [told, *turns("Hi\0 there\r\n", "Look."), tool, turns("", " 1!\n")[1]]
    frame = table()
    frame["messages"] = [[told, *chat] for chat in frame["messages"]]
    frame.at[0, "messages"] = called
    inputs = rows.collect(reading(config, written(tmp_path, frame))).inputs
    assert inputs["answer"][0] == "1!" and inputs["turns"][0] == 4
    assert json.loads(inputs["prompt"][0])[1]["content"] == "Hi  there\n"
    assert inputs["characters"][0] == len("Hi  there\n\nLook.\n1")
    (first, *_) = feed.plain(inputs, {})["messages"]
    assert first == rows.portable(inputs)[0]["messages"] and first[0] == told


def test_a_prompt_may_be_a_list_of_messages_in_json(config: Config, tmp_path: Path) -> None:
    plain = rows.collect(reading(config, written(tmp_path, table()), "prompt"))
    frame = table()
    asked = [[{"content": text, "role": "user"}] for text in frame["question"]]
    frame["question"] = [json.dumps(chat, indent=1) for chat in asked]
    told = rows.collect(reading(config, written(tmp_path, frame), "prompt"))
    pd.testing.assert_frame_equal(told.inputs, plain.inputs)


BROKEN: dict[str, Any] = {
    "user comes|user follows one of the user": turns("a", "b")[:1] * 2 + turns("a", "b"),
    "assistant comes first": turns("a", "b")[1:],
    "system follows one of the user": [*turns("a"), {"role": "system", "content": "b"}],
    "no answer": turns("a", "b", "c"),
    "no message but an empty one": [{"role": "system", "content": " "}],
    "assistant says nothing": turns("a", " \n"),
    "a role is 'gpt': rename": [*turns("a"), {"role": "gpt", "content": "b"}],
    "has from and value for role and content": [{"from": "human", "value": "a"}],
    "no list of messages": {"role": "user", "content": "a"},
    "not written as JSON": "[{'role': 'user', 'content': 'a'}]",
    "is no text": [*turns("a"), {"role": "assistant", "content": ["b"]}],
}


@pytest.mark.parametrize("reason", BROKEN)
def test_broken_rows_are_left_out_or_refused(reason: str, config: Config, tmp_path: Path) -> None:
    frame = table()
    for row in range(13):
        frame.at[row + 1, "messages"] = BROKEN[reason]
        shaped = reading(config, written(tmp_path, frame))
        if row == 11:
            found = rows.collect(shaped)
            assert len(found.inputs) == 108 and found.facts["left_out"] == 12
            assert "row 2 is no" in found.facts["notes"][0]
            assert "12 of 120 rows are broken: they are left out" in found.facts["notes"][0]
    with pytest.raises(UserError, match=rf"row 2 is no conversation.*({reason}).*13 of 120"):
        data.load(shaped)


def test_rows_of_too_many_cells_are_refused_or_left_out(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    table()[["question", "reply"]].to_csv(path, index=False)
    path.write_text(path.read_text("utf-8") + "Now, or later?,Now\n", "utf-8")
    with pytest.raises(UserError, match=r"row 121 has 3 cells and not 2.*--data\.bad_rows skip"):
        rows.collect(reading(config, path, "prompt"))
    found = rows.collect(reading(config, path, "prompt", bad_rows="skip"))
    assert len(found.inputs) == 120 and "row 121 has 3 cells" in found.facts["notes"][0]


@pytest.mark.parametrize("shape", SHAPES)
def test_twins_share_a_split_and_keep_it(shape: str, config: Config, tmp_path: Path) -> None:
    frame = table()
    again = frame.head(30).copy()
    column = "reply" if shape == "text" else "question"
    again[column] = again[column].str.replace(" ", " 12 ", n=1).str.upper()
    again["messages"] = [turns(question, "Another answer.") for question in again["question"]]
    shaped = reading(config, written(tmp_path, frame), shape)
    before = splits_of(shaped)
    written(tmp_path, pd.concat([again, table(60, 1), frame]).sample(frac=1, random_state=0))
    after = splits_of(shaped)
    assert set(before.values()) == {"train", "val", "test"} and before.items() <= after.items()
    for text, twin in zip(frame[column], again[column], strict=False):
        assert after[text] == after[twin]
    assert len(after) == 210
