"""A brief search over the settings marked with Search, judged on validation rows alone.

Kill it whenever you like: the same command goes on where it stopped, and ends with the same result,
since every trial draws from a generator seeded by its own number.
"""

import hashlib
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from pydantic import BaseModel

from . import infer
from .config import Config, dump
from .data import load
from .runs import UserError
from .scores import metrics
from .settings.search import Search
from .train import fit


def tune(config: Config) -> tuple[Config, float]:
    """Return the best configuration and its validation score."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    splits = load(config)
    primary = config.evaluate.primary

    def objective(trial: optuna.Trial) -> float:
        candidate = _suggest(trial, config)
        model = fit(candidate, splits, lambda step, values: None, config.paths.runs)
        predictions = infer.predict(model, splits.val.inputs)
        threshold = metrics.choose_threshold(splits.val.targets, predictions)
        score = metrics.score(splits.val.targets, predictions, threshold)[primary]
        print(f"    tune  trial {trial.number}: {primary} {score:.4f} {trial.params}", flush=True)
        return score

    study = _study(config)
    for number in range(len(study.get_trials(states=FINISHED)), config.tune.trials):
        study.sampler = optuna.samplers.TPESampler(seed=config.seed + number)
        study.optimize(objective, n_trials=1)
    return _apply(config, study.best_params), study.best_value


FINISHED = (optuna.trial.TrialState.COMPLETE,)


def _study(config: Config) -> optuna.Study:
    """Open the journal of this very search: another configuration is another search."""
    name = hashlib.sha256(dump(_settled(config)).encode()).hexdigest()[:12]
    folder = config.paths.runs / "tune"
    folder.mkdir(parents=True, exist_ok=True)
    greater = metrics.GREATER_IS_BETTER[config.evaluate.primary]
    return optuna.create_study(
        study_name=name,
        storage=JournalStorage(JournalFileBackend(str(folder / f"{name}.journal"))),
        direction="maximize" if greater else "minimize",
        load_if_exists=True,
    )


def _settled(config: Config) -> Config:
    """More trials are the same search, longer."""
    return config.model_copy(update={"tune": type(config.tune)()})


def _ranges(section: BaseModel) -> dict[str, tuple[Any, Search]]:
    marks = {
        name: (field.annotation, mark)
        for name, field in type(section).model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Search)
    }
    if not marks:
        raise UserError("no setting of `train` is marked with Search: nothing to tune.")
    return marks


def _suggest(trial: optuna.Trial, config: Config) -> Config:
    for name, (kind, mark) in _ranges(config.train).items():
        if kind is int:
            trial.suggest_int(name, int(mark.low), int(mark.high), log=mark.log)
        else:
            trial.suggest_float(name, mark.low, mark.high, log=mark.log)
    return _apply(config, trial.params)


def _apply(config: Config, params: dict[str, Any]) -> Config:
    return config.model_copy(update={"train": config.train.model_copy(update=params)})
