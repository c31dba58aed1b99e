"""What conversations add to an evaluation: answers to read, checks, and what was known before."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from .chats import prompting, questions
from .chats.answers import compared, sampled
from .chats.overlap import note
from .config import Config
from .data import Split, Splits
from .scores.errors import Extras

Predict = Callable[[pd.DataFrame], np.ndarray]


def label_issues(splits: Splits) -> list[str]:
    """Return a sentence about validation answers that are known from training."""
    return _known(splits, splits.val, "validation")


def evaluation(
    predictors: dict[str, Predict],
    splits: Splits,
    test: Split,
    threshold: float | None,
    mistakes: pd.DataFrame,
    config: Config,
) -> Extras:
    """Return what the model and its base say to held-out prompts and to checks."""
    prompt, checked = prompting.of(config), questions.judged(predictors, config)
    said = compared(predictors, sampled(test.inputs, config), prompt["answer"] if prompt else None)
    notes = [*_known(splits, test, "test"), *checked.notes]
    return Extras(said | checked.tables, notes=notes, failures=checked.failures)


def _known(splits: Splits, held: Split, name: str) -> list[str]:
    return note(splits.train.inputs, held.inputs, name, next(iter(splits.manifest["files"])))
