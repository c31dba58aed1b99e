"""Changes of a text that hardly affect its meaning, so a model should be robust to them."""

import random
import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from ..evaluation import metrics, scores

TYPO_WORDS = 10  # one word in this many gets a typo, at least one


def _typos(text: str) -> str:
    """Swap two letters in some words of four and more letters; deterministic for a text."""
    rng = random.Random(len(text))
    places = [match.start() for match in re.finditer(r"\w{4,}", text)]
    letters = list(text)
    for place in rng.sample(places, min(len(places), 1 + len(places) // TYPO_WORDS)):
        letters[place + 1], letters[place + 2] = letters[place + 2], letters[place + 1]
    return "".join(letters)


CHANGES: dict[str, Callable[[str], str]] = {
    "lower case": str.lower,
    "upper case": str.upper,
    "no punctuation": lambda text: re.sub(r"[^\w\s]", " ", text),
    "wider spaces": lambda text: re.sub(r"\s+", "  ", f" {text}\n"),
    "a typo in every tenth word": _typos,
}


def robustness(
    predict: Callable[[pd.DataFrame], np.ndarray],
    inputs: pd.DataFrame,
    targets: np.ndarray,
    threshold: float | None,
) -> pd.DataFrame:
    """Return a row per change: share of other decisions, mean change of predictions, metrics."""
    before, rows = predict(inputs), []
    for name, change in CHANGES.items():
        after = predict(inputs.assign(text=list(map(change, inputs["text"]))))
        otherwise = metrics.decide(after, threshold) != metrics.decide(before, threshold)
        shares = {"decided_otherwise": otherwise.mean(), "moved": np.abs(after - before).mean()}
        rows.append({"change": name} | shares | scores.score(targets, after, threshold))
    return pd.DataFrame(rows)
