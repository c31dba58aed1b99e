"""Rows of the task `answers`: what a run's evaluation has of held-out questions and answers."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from datasets import Dataset

BYTES = 200  # of each answer: a token has one at least, and all of them have to be read at once
WRONG = 3  # answers to other questions


def load(run: str | None = None, **metadata: Any) -> dict[str, Dataset]:
    """Return {"test": prompt, choices, right} of a run, such as runs/first, or of the newest."""
    folder = Path(run or Path("runs", Path("runs/latest").read_text(encoding="utf-8").strip()))
    table = pd.read_csv(folder / "evaluation/answers.csv", keep_default_na=False, dtype=str)
    table = table.assign(answer=table["answer"].map(_beginning)).drop_duplicates("answer")
    rng, answers = np.random.default_rng(0), table["answer"].to_numpy(object)
    rows = []
    for place, prompt in enumerate(table["prompt"]):
        others = np.delete(answers, place)
        choices = [answers[place], *rng.choice(others, min(WRONG, len(others)), replace=False)]
        order = rng.permutation(len(choices))
        shown = [choices[each] for each in order]
        rows.append({"prompt": prompt, "choices": shown, "right": int(order.argmin())})
    return {"test": Dataset.from_list(rows)}


def _beginning(text: str) -> str:
    return text.encode()[:BYTES].decode(errors="ignore").strip()
