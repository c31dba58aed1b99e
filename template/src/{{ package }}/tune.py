"""A brief search over the settings marked with Search or Choice, judged on validation rows alone.

The first trial is the configuration as it is, so that a search never ends with a worse one.
Kill it whenever you like: the same command goes on where it stopped, and ends with the same result,
since every trial draws from a generator seeded by its own number.
"""

import hashlib
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
from .toolkit.runs import UserError
from .toolkit.settings.common import Choice, Search
from .toolkit.tables.split import Splits
from .train import fit


def tune(config: Config) -> tuple[Config, str]:
    """Return the best configuration, and its trial and validation score in words."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    splits = load(config)
    build(config, splits)  # a package that is not installed ends the search before it begins
    primary, own = config.evaluate.primary, config.evaluate.OWN

    def objective(trial: optuna.Trial) -> float:
        candidate = _suggest(trial, config) if trial.number else config
        told = ", ".join(f"{key} {_short(value)}" for key, value in trial.params.items())
        told = told or "as it is"
        try:
            with TemporaryDirectory() as scratch:
                model = fit(candidate, splits, lambda step, values: None, Path(scratch))
        except UserError as error:
            print(f"    tune  trial {trial.number}: {error} {told}", flush=True)
            raise optuna.TrialPruned from None
        predictions = predict.predict(model, splits.val.inputs)
        threshold = metrics.choose_threshold(splits.val.targets, predictions)
        score = scores.score(splits.val.targets, predictions, threshold, own)[primary]
        print(f"    tune  trial {trial.number}: {primary} {score:.4f} {told}", flush=True)
        return score

    study = _study(config, splits)
    for number in range(len(study.get_trials(states=FINISHED)), config.tune.trials):
        study.sampler = optuna.samplers.TPESampler(seed=config.seed + number)
        study.optimize(objective, n_trials=1)
    if not study.get_trials(states=FINISHED[:1]):
        raise UserError("no trial could be trained, for the reasons above: mend them.")
    found = f"validation {primary} {study.best_value:.4f} in trial {study.best_trial.number}"
    return _apply(config, study.best_params), found


FINISHED = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)


def _study(config: Config, splits: Splits) -> optuna.Study:
    """Open the journal of this very search: other settings, rows or targets are another one."""
    settled = config.model_copy(update={"tune": type(config.tune)()})  # a longer one is the same
    told = dump(settled), *(splits.manifest[f"{of}_sha256"] for of in ("split", "targets"))
    name = hashlib.sha256("".join(told).encode()).hexdigest()[:12]
    folder = config.paths.runs / "tune"
    folder.mkdir(parents=True, exist_ok=True)
    return optuna.create_study(
        study_name=name,
        storage=JournalStorage(JournalFileBackend(str(folder / f"{name}.journal"))),
        direction="maximize" if scores.sign(config.evaluate) > 0 else "minimize",
        load_if_exists=True,
    )


def _short(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def _ranges(model: str) -> dict[str, tuple[Any, Search | Choice]]:
    """Return type and range of each setting that is marked for a model, by its dotted key."""
    marks = {
        key: (field.annotation, mark)
        for key, field in keys(complete())
        for mark in field.metadata
        if isinstance(mark, Search | Choice) and (mark.models is None or model in mark.models)
    }
    if not marks:
        raise UserError("no setting is marked with Search: nothing to tune.")
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
