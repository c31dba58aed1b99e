"""What conversations add to an evaluation: generated answers, checks, and contamination."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..chats import answer_checks, prompting
from ..chats.answers import compare, sample
from ..chats.overlap import note
from ..chats.properties import transcript
from ..config import BaseConfig
from ..tables.split import Split, Splits
from .errors import Extras

Predict = Callable[[pd.DataFrame], np.ndarray]
ENOUGH = 10_000_000  # characters of answers from which random weights may learn to answer


def label_issues(splits: Splits) -> list[str]:
    """Return a note on validation answers that overlap with training."""
    return _overlap(splits, splits.val, "validation")


def evaluation(
    predictors: dict[str, Predict],
    splits: Splits,
    test: Split,
    threshold: float | None,
    mistakes: pd.DataFrame,
    config: BaseConfig,
) -> Extras:
    """Return the answers of the model and its base to held-out prompts, and to checks.

    The mistakes show prompts as text.
    """
    prompt, checks = prompting.of(config), _checks(predictors, config)
    pattern = prompt["answer"] if prompt else None
    tables = compare(predictors, sample(test.inputs, config), pattern)
    notes = [*_from_scratch(splits, config), *_overlap(splits, test, "test"), *checks.notes]
    prompts = [transcript(json.loads(prompt)) for prompt in mistakes["prompt"]]
    tables |= {"mistakes": mistakes.assign(prompt=prompts)} | checks.tables
    return Extras(tables, notes=notes, failures=checks.failures)


def _overlap(splits: Splits, part: Split, name: str) -> list[str]:
    return note(splits.train.inputs, part.inputs, name, next(iter(splits.manifest["files"])))


def _from_scratch(splits: Splits, config: BaseConfig) -> list[str]:
    """Return a note on a model with random weights and few answers to learn from."""
    settings: Any = config.model  # every model of conversations has it
    answers = splits.train.inputs["answer"]
    if settings.name not in settings.OWN or answers.str.len().sum() > ENOUGH:
        return []
    return [
        f"{settings.name} starts from random weights: {len(answers):,} answers show that every "
        "stage works, but teach it no useful ones. For those, start from a pretrained model: run "
        "--model.name HuggingFaceTB/SmolLM2-135M-Instruct --train.method lora --train.accumulate 4."
    ]


def _checks(predictors: dict[str, Predict], config: BaseConfig) -> Extras:
    """Return the answers of both models to checks, and their faults; regressions are failures."""
    path, checks = config.evaluate.checks, answer_checks.read(config.evaluate.checks)
    if not checks or config.data.text:  # plain texts have no questions
        return Extras()
    prompts = [json.dumps([{"role": "user", "content": check.ask}]) for check in checks]
    table = pd.DataFrame([check.model_dump() for check in checks])
    for name in ("base", "model"):
        answers = predictors[name](pd.DataFrame({"prompt": prompts}))
        table[name] = answers
        table[f"{name}_fault"] = [c.fault(each) for c, each in zip(checks, answers, strict=True)]
    notes, failures = list[str](), list[str]()
    settings: Any = config.model  # every model of conversations has it
    untrained = settings.name in settings.OWN
    for check, row in zip(checks, table.to_dict("records"), strict=True):
        fault, base_fault = row["model_fault"], row["base_fault"]
        if untrained and not check.matches_must(row["model"]):
            base_fault = base_fault or "comes from random weights"  # a match would be chance
        failure = f"{path}: the answer to {row['ask']!r} {fault} ({row['why']})"
        if fault and base_fault:
            notes.append(f"{failure}; that of the base model {base_fault}.")
        elif fault:
            failures.append(f"{failure}; the base model passes")
    return Extras({"checks": table}, notes=notes, failures=failures)
