"""Pairs of answers to the same prompt, by a model and its base model."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..runs import UserError

ANSWERS = "evaluation/answers.csv"  # of a run


@dataclass(frozen=True)
class Pair:
    """A prompt, its ground truth, and the answers of both models."""

    name: str  # a hash of the texts; not a number, which a spreadsheet would reformat
    prompt: str
    reference: str
    model: str
    base: str

    def texts(self, first: str) -> tuple[str, str]:
        """Return both answers, that of `first` ("model" or "base") first."""
        return (self.model, self.base) if first == "model" else (self.base, self.model)


@dataclass(frozen=True)
class Pairs:
    """Pairs whose answers differ, shuffled by the seed, and the number of equal ones."""

    pairs: list[Pair]
    same: int


def load_pairs(run: Path, config: BaseConfig) -> Pairs:
    """Return the pairs of an evaluated run; UserError if there is nothing to compare."""
    path = run / ANSWERS
    if config.data.text:
        raise UserError("data.text: plain texts have no prompts, so nothing can be compared.")
    if not path.exists():
        raise UserError(f"{run} has not been evaluated: run `evaluate` first.")
    table = pd.read_csv(path, keep_default_na=False, dtype=str)
    rows = table[["prompt", "answer", "model", "base"]].to_numpy().tolist()
    pairs = {pair.name: pair for pair in (Pair(_name(row), *row) for row in rows)}
    different = [pair for pair in pairs.values() if pair.model.split() != pair.base.split()]
    if not different:
        raise UserError(f"{path}: all answers of model and base are the same: nothing to compare.")
    order = np.random.default_rng(config.seed).permutation(len(different))
    return Pairs([different[index] for index in order], len(pairs) - len(different))


def _name(row: list[str]) -> str:
    return f"p{hashlib.sha256(json.dumps(row).encode()).hexdigest()[:12]}"
