"""Convert a run's model, prove that the exported one gives the same answers, measure both.

Everything lands in runs/<run>/export/<format>/; if anything fails, nothing does.
"""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from . import infer
from .config import Config
from .data import Split, Splits
from .drift.statistics import PREDICTION, predicted
from .formats import exact, feed, measure, parity, promise
from .formats.examples import examples
from .formats.measure import exported
from .model import Model
from .runs import UserError, remove, replacing, write_text


def export(
    model: Model, splits: Splits, test: Split, threshold: float | None, config: Config, run: Path
) -> Iterator[str]:
    """Export to each of `export.formats` and yield a sentence for each.

    UserError, and no artifact, if an exported model disagrees with the trained one on any row.
    """
    parts = {"test": test, "validation": splits.val, "training": splits.train}
    answers = parity.expect(partial(infer.predict, model), {n: p.inputs for n, p in parts.items()})
    cost, reference = measure.of_model(run, test.inputs), _reference(model, splits, config.seed)
    for name in config.export.formats:
        target = run / "export" / name
        remove(target)  # it may be of another model
        with replacing(target) as folder:
            folder.mkdir()
            converter, judge = _convert(name, model, splits, threshold, folder), _judge(name)
            described = promise.describe(name, folder, converter, splits.schema, threshold, config)
            if hasattr(converter, "describe"):  # it takes what `features` gives, not raw columns
                described |= converter.describe(model)
            _write(folder / "contract.json", described)
            artifact = exported(name, folder)
            agreed = judge.check(model, answers, artifact, parts, splits.schema, threshold, config)
            took = measure.of_export(name, folder, test.inputs, artifact)
            _write(folder / "parity.json", agreed)
            _write(folder / "measurements.json", {"model": cost, "exported": took})
            _write(folder / "examples.json", examples(artifact, test.inputs, config.seed))
            reference.to_parquet(folder / "reference.parquet", index=False)
        yield f"{name}: {judge.tell(agreed)}, {_speed(took, cost)}"


def _convert(
    name: str, model: Model, splits: Splits, threshold: float | None, folder: Path
) -> ModuleType:
    """Write the files of a format, or of a smaller variant such as onnx-int8; return its module.

    UserError if the converter can't; what it raises is its own business.
    """
    base, _, variant = name.partition("-")
    converter = import_module(f".formats.{base}", __package__)
    make = converter.convert
    if variant:
        smaller = import_module(f".formats.{base}_{variant}", __package__)
        make = partial(smaller.compress, inputs=splits.train.inputs)
    try:
        make(model, splits.schema, folder, threshold)
        if hasattr(converter, "accompany"):  # what a client needs besides
            converter.accompany(model, folder)
    except OSError:  # the disk's fault
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__.removeprefix('UserError')} {error}".split())[:200]
        told = f"{name} can't be made of this model ({reason})"
        raise UserError(f"{told}: leave it out, or take another model.name.") from error
    return converter


def _judge(name: str) -> ModuleType:
    """Return what says whether an export will do: the same answers, or of a variant good ones."""
    return import_module(".formats.drop", __package__) if "-" in name else exact


def _reference(model: Model, splits: Splits, seed: int) -> pd.DataFrame:
    """Return what `monitor` compares new rows with: training rows and what is predicted of them."""
    inputs, schema = splits.train.inputs, splits.schema
    sample = inputs.sample(min(len(inputs), feed.REFERENCE), random_state=seed).sort_index()
    told = predicted(infer.predict(model, feed.asked(sample)), schema.labels)
    shown = sample[[column.name for column in schema.described]]
    return shown.assign(**shown.select_dtypes("category").astype("str"), **{PREDICTION: told})


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


def _speed(took: dict[str, Any], cost: dict[str, Any]) -> str:
    speed, before = took["latency_ms"]["1"], cost["latency_ms"]["1"]
    if speed is None:
        return "not timed on this machine"
    return f"1 row in {speed:.4g} ms (model: {before:.4g})"
