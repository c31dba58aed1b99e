"""What conversations add to an evaluation: answers to read, checks, and what was known before."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..chats import prompting, questions
from ..chats.answers import compared, sampled
from ..chats.overlap import note
from ..config import BaseConfig
from ..tables.split import Split, Splits
from .errors import Extras

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
    config: BaseConfig,
) -> Extras:
    """Return what the model and its base say to held-out prompts and to checks."""
    prompt, checked = prompting.of(config), _checked(predictors, config)
    said = compared(predictors, sampled(test.inputs, config), prompt["answer"] if prompt else None)
    notes = [*_known(splits, test, "test"), *checked.notes]
    return Extras(said | checked.tables, notes=notes, failures=checked.failures)


def _known(splits: Splits, held: Split, name: str) -> list[str]:
    return note(splits.train.inputs, held.inputs, name, next(iter(splits.manifest["files"])))


def _checked(predictors: dict[str, Predict], config: BaseConfig) -> Extras:
    """Return what the model and its base answer, and their faults: new ones fail the model."""
    path, checks = config.evaluate.checks, questions.read(config.evaluate.checks)
    if not checks or config.data.text:  # a text that goes on answers nobody
        return Extras()
    asked = [json.dumps([{"role": "user", "content": check.ask}]) for check in checks]
    table = pd.DataFrame([check.model_dump() for check in checks])
    for name in ("base", "model"):
        said = predictors[name](pd.DataFrame({"prompt": asked}))
        table[name] = said
        table[f"{name}_fault"] = [c.fault(each) for c, each in zip(checks, said, strict=True)]
    notes, failures = list[str](), list[str]()
    settings: Any = config.model  # of every model that takes conversations
    untrained = settings.name in settings.OWN
    for check, row in zip(checks, table.to_dict("records"), strict=True):
        fault, before = row["model_fault"], row["base_fault"]
        if untrained and not check.met(row["model"]):
            before = before or "comes from random weights"  # which meet a `must` by luck alone
        wrong = f"{path}: the answer to {row['ask']!r} {fault} ({row['why']})"
        if fault and before:
            notes.append(f"{wrong}; that of its base {before}.")
        elif fault:
            failures.append(f"{wrong}; before tuning it passed")
    return Extras({"checks": table}, notes=notes, failures=failures)
