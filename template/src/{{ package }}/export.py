"""Convert a run's model, prove that the exported one gives the same answers, measure both.

Everything lands in runs/<run>/export/<format>/; if anything fails, nothing does.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from . import infer
from .config import Config
from .data import Split, Splits
from .drift.statistics import PREDICTION, predicted
from .formats import contract, feed, parity
from .formats.measure import exported, measure
from .model import Model
from .runs import replacing, sha256, write_text
from .tables.schema import Schema

REFERENCE_ROWS = 5000  # for monitor; more would hardly make it see more


def export(
    model: Model, splits: Splits, test: Split, threshold: float | None, config: Config, run: Path
) -> Iterator[str]:
    """Export to each of `export.formats` and yield a sentence for each.

    UserError, and no artifact, if an exported model disagrees with the trained one on any row.
    """
    parts = {"test": test.inputs, "validation": splits.val.inputs, "training": splits.train.inputs}
    predict, labels = partial(infer.predict, model), splits.schema.labels
    for name in config.export.formats:
        target = run / "export" / name
        shutil.rmtree(target, ignore_errors=True)  # it may be of another model
        with replacing(target) as folder:
            folder.mkdir()
            converter = import_module(f".formats.{name}", __package__)
            converter.convert(model, splits.schema, folder, threshold)
            promise = _contract(folder, name, converter.PACKAGES, splits.schema, threshold, config)
            _write(folder / "contract.json", promise)
            artifact = exported(name, folder)
            tolerance = config.export.tolerance
            agreed = parity.check(predict, artifact, parts, labels, threshold, tolerance)
            costs = measure(run, name, folder, test.inputs)
            reference = _reference(model, splits, config.seed)
            _write(folder / "parity.json", agreed)
            _write(folder / "measurements.json", costs)
            reference.to_parquet(folder / "reference.parquet", index=False)
        yield _sentence(name, agreed, costs)


def _contract(
    folder: Path,
    name: str,
    packages: tuple[str, ...],
    schema: Schema,
    threshold: float | None,
    config: Config,
) -> contract.Contract:
    """Describe the files of an export; the same run gives the same bytes."""
    files = sorted(path.name for path in folder.iterdir())
    promise: contract.Contract = {
        "project": str(__package__).replace("_", "-"),
        "task": f"{config.data.MODALITY}-{'classification' if schema.labels else 'regression'}",
        "format": name,
        "model": files[0],
        "inputs": feed.describe(schema),
        "outputs": _outputs(schema, threshold),
        "versions": {package: version(package) for package in packages},
        "sha256": {file: sha256(folder / file) for file in files},
    }
    if schema.properties:
        promise["properties"] = [contract.describe_column(each) for each in schema.properties]
    return promise


def _outputs(schema: Schema, threshold: float | None) -> contract.Outputs:
    labels = schema.labels
    name = "values" if labels is None else "probabilities"
    return {
        "target": schema.target,
        "name": contract.free_name(name, [column.name for column in schema.columns]),
        "shape": [None] if labels is None else [None, len(labels)],
        "dtype": "float32",
        "labels": labels,
        "threshold": threshold,
    }


def _reference(model: Model, splits: Splits, seed: int) -> pd.DataFrame:
    """Return what `monitor` compares new rows with: training rows and what is predicted of them."""
    inputs, schema = splits.train.inputs, splits.schema
    sample = inputs.sample(min(len(inputs), REFERENCE_ROWS), random_state=seed).sort_index()
    told = predicted(infer.predict(model, sample), schema.labels)
    shown = sample[[column.name for column in schema.described]]
    texts = shown.select_dtypes("category").astype("str")
    return shown.assign(**texts, **{PREDICTION: told})


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


def _sentence(name: str, agreed: dict[str, Any], costs: dict[str, Any]) -> str:
    speed, before = (costs[kind]["latency_ms"]["1"] for kind in ("exported", "model"))
    return (
        f"{name}: same answers on {agreed['rows']:,} rows (differences up to "
        f"{agreed['max_scaled_diff']:.0e}), 1 row in {speed:.2g} ms (model: {before:.2g})"
    )
