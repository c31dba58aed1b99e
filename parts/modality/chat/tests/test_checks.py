"""What a model had better not learn is told, and never printed; splits keep apart what they can."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made import WORDS, reading, table, turns, written

from my_model import data
from my_model.chats.secrets import found, masked
from my_model.config import Config, load
from my_model.runs import UserError
from my_model.tables import rows

SECRETS = {
    "e-mail addresses": ["jane.doe+x@mail.firm.co.uk"],
    "phone numbers": ["+49 (0)30 901820", "(212) 555-0187", "030 90182000"],
    "card numbers": ["4111 1111 1111 1111", "5500005555555559"],
    "IBANs": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
    "keys": [
        *("AKIA" + "Z7" * 8, "ghp_" + "a1" * 18, f"eyJ{'a' * 9}.eyJ{'b' * 9}.{'c' * 9}"),
        "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEow+/\nqq==",
    ],
}
HARMLESS = (
    "me@example.com 4111111111111112 DE89370400440532013001 2024-01-02 10:11:12 1.23456789012"
)


def test_secrets_are_told_and_never_printed(config: Config, tmp_path: Path) -> None:
    assert not found(f"{HARMLESS} {1700000000000} 192.168.100.200 978-3-16-148410-0")
    frame, secrets = table(), [(k, text) for k, texts in SECRETS.items() for text in texts]
    for row, (kind, text) in enumerate(secrets):
        assert found(f"call {text}, now") == [kind] and masked(f"a {text}, b") == "a ***, b"
        frame.at[row, "question"] = f"{text} Stra\u00c3\u00a7e {'ba do ' * 20}{row}?"
    again = frame.head(12).assign(reply=[f"another {text}" for _, text in secrets])
    both = pd.concat([frame, again, again.replace(r"\d+\?", "000?", regex=True)])
    told = data.load(reading(config, written(tmp_path, both), "prompt")).manifest["notes"]
    assert "card numbers in 6 (row 5)" in " ".join(told) and len(told) == 4
    assert "24 prompts are the same as another one, 24 of them" in " ".join(told)
    assert not any(text in " ".join(told) for _, text in secrets)


def test_what_is_odd_is_told(config: Config, tmp_path: Path) -> None:
    frame = table()
    frame.loc[2:6, "reply"] = "I can't help with that."
    frame.loc[7, "reply"] = "word " * 5000
    frame.loc[9, "reply"], frame.loc[10, "question"] = "no <|im_end|>", "<s>[INST] fi gu? [/INST]"
    told = data.load(reading(config, written(tmp_path, frame), "prompt")).manifest["notes"]
    marked, first, second = told
    assert marked.startswith("2 conversations hold what looks like a special token, such as <|im_e")
    assert marked.endswith("in row 10: it stays text.")
    assert first.startswith("1 conversations have more than 20,000 characters, such as row 8")
    assert second.startswith("5 of 120 prompts have the same answer, that of row 3")


@pytest.mark.parametrize(
    "prefix, told", [(" ".join(WORDS[:99]), "nearly the same"), ("", "the same")]
)
def test_a_template_leaves_rows_apart(
    prefix: str, told: str, config: Config, tmp_path: Path
) -> None:
    frame = table()
    frame["question"] = prefix + frame["question"] if prefix else "Write a poem."
    splits = data.load(reading(config, written(tmp_path, frame), "prompt"))
    assert min(splits.manifest["splits"].values()) >= 20
    assert f"120 rows have {told} prompt" in " ".join(splits.manifest["notes"])


def test_groups_stay_together_and_times_in_order(config: Config, tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=120).strftime("%Y-%m-%d")
    path = written(tmp_path, table().assign(author=np.arange(120) // 4, sent=days))
    for name in ("group", "time"):
        column = {"group": "author", "time": "sent"}[name]
        splits, test = data.load_all(reading(config, path, source=column, **{name: column}))
        parts = [set(p.inputs[column].astype("str")) for p in (splits.train, splits.val, test)]
        assert all(parts) and not parts[0] & parts[1] and not (parts[0] | parts[1]) & parts[2]
        assert name == "group" or all(max(a) < min(b) for a, b in pairwise(parts))


def test_a_file_that_no_longer_fits_is_refused(config: Config, tmp_path: Path) -> None:
    frame = table()
    shaped = reading(config, written(tmp_path, frame))
    data.load(shaped)
    renamed = frame.rename(columns={"messages": "message"})
    for reason, other in {"is something missing": frame.head(40), "did you mean": renamed}.items():
        written(tmp_path, other)
        with pytest.raises(UserError, match=reason):
            data.load(shaped)
    text = "data: {path: a.csv, prompt: question}"
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(UserError, match="either `messages`, or `prompt` and `answer`, or `text`"):
        load(tmp_path / "config.yaml", {})


def test_prompts_need_no_answers(config: Config, tmp_path: Path) -> None:
    frame = table()
    for shape in ("messages", "prompt", "text"):
        shaped = reading(config, written(tmp_path, frame), shape)
        known = rows.collect(shaped)
        other = frame.drop(columns="reply") if shape == "prompt" else frame
        path = written(
            tmp_path / shape, other.assign(messages=[turns(q) for q in frame["question"]])
        )
        inputs = rows.fresh(path, known.schema.properties, shaped)
        pd.testing.assert_frame_equal(inputs.iloc[:, 1:], known.inputs.iloc[:, 2:])
