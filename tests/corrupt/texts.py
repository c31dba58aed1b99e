"""Hostile tables of texts."""

import json
from collections.abc import Callable
from typing import Any

import damage
import numpy as np
import pandas as pd
from damage import EITHER, REFUSED, RESULT, SAME, Case, written
from tables import _bytes, _csv, _some

TARGET = "label"
OPTIONS = ("--data.text", "text", "--data.target", "label", "--data.source", "null")
ROWS = 120
SYLLABLES = ["ba", "do", "fi", "gu", "ke", "lo", "mi", "na", "po", "ru", "se", "ti"]


def made_up(rows: int, length: int, seed: int) -> list[str]:
    """Return texts of made-up words."""
    rng = np.random.default_rng(seed)
    words = [f"{a}{b}{c}" for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES]
    return [" ".join(rng.choice(words, length)) for _ in range(rows)]


def clean() -> pd.DataFrame:
    """Return texts in which one word determines the label."""
    labels = np.random.default_rng(0).integers(2, size=ROWS)
    word = np.array(["calm", "storm"])[labels]
    texts = [f"{text} {each} Bergen" for text, each in zip(made_up(ROWS, 12, 1), word, strict=True)]
    return pd.DataFrame({"text": texts, "label": np.array(["good", "bad"])[labels]})


def cases(_: bool) -> list[Case]:
    """Return the cases."""
    frame = clean()
    lines = frame.to_json(orient="records", lines=True)
    nested = "\n".join(json.dumps({"text": ["a", n], "label": "ab"[n % 2]}) for n in range(60))
    return [
        *damage.cases(_csv(frame)),
        *_cells(frame),
        Case("JSON lines", written(lines, "a.jsonl"), SAME),
        Case("JSON lines, cut", written(lines[:-20], "a.jsonl"), REFUSED, "a.jsonl"),
        Case("JSON lines, half a letter", written(
            lines.replace("storm", "\\ud83d", 1), "a.jsonl"), RESULT),
        Case("JSON, lists as texts", written(nested, "a.jsonl"), REFUSED, "text"),
        Case("Parquet", written(_bytes(frame), "a.parquet"), SAME),
        Case("Parquet, cut", written(_bytes(frame)[:-50], "a.parquet"), REFUSED, "a.parquet"),
        Case("Parquet of bytes", written(_bytes(frame.assign(text=frame["text"].str.encode(
            "latin1"))), "a.parquet"), REFUSED, "text"),
    ]  # fmt: skip


def _cells(frame: pd.DataFrame) -> list[Case]:
    own, label = frame["text"].tolist(), frame["label"].tolist()

    def put(**columns: Any) -> Callable:
        return written(_csv(frame.assign(**columns)), "a.csv")

    return [
        Case("no texts", put(text=""), REFUSED, "data.text"),
        Case("texts missing in some", put(text=_some(own, "", 10)), RESULT, "left out"),
        Case("texts of spaces", put(text=_some(own, " \t ", 10)), RESULT, "left out"),
        Case("texts all the same", put(text=own[0]), REFUSED),
        Case("numbers as texts", put(text=range(ROWS)), EITHER),
        Case("texts of signs alone", put(text=_some(own, "?!…", 20)), RESULT),
        Case("markup and templates", put(text=_some(own, "<script>{{ 7*7 }}{% x %}</script>", 9)),
             RESULT),
        Case("a text of 5 MB", put(text=_some(own, "storm " * 800_000, 999)), RESULT, slow=60),
        Case("a word of 1 MB", put(text=_some(own, "x" * 1_000_000, 999)), RESULT),
        Case("texts of many lines", put(text=_some(own, "a\nb\r\nc \u2028 d", 9)), RESULT),
        Case("control characters", put(text=_some(own, "a\x01b\x1bc\x7f", 9)), RESULT),
        Case("other scripts", put(text=_some(own, "発動機が停止 \u05e9\u05dc 🦜", 9)), RESULT),
        Case("doubly encoded", put(text=_some(own, "ZÃ¼rich fÃ¼r alle", 9)), RESULT, "encoding"),
        Case("a text that contradicts itself", put(text=_some(own, own[0], 9)), RESULT),
        Case("no label", put(label=""), REFUSED, "label"),
        Case("one label", put(label="good"), REFUSED, "label"),
        Case("labels in half", put(label=_some(label, "", 2)), RESULT),
        Case("each its own label", put(label=own), REFUSED, "classes"),
        Case("a rare label", put(label=_some(label, "rare", 999)), REFUSED, "rare"),
        Case("no text column", written(_csv(frame.rename(columns={"text": "body"})), "a.csv"),
             REFUSED, "has no"),
        Case("text and label are one", written(_csv(frame), "a.csv"), EITHER, "",
             ("--data.target", "text")),
        *(Case(f"{rows} rows", written(_csv(frame.head(rows)), "a.csv"), REFUSED)
          for rows in (1, 2, 9)),
    ]  # fmt: skip
