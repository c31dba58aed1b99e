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
from .formats import contract, parity
from .formats.measure import exported, measure
from .model import Model
from .runs import replacing, sha256, write_text
from .tables.schema import Column, Schema

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
            promise = _contract(folder, name, converter.PACKAGES, splits.schema, threshold)
            _write(folder / "contract.json", promise)
            artifact = exported(name, folder)
            tolerance = config.export.tolerance
            agreed = parity.check(predict, artifact, parts, labels, threshold, tolerance)
            costs = measure(run, name, folder, test.inputs)
            reference = _reference(model, splits.train.inputs, config.seed)
            _write(folder / "parity.json", agreed)
            _write(folder / "measurements.json", costs)
            reference.to_parquet(folder / "reference.parquet", index=False)
        yield _sentence(name, agreed, costs)


def _contract(
    folder: Path, name: str, packages: tuple[str, ...], schema: Schema, threshold: float | None
) -> contract.Contract:
    """Describe the files of an export; the same run gives the same bytes."""
    files = sorted(path.name for path in folder.iterdir())
    return {
        "project": str(__package__).replace("_", "-"),
        "task": f"tabular-{'classification' if schema.labels else 'regression'}",
        "format": name,
        "model": files[0],
        "inputs": [_input(column) for column in schema.columns],
        "outputs": _outputs(schema, threshold),
        "versions": {package: version(package) for package in packages},
        "sha256": {file: sha256(folder / file) for file in files},
    }


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


def _input(column: Column) -> contract.Input:
    told: contract.Input = {
        "name": column.name,
        "type": column.kind,
        "dtype": "string" if column.kind == "category" else "float32",
        "shape": [None, 1],
        "missing": column.missing,
    }
    if column.kind == "category":
        return {**told, "categories": column.categories}
    if column.kind == "date":
        told |= {"unit": "days since 1970-01-01", "format": column.format}
    return {**told, "low": column.low, "high": column.high}


def _reference(model: Model, inputs: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return training rows and their predictions (of classes, the last one's probability)."""
    sample = inputs.sample(min(len(inputs), REFERENCE_ROWS), random_state=seed).sort_index()
    texts = sample.select_dtypes("category").astype("str")
    predictions = infer.predict(model, sample).reshape(len(sample), -1)
    return sample.assign(**texts, __prediction__=predictions[:, -1])


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


def _sentence(name: str, agreed: dict[str, Any], costs: dict[str, Any]) -> str:
    speed, before = (costs[kind]["latency_ms"]["1"] for kind in ("exported", "model"))
    return (
        f"{name}: same answers on {agreed['rows']:,} rows (differences up to "
        f"{agreed['max_scaled_diff']:.0e}), 1 row in {speed:.2g} ms (model: {before:.2g})"
    )
