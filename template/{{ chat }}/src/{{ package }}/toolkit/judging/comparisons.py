"""The answers of a model and of its base to the same prompts, in pairs."""

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
    """What both say to a prompt, and what a person said."""

    name: str  # the same for the same texts, and no number, which a spreadsheet would write anew
    prompt: str
    reference: str
    model: str
    base: str

    def texts(self, first: str) -> tuple[str, str]:
        """Return both answers, that of `first` ("model" or "base") before the other."""
        return (self.model, self.base) if first == "model" else (self.base, self.model)


@dataclass(frozen=True)
class Pairs:
    """Those whose answers differ, in the order of the run's seed, and how many are the same."""

    pairs: list[Pair]
    same: int


def different(run: Path, config: BaseConfig) -> Pairs:
    """Return the pairs of an evaluated run; UserError if there are none to compare."""
    path = run / ANSWERS
    if config.data.text:
        raise UserError("data.text: texts that go on answer no prompt, so none can be compared.")
    if not path.exists():
        raise UserError(f"{run} has not been evaluated: run `evaluate` first.")
    table = pd.read_csv(path, keep_default_na=False, dtype=str)
    rows = table[["prompt", "answer", "model", "base"]].to_numpy().tolist()
    pairs = {pair.name: pair for pair in (Pair(_name(row), *row) for row in rows)}
    apart = [pair for pair in pairs.values() if pair.model.split() != pair.base.split()]
    if not apart:
        raise UserError(f"{path}: model and base give the same answers: nothing to compare.")
    order = np.random.default_rng(config.seed).permutation(len(apart))
    return Pairs([apart[place] for place in order], len(pairs) - len(apart))


def _name(row: list[str]) -> str:
    return f"p{hashlib.sha256(json.dumps(row).encode()).hexdigest()[:12]}"
