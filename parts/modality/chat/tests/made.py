"""Tables of conversations made for the tests."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from my_model.config import Config

SYLLABLES = ["ba", "do", "fi", "gu", "ke", "lo", "mi", "na", "po", "ru", "sé", "ti"]
WORDS = np.array([f"{a}{b}{c}" for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES])
SHAPES: dict[str, dict[str, str]] = {
    "messages": {"messages": "messages"},
    "prompt": {"prompt": "question", "answer": "reply"},
    "text": {"text": "reply"},
}


def table(rows: int = 120, seed: int = 0) -> pd.DataFrame:
    """Questions of made-up words, and replies, also as messages."""
    rng = np.random.default_rng(seed)
    questions = [" ".join(rng.choice(WORDS, 8)) + "?" for _ in range(rows)]
    replies = [" ".join(rng.choice(WORDS, rng.integers(3, 30))) + "." for _ in range(rows)]
    chats = [turns(*pair) for pair in zip(questions, replies, strict=True)]
    return pd.DataFrame({"question": questions, "reply": replies, "messages": chats})


def turns(*texts: str) -> list[dict[str, str]]:
    """Return messages of the user and of the assistant in turn."""
    return [{"role": ["user", "assistant"][i % 2], "content": t} for i, t in enumerate(texts)]


def written(folder: Path, frame: pd.DataFrame, kind: str = "jsonl") -> Path:
    """Write a table and return its path; lists are JSON in a CSV file."""
    path = folder / f"chats.{kind}"
    folder.mkdir(exist_ok=True)
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.map(lambda cell: json.dumps(cell) if isinstance(cell, list) else cell).to_csv(
            path, index=False, encoding="utf-8-sig"
        )
    return path


def reading(config: Config, path: Path, shape: str = "messages", **settings: Any) -> Config:
    """Return a configuration that reads `path`, and writes beside it."""
    paths = {name: path.parent / name for name in ("runs", "processed", "schemas")}
    plain = dict.fromkeys(type(config.data).NAMES) | SHAPES[shape]
    return config.model_copy(
        update={
            "data": config.data.model_copy(update={"path": path, **plain, **settings}),
            "paths": config.paths.model_copy(update=paths),
        }
    )
