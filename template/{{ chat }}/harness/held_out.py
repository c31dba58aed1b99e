"""Rows of the task `answers`, from the held-out prompts and answers of a run's evaluation."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from datasets import Dataset

BYTES = 200  # of each answer, so that prompt and answer fit into the context
DISTRACTORS = 3  # answers to other prompts


def load(run: str | None = None, **metadata: Any) -> dict[str, Dataset]:
    """Return {"test": prompt, choices, right} of a run, by default the latest."""
    folder = Path(run or Path("runs", Path("runs/latest").read_text(encoding="utf-8").strip()))
    table = pd.read_csv(folder / "evaluation/answers.csv", keep_default_na=False, dtype=str)
    table = table.assign(answer=table["answer"].map(_truncated)).drop_duplicates("answer")
    rng, answers = np.random.default_rng(0), table["answer"].to_numpy(object)
    rows = []
    for row, prompt in enumerate(table["prompt"]):
        others = np.delete(answers, row)
        choices = [answers[row], *rng.choice(others, min(DISTRACTORS, len(others)), replace=False)]
        order = rng.permutation(len(choices))
        shuffled = [choices[each] for each in order]
        rows.append({"prompt": prompt, "choices": shuffled, "right": int(order.argmin())})
    return {"test": Dataset.from_list(rows)}


def _truncated(text: str) -> str:
    return text.encode()[:BYTES].decode(errors="ignore").strip()
