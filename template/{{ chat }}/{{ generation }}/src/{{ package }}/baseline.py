"""Baselines of a fine-tuned language model: byte counts, and the model before fine-tuning."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from math import log

import numpy as np
import pandas as pd
from transformers import set_seed

from . import predict
from .config import Config
from .model import build
from .toolkit.tables.split import Splits

NAIVE = ("bytes", "base")  # the model has to outperform both
PLAIN = "n-gram"  # the simple model
ORDER = 4  # bytes of context of the simple model
END = 256  # the end of an answer
ROWS = 5000  # of answers that are counted: enough for a baseline


def baselines(splits: Splits, config: Config) -> dict[str, Callable[[pd.DataFrame], np.ndarray]]:
    """Return predictors of (rows, 2): nats, and tokens, which are NaN for byte counts.

    `bytes` predicts each byte by its frequency in answers, the simple model `n-gram` by the four
    bytes before it; neither reads the prompt. `base` is the model before fine-tuning.
    """
    answers = splits.train.inputs["answer"].head(ROWS).tolist()
    set_seed(config.seed)  # as in training: `tiny` starts from random weights
    base = build(config, splits)
    return {
        "bytes": Counts(answers, 0),
        "n-gram": Counts(answers, ORDER),
        "base": partial(predict.predict, base),
    }


class Counts:
    """Byte n-gram counts with Witten-Bell smoothing over shorter contexts.

    Witten and Bell 1991, "The zero-frequency problem".
    """

    def __init__(self, answers: list[str], order: int) -> None:
        self.order = order
        self.following: dict[bytes, Counter[int]] = {}
        for answer in answers:
            for context, byte in self._positions(answer):
                for start in range(len(context) + 1):
                    self.following.setdefault(context[start:], Counter())[byte] += 1
        self.totals = {context: known.total() for context, known in self.following.items()}

    def __call__(self, inputs: pd.DataFrame) -> np.ndarray:
        """Return (rows, 2) float32: nats, and NaN, since a perplexity per byte would mislead."""
        nats = [
            -sum(log(self._probability(*position)) for position in self._positions(answer))
            for answer in inputs["answer"]
        ]
        return np.array([(each, np.nan) for each in nats], np.float32).reshape(-1, 2)

    def _positions(self, answer: str) -> list[tuple[bytes, int]]:
        data = answer.encode()
        return [
            (data[max(0, end - self.order) : end], byte) for end, byte in enumerate([*data, END])
        ]

    def _probability(self, context: bytes, byte: int) -> float:
        probability = 1 / (END + 1)
        for start in range(len(context), -1, -1):
            known = self.following.get(context[start:])
            if known is None:
                break
            kinds = len(known)
            total = self.totals[context[start:]] + kinds
            probability = (known[byte] + kinds * probability) / total
        return probability
