"""Held-out answers that training has shown already are counted, with the place of one."""

import json
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made import WORDS, reading, table, turns, written

from my_model import data, extras
from my_model.chats.overlap import places
from my_model.config import Config
from my_model.tables import profile

NOTE = r"(\d+) of (\d+) validation answers .* (\d+) of .*, such as row (\d+) of .* with row (\d+):"


def rows_of(*answers: str, prompt: str = "[]", first: int = 0) -> pd.DataFrame:
    index = range(first, first + len(answers))
    return pd.DataFrame({"prompt": prompt, "answer": [*answers]}, index=index)


def test_runs_of_words_are_found_wherever_they_are() -> None:
    text = " ".join(WORDS[:40])
    train = rows_of("nothing", text, "ba " * 40, prompt=json.dumps(turns(" ".join(WORDS[90:110]))))
    cases = {
        " ".join(WORDS[10:23]).upper() + "!": (1, 1),  # 13 words
        " ".join(WORDS[10:22]) + " ru": None,  # 12 words and another
        " ".join(["ru", *WORDS[10:23], "ru", "ru"]): (1, 1 / 4),
        " ".join(WORDS[2:10]): (1, 1),  # all 8 words of a shorter one
        " ".join(WORDS[2:9]): None,  # 7 words may well be said twice
        " ".join(WORDS[91:108]): (2, 1),  # said by the user, in the last row too
        " ".join(WORDS[60:90]): None,
    }
    found = places(train, rows_of(*cases, first=100))
    assert found == {100 + n: told for n, told in enumerate(cases.values()) if told is not None}


def test_many_rows_take_little_time() -> None:
    rng = np.random.default_rng(0)
    held, train = (rows_of(*(" ".join(rng.choice(WORDS, 100)) for _ in range(2000))) for _ in "ab")
    begun = time.perf_counter()
    assert not places(train, held)
    assert time.perf_counter() - begun < 20  # 200,000 words: a second or two


@pytest.mark.parametrize("broken", [0, 3])
def test_known_answers_are_told_by_their_rows(broken: int, config: Config, tmp_path: Path) -> None:
    """Rows are those of the file, also if some before them are left out."""
    frame = table(300)
    long = frame["reply"].str.split().str.len() > 20
    frame.loc[long, "reply"] += " " + " ".join(WORDS[:14])
    frame.loc[: broken - 1, "question"] = None
    shaped = reading(config, written(tmp_path, frame), "prompt")
    splits, test = data.load_all(shaped)
    (note,) = extras.label_issues(splits)
    count, held, _, row, other = map(int, re.search(NOTE, note).groups())  # type: ignore[union-attr]
    assert held == len(splits.val.ids) and 0 < count < held
    assert count == splits.val.inputs["answer"].str.endswith(WORDS[13]).sum()
    assert frame["reply"][row - 1] in [*splits.val.inputs["answer"]]
    assert frame["reply"][other - 1] in [*splits.train.inputs["answer"]]
    assert f"of {shaped.data.path.as_posix()} with" in note
    silent = {"model": lambda inputs: [""] * len(inputs), "base": lambda inputs: [""] * len(inputs)}
    tested = extras.evaluation(silent, splits, test, None, pd.DataFrame(), shaped).notes[0]
    assert tested.startswith(f"{test.inputs['answer'].str.endswith(WORDS[13]).sum()} of")
    assert "test answers" in tested
    assert profile.profile(splits)["warnings"].count(note) == 1
