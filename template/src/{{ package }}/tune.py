"""Hyperparameter search over the settings marked with Search or Choice, on validation rows only.

The first trial is the current configuration, so the result is never worse than that. If the search
is interrupted, the same command continues it and ends with the same result, since each trial is
seeded with its own number.
"""

import hashlib
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from . import predict
from .config import Config, complete
from .data import load
from .model import build
from .toolkit.config import dump, keys
from .toolkit.evaluation import metrics, scores
from .toolkit.runs import UserError, alone
from .toolkit.settings.common import Choice, Search
from .toolkit.tables.split import Splits
from .train import fit


def tune(config: Config) -> tuple[Config, str]:
    """Return the best configuration, and a summary of its trial and validation score."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # Ctrl-C is no failed trial
    splits = load(config)
    build(config, splits)  # fails early if a package is missing
    _ranges(config.model.name)
    primary, own = config.evaluate.primary, config.evaluate.OWN

    def objective(trial: optuna.Trial) -> float:
        candidate = _suggest(trial, config) if trial.number else config
        params = ", ".join(f"{key} {_short(value)}" for key, value in trial.params.items())
        params = params or "as configured"
        try:
            with TemporaryDirectory() as scratch:
                model = fit(candidate, splits, lambda step, values: None, Path(scratch))
        except UserError as error:
            print(f"    tune  trial {trial.number}: {error} {params}", flush=True)
            raise optuna.TrialPruned from None
        predictions = predict.predict(model, splits.val.inputs)
        threshold = metrics.choose_threshold(splits.val.targets, predictions)
        score = scores.score(splits.val.targets, predictions, threshold, own)[primary]
        print(f"    tune  trial {trial.number}: {primary} {score:.4f} {params}", flush=True)
        return score

    journal = _journal(config, splits)
    with alone(journal, "change a setting"):
        study = _study(config, journal)
        for number in range(len(study.get_trials(states=FINISHED)), config.tune.trials):
            study.sampler = optuna.samplers.TPESampler(seed=config.seed + number)
            study.optimize(objective, n_trials=1)
    if not study.get_trials(states=FINISHED[:1]):
        raise UserError("no trial could be trained: fix the errors above.")
    found = f"validation {primary} {study.best_value:.4f} in trial {study.best_trial.number}"
    return _apply(config, study.best_params), found


FINISHED = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)


def _journal(config: Config, splits: Splits) -> Path:
    """Return the file of this search; other settings, rows or targets make another search."""
    fixed = config.model_copy(update={"tune": type(config.tune)()})  # more trials: the same search
    parts = dump(fixed), *(splits.manifest[f"{of}_sha256"] for of in ("split", "targets"))
    name = hashlib.sha256("".join(parts).encode()).hexdigest()[:12]
    return config.paths.runs / "tune" / f"{name}.journal"


def _study(config: Config, journal: Path) -> optuna.Study:
    """Open a search; half a line, which a full disk or a kill has left, would end it for good."""
    if journal.exists():
        os.truncate(journal, journal.read_bytes().rfind(b"\n") + 1)
    return optuna.create_study(
        study_name=journal.stem,
        storage=JournalStorage(JournalFileBackend(str(journal))),
        direction="maximize" if scores.sign(config.evaluate) > 0 else "minimize",
        load_if_exists=True,
    )


def _short(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def _ranges(model: str) -> dict[str, tuple[Any, Search | Choice]]:
    """Return the type and range of each setting to tune for a model, by dotted key."""
    marks = {
        key: (field.annotation, mark)
        for key, field in keys(complete())
        for mark in field.metadata
        if isinstance(mark, Search | Choice) and (mark.models is None or model in mark.models)
    }
    if not marks:
        raise UserError(
            f"{model} has no settings to search: mark some with Search or Choice in settings/."
        )
    return marks


def _suggest(trial: optuna.Trial, config: Config) -> Config:
    for key, (kind, mark) in _ranges(config.model.name).items():
        if isinstance(mark, Choice):
            trial.suggest_categorical(key, mark.values)
        elif kind is int:
            trial.suggest_int(key, int(mark.low), int(mark.high), log=mark.log)
        else:
            trial.suggest_float(key, mark.low, mark.high, log=mark.log)
    return _apply(config, trial.params)


def _apply(config: Config, params: dict[str, Any]) -> Config:
    for key, value in params.items():
        section, name = key.split(".")
        changed = getattr(config, section).model_copy(update={name: value})
        config = config.model_copy(update={section: changed})
    return config
