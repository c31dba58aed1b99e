"""What a tuned language model has to beat: bytes counted, and the model that tuning began with."""

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

NAIVE = ("bytes", "base")  # what the model has to beat
PLAIN = "n-gram"  # the simplest model that may do
ORDER = 4  # bytes that the plain model looks back on
END = 256  # follows the last byte of an answer
ROWS = 5000  # enough for a yardstick, however many answers there are


def baselines(splits: Splits, config: Config) -> dict[str, Callable[[pd.DataFrame], np.ndarray]]:
    """Return what predicts (rows, 2): nats, and tokens, NaN for those that count bytes.

    `bytes` knows how often each byte occurs in answers, the plain model, `n-gram`, what follows the
    last four of them; neither reads the prompt. `base` is the model before it was tuned.
    """
    answers = splits.train.inputs["answer"].head(ROWS).tolist()
    set_seed(config.seed)  # as training did: `tiny` begins with random weights
    base = build(config, splits)
    return {
        "bytes": Counts(answers, 0),
        "n-gram": Counts(answers, ORDER),
        "base": partial(predict.predict, base),
    }


class Counts:
    """How often each byte follows those before it; what is rare is mixed with shorter contexts.

    Witten and Bell 1991, "The zero-frequency problem".
    """

    def __init__(self, answers: list[str], order: int) -> None:
        self.order = order
        self.following: dict[bytes, Counter[int]] = {}
        for answer in answers:
            for context, byte in self._places(answer):
                for start in range(len(context) + 1):
                    self.following.setdefault(context[start:], Counter())[byte] += 1
        self.totals = {context: known.total() for context, known in self.following.items()}

    def __call__(self, inputs: pd.DataFrame) -> np.ndarray:
        """Return (rows, 2) float32: nats, and NaN, since a perplexity of bytes would mislead."""
        nats = [
            -sum(log(self._chance(*place)) for place in self._places(answer))
            for answer in inputs["answer"]
        ]
        return np.array([(each, np.nan) for each in nats], np.float32).reshape(-1, 2)

    def _places(self, answer: str) -> list[tuple[bytes, int]]:
        data = answer.encode()
        return [
            (data[max(0, place - self.order) : place], byte)
            for place, byte in enumerate([*data, END])
        ]

    def _chance(self, context: bytes, byte: int) -> float:
        chance = 1 / (END + 1)
        for start in range(len(context), -1, -1):
            known = self.following.get(context[start:])
            if known is None:
                break
            kinds = len(known)
            chance = (known[byte] + kinds * chance) / (self.totals[context[start:]] + kinds)
        return chance
