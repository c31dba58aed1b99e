"""The stages up to an exported model; each imports its dependencies when called."""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import Any

from .config import Config, of_run
from .toolkit import runs
from .toolkit.config import dump

Run = Callable[[Config, argparse.Namespace], int]


def exclusive(stage: Run) -> Run:
    """Let a stage have its run to itself: a new one, or an existing one that it adds to."""

    @wraps(stage)
    def call(config: Config, args: argparse.Namespace) -> int:
        root, name = config.paths.runs, args.run
        if stage.__name__ not in NEW_RUN or getattr(args, "resume", False):
            name = runs.find(root, name).name
        with runs.reserve(root, name) as args.run:  # for later stages, even if another is newer
            return stage(config, args)

    return call


def data(config: Config, args: argparse.Namespace) -> int:
    """Check the data, profile it and assign rows to training, validation and test."""
    from .data import load as load_data
    from .toolkit.evaluation.extras import label_issues
    from .toolkit.tables.profile import profile

    splits = load_data(config)
    found = profile(splits, label_issues)
    path = config.paths.processed / "data.json"
    runs.write_text(path, json.dumps(splits.manifest | {"profile": found}, indent=2))
    for warning in found["warnings"]:
        runs.say("warning", warning)
    sizes = ", ".join(f"{count:,} {part}" for part, count in splits.manifest["splits"].items())
    runs.say("data", f"{config.data.path}: {sizes} rows; profile in {path}")
    return 0


@exclusive
def train(config: Config, args: argparse.Namespace) -> int:
    """Train a model in a new run, and choose its threshold on validation rows."""
    from . import tracking
    from .data import load as load_data
    from .toolkit.evaluation import scores
    from .toolkit.evaluation.extras import label_issues
    from .toolkit.tables.profile import profile_once

    clock = time.perf_counter()
    resume = getattr(args, "resume", False)
    if resume:
        run, config = of_run(config, args.run)
    splits = load_data(config)
    scores.check(config.evaluate, splits.train.targets, splits.schema.labels)
    profile = profile_once(splits, config.paths.processed / "data.json", label_issues)
    manifest = splits.manifest | {"profile": profile}
    from . import predict  # after the data: a framework takes seconds to import
    from .restore import check_unchanged, sample
    from .train import fit, refit

    if resume and (run / "data.json").exists():
        check_unchanged(run, splits)
    with runs.create(config.paths.runs, args.run, resume, predict.lineage(config).values()) as run:
        runs.write_text(run / "config.yaml", dump(config))
        runs.write_text(run / "data.json", json.dumps(manifest, indent=2))
        with tracking.start(config, run) as tracker:
            model = fit(config, splits, runs.history(run, tracker), run)
        threshold = scores.threshold(partial(predict.predict, model), splits)
        final = refit(model, config, splits)
        predict.save(final, run / "model")
        known = predict.predict(final, sample(splits)).tolist()  # `load_run` compares with them
        decision = {"threshold": threshold, "refit": final is not model, "sample": known}
        runs.write_text(run / "model/decision.json", json.dumps(decision))
    runs.say("train", f"{config.model.name} in {time.perf_counter() - clock:.1f} s: {run}")
    return 0


def tune(config: Config, args: argparse.Namespace) -> int:
    """Search hyperparameters on validation rows; write the best to a new configuration."""
    from .tune import tune

    path = args.config.with_suffix(".tuned.yaml")
    with runs.alone(path, "search from another --config"):
        best, found = tune(config)
        runs.write_text(path, dump(best))
    runs.say("tune", f"{found}; try: run --config {path}")
    return 0


@exclusive
def evaluate(config: Config, args: argparse.Namespace) -> int:
    """Evaluate a run on the test set and write its report.

    The exit code is 1 if the model does not beat its baseline.
    """
    from . import evaluate, tracking
    from . import predict as inference
    from .restore import load_earlier, load_run
    from .toolkit.evaluation import report

    run, config = of_run(config, args.run)
    lineage = {"model": run, **inference.lineage(config)}
    model, splits, test, threshold = load_run(run, config)
    others = load_earlier(config, getattr(args, "against", None), splits)
    predict = partial(inference.predict, model)
    result = evaluate.evaluate(predict, splits, test, threshold, config, lineage, others)
    passed, metrics = evaluate.write(result, run), result.files["metrics"]
    with tracking.start(config, run) as tracker:
        scores = {"test": metrics["metrics"], "baseline": metrics["baseline"]}
        tracker(0, {f"{of}_{name}": x for of in scores for name, x in scores[of].items()})
        page = report.write(run, config)
    for note in result.files["details"]["notes"]:
        runs.say("warning", note)
    runs.say("evaluate", f"{result.verdict}; {page}")
    return 0 if passed else 1


def accompany(model: Any, folder: Path) -> None:
    """Write files of your own into the folder of an export; its contract will list them."""


@exclusive
def export(config: Config, args: argparse.Namespace) -> int:
    """Export a run's model and verify that its predictions stay the same."""
    from . import predict
    from .restore import load_run, trained
    from .toolkit.evaluation import report
    from .toolkit.export import measure
    from .toolkit.export.convert import export

    run, config = of_run(config, args.run)
    model, splits, test, threshold = load_run(run, config)
    known = run / "evaluation/cost.json"  # measured once, so that the report is consistent
    cost = runs.read_json(known) if known.exists() else {}
    cost = cost or measure.of_model(trained, run, test.inputs)
    rest = (splits, test, threshold, config, run, cost, accompany)
    for line in export(model, predict.predict, *rest):
        runs.say("export", line)
    if (run / "metrics.json").exists():
        report.write(run, config)
    return 0


@exclusive
def run(config: Config, args: argparse.Namespace) -> int:
    """Run data -> train -> evaluate -> export.

    A model that fails its gate is not exported.
    """
    from .toolkit import duration

    if code := data(config, args):
        return code
    estimate, clock = duration.of(config), time.perf_counter()
    estimate.announce()
    steps = [train, evaluate, export]
    code = next((code for step in steps if (code := step(config, args))), 0)
    if not code:
        estimate.save(time.perf_counter() - clock)
    return code


@dataclass(frozen=True)
class Stage:
    """A stage as a command: its sections of config.yaml, and its own options."""

    run: Run
    reads: tuple[str, ...]
    flags: dict[str, dict[str, Any]] = field(default_factory=dict)


RESUME = {"--resume": {"action": "store_true", "help": "resume the run"}}
AGAINST = {"--against": {"metavar": "NAME", "help": "a run to compare with"}}
ALL = ("seed", "data", "model", "train", "evaluate", "export", "paths")
NEW_RUN = ("run", "train")  # stages for which --run names a new run
STAGES = {
    "run": Stage(run, ALL),
    "data": Stage(data, ("seed", "data", "model", "evaluate", "paths")),
    "train": Stage(train, ("seed", "data", "model", "train", "evaluate", "paths"), RESUME),
    "tune": Stage(tune, ("seed", "data", "model", "train", "tune", "evaluate", "paths")),
    "evaluate": Stage(evaluate, ("evaluate", "paths"), AGAINST),
    "export": Stage(export, ("export", "paths")),
}
