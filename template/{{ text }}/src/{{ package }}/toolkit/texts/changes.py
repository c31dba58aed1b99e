"""Ways to write a text that hardly change what it says: a model should hardly notice."""

import random
import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from ..evaluation import metrics, scores

TYPO_WORDS = 10  # one word in so many gets a typo, at least one


def _typos(text: str) -> str:
    """Swap two letters inside some words of four and more; the same text gets the same typos."""
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
    """Return a row a change: the share decided otherwise, how far predictions move, metrics."""
    before, found = predict(inputs), []
    for name, change in CHANGES.items():
        after = predict(inputs.assign(text=list(map(change, inputs["text"]))))
        otherwise = metrics.decide(after, threshold) != metrics.decide(before, threshold)
        shares = {"decided_otherwise": otherwise.mean(), "moved": np.abs(after - before).mean()}
        found.append({"change": name} | shares | scores.score(targets, after, threshold))
    return pd.DataFrame(found)
