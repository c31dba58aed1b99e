"""The stages up to an exported model. Each imports what it needs when it is called."""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial

from . import runs
from .config import Config, dump, of_run

Stage = Callable[[Config, argparse.Namespace], int]


def data(config: Config, args: argparse.Namespace) -> int:
    """Load, validate, profile and split."""
    from .data import load as load_data
    from .tables.profile import profile

    splits = load_data(config)
    found = profile(splits)
    path = config.paths.processed / "data.json"
    runs.write_text(path, json.dumps(splits.manifest | {"profile": found}, indent=2))
    for warning in found["warnings"]:
        runs.say("warning", warning)
    sizes = ", ".join(f"{count:,} {part}" for part, count in splits.manifest["splits"].items())
    runs.say("data", f"{config.data.path}: {sizes} rows; profile in {path}")
    return 0


def train(config: Config, args: argparse.Namespace) -> int:
    """Fit a model, choose its threshold on validation rows, save it."""
    from . import track
    from .data import load as load_data
    from .scores import metrics
    from .started import started
    from .tables.profile import profile_once

    clock = time.perf_counter()
    resume = getattr(args, "resume", False)
    if resume:
        run, config = of_run(config, args.run)
        args.run = run.name
    splits = load_data(config)
    profile = profile_once(splits, config.paths.processed / "data.json")
    manifest = splits.manifest | {"profile": profile}
    from . import infer  # after the data: a framework takes seconds to import
    from .finished import unchanged
    from .history import history
    from .train import fit, refit

    if resume and (run / "data.json").exists():
        unchanged(run, splits)
    with started(config.paths.runs, args.run, resume, infer.origins(config).values()) as run:
        args.run = run.name  # for what follows, whichever run is the newest by then
        runs.write_text(run / "config.yaml", dump(config))
        runs.write_text(run / "data.json", json.dumps(manifest, indent=2))
        if not runs.LEADS:
            fit(config, splits, lambda step, metrics: None, run)
            return 0
        with track.start(config, run) as tracker:
            model = fit(config, splits, history(run, tracker), run)
    predictions = infer.predict(model, splits.val.inputs)
    threshold = metrics.choose_threshold(splits.val.targets, predictions)
    final = refit(model, config, splits)
    infer.save(final, run / "model")
    decision = {"threshold": threshold, "refit": final is not model}
    runs.write_text(run / "model/decision.json", json.dumps(decision))
    runs.say("train", f"{config.model.name} in {time.perf_counter() - clock:.1f} s: {run}")
    return 0


def tune(config: Config, args: argparse.Namespace) -> int:
    """Search hyperparameters and write the best as a configuration of its own."""
    from .tune import tune

    best, found = tune(config)
    path = args.config.with_suffix(".tuned.yaml")
    runs.write_text(path, dump(best))
    runs.say("tune", f"{found}; try: run --config {path}")
    return 0


def evaluate(config: Config, args: argparse.Namespace) -> int:
    """Score the held-out rows; exit code 1 if the model does not beat its baseline."""
    from . import evaluate, infer, report, track
    from .finished import before, reopen

    run, config = of_run(config, args.run)
    kin = {"model": run, **infer.origins(config)}
    model, splits, test, threshold = reopen(run, config)
    rivals = before(config, getattr(args, "against", None), splits)
    predict = partial(infer.predict, model)
    result = evaluate.evaluate(predict, splits, test, threshold, config, kin, rivals)
    passed, told = evaluate.write(result, run), result.files["metrics"]
    with track.start(config, run) as tracker:
        scores = {"test": told["metrics"], "baseline": told["baseline"]}
        tracker(0, {f"{of}_{name}": x for of in scores for name, x in scores[of].items()})
        page = report.write(run, config)
    for note in result.files["details"]["notes"]:
        runs.say("warning", note)
    runs.say("evaluate", f"{result.verdict}; {page}")
    return 0 if passed else 1


def export(config: Config, args: argparse.Namespace) -> int:
    """Convert, check parity, measure."""
    from . import export, report
    from .finished import reopen

    run, config = of_run(config, args.run)
    for line in export.export(*reopen(run, config), config, run):
        runs.say("export", line)
    if (run / "metrics.json").exists():
        report.write(run, config)
    return 0


def run(config: Config, args: argparse.Namespace) -> int:
    """All stages up to an exported model; one that fails its gate is not exported."""
    from . import duration

    if code := data(config, args):
        return code
    told, clock = duration.of(config), time.perf_counter()
    told.announce()
    steps: list[Stage] = [train, evaluate, export]
    code = next((code for step in steps if (code := step(config, args))), 0)
    if not code:
        told.remember(time.perf_counter() - clock)
    return code
