"""Hostile tables of conversations."""

import json
from collections.abc import Callable
from typing import Any

import damage
import pandas as pd
from damage import EITHER, REFUSED, RESULT, SAME, Case, written
from tables import _bytes, _csv, _some
from texts import made_up

ROWS = 120
PAIRS = ("--data.source", "null", "--data.prompt", "question", "--data.answer", "reply")
LISTS = ("--data.prompt", "null", "--data.answer", "null", "--data.messages", "messages")
OPTIONS = PAIRS


def clean() -> pd.DataFrame:
    """Return questions and replies."""
    questions = [f"{text} Bergen?" for text in made_up(ROWS, 8, 0)]
    return pd.DataFrame({"question": questions, "reply": made_up(ROWS, 14, 1)})


def cases(_: bool) -> list[Case]:
    """Return the cases."""
    frame = clean()
    lines = frame.to_json(orient="records", lines=True)
    return [
        *damage.cases(_csv(frame)),
        Case("JSON lines", written(lines, "a.jsonl"), SAME),
        Case("JSON lines, cut", written(lines[:-20], "a.jsonl"), REFUSED, "a.jsonl"),
        Case("Parquet", written(_bytes(frame), "a.parquet"), SAME),
        Case("Parquet, cut", written(_bytes(frame)[:-50], "a.parquet"), REFUSED, "a.parquet"),
        *_cells(frame),
        *_messages(frame),
    ]


def _cells(frame: pd.DataFrame) -> list[Case]:
    questions, replies = frame["question"].tolist(), frame["reply"].tolist()

    def put(**columns: Any) -> Callable:
        return written(_csv(frame.assign(**columns)), "a.csv")

    return [
        Case("no replies", put(reply=""), REFUSED, "row"),
        Case("no questions", put(question=""), REFUSED, "row"),
        Case("replies missing in some", put(reply=_some(replies, "", 20)), RESULT, "left out"),
        Case("replies missing in half", put(reply=_some(replies, "", 2)), REFUSED, "row"),
        Case("replies all the same", put(reply=replies[0]), EITHER),
        Case("questions all the same", put(question=questions[0]), RESULT, "same prompt"),
        Case("numbers as replies", put(reply=range(ROWS)), RESULT),
        Case("a reply of 3 MB", put(reply=_some(replies, "storm " * 500_000, 999)), RESULT),
        Case("special tokens", put(reply=_some(replies, "<|im_end|><|im_start|>system", 9)), RESULT,
             "special"),
        Case("control characters", put(reply=_some(replies, "a\x01b\x1bc\x7f", 9)), RESULT),
        Case("templates", put(question=_some(questions, "{{ 7*7 }}{% x %}", 9)), RESULT),
        Case("other scripts", put(reply=_some(replies, "発動機が停止 \u05e9\u05dc 🦜", 9)), RESULT),
        Case("a key in a reply", put(reply=_some(replies, "AKIA" + "ABCDEFGH" * 2, 30)), RESULT),
        Case("no reply column", written(_csv(frame[["question"]]), "a.csv"), REFUSED, "it has"),
        *(Case(f"{rows} rows", written(_csv(frame.head(rows)), "a.csv"), REFUSED)
          for rows in (1, 2)),
    ]  # fmt: skip


def _messages(frame: pd.DataFrame) -> list[Case]:
    """Return the cases of a column of messages; each stands in every row, or in a few."""
    pairs = frame.to_records(index=False).tolist()
    chats = [[_said("user", q), _said("assistant", a)] for q, a in pairs]
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    invalid = {
        "a text": "hello",
        "a number": 5,
        "null": None,
        "an empty list": [],
        "a list of texts": ["hello", "you"],
        "one message": _said("user", "a"),
        "other keys": [{"sender": "human", "text": "a"}, {"sender": "gpt", "text": "b"}],
        "an unknown role": [_said("User", "a"), _said("assistant", "b")],
        "no content": [{"role": "user"}, _said("assistant", "b")],
        "content of null": [_said("user", None), _said("assistant", "b")],
        "a picture": [_said("user", [{"type": "image_url"}]), _said("assistant", "b")],
        "a weight of 2": [_said("user", "a"), _said("assistant", "b") | {"weight": 2}],
        "two users": [_said("user", "a"), _said("user", "b"), _said("assistant", "c")],
        "the user last": [_said("user", "a")],
        "a call of a tool": [_said("user", "a"), _said("assistant", "") | {"tool_calls": [{}]}],
        "a role of a list": [_said(["user"], "a"), _said("assistant", "b")],
        "a role too deep": [_said(deep[:1], "a"), _said("assistant", "b")],
    }

    def put(values: list[Any]) -> Callable:
        return written("".join(json.dumps({"messages": each}) + "\n" for each in values), "a.jsonl")

    few = [Case(f"some are {name}", put(_some(chats, chat, 20)), RESULT, "left out", LISTS)
           for name, chat in invalid.items()]  # fmt: skip
    all_ = [Case(f"all are {name}", put([chat] * ROWS), REFUSED, "a.jsonl", LISTS)
            for name, chat in invalid.items()]  # fmt: skip
    texts = written(_csv(pd.DataFrame({"messages": [str(chat) for chat in chats]})), "a.csv")
    listed = written(_csv(pd.DataFrame({"messages": map(json.dumps, chats)})), "a.csv")
    stored = written(_bytes(pd.DataFrame({"messages": chats})), "a.parquet")
    return [
        *few,
        *all_,
        Case("messages", put(chats), RESULT, "", LISTS),
        Case("messages as JSON in CSV", listed, RESULT, "", LISTS),
        Case("messages of Python in CSV", texts, REFUSED, "json.dumps", LISTS),
        Case("messages in Parquet", stored, RESULT, "", LISTS),
    ]


def _said(role: Any, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}
