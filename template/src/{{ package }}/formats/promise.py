"""Write down what an exported model takes and gives, as `contract.py` reads it."""

from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from ..config import Config
from ..runs import sha256
from ..scores import metrics
from ..tables.schema import Schema
from . import contract, feed


def describe(
    name: str,
    folder: Path,
    converter: ModuleType,
    schema: Schema,
    threshold: float | None,
    config: Config,
) -> contract.Contract:
    """Describe the files of an export; the same run gives the same bytes."""
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    (model,) = folder.glob("model.*")
    promise: contract.Contract = {
        "project": str(__package__).split(".")[0].replace("_", "-"),
        "task": f"{config.data.MODALITY}-{config.evaluate.PROBLEM}",
        "format": name,
        "model": model.name,
        "inputs": feed.describe(schema),
        "outputs": _outputs(schema, threshold),
        "versions": {package: version(package) for package in converter.PACKAGES},
        "sha256": {file: sha256(folder / file) for file in files},
    }
    if schema.properties:
        promise["properties"] = [contract.describe_column(each) for each in schema.properties]
    return promise


def _outputs(schema: Schema, threshold: float | None) -> contract.Outputs:
    labels, (name, dtype) = schema.labels, metrics.OUTPUT
    told: contract.Outputs = {
        "target": schema.target,
        "name": contract.free_name(name, [column.name for column in schema.columns]),
        "shape": [None] if labels is None else [None, len(labels)],
        "dtype": dtype,
        "labels": labels,
        "threshold": threshold,
    }
    if schema.offset:
        told["offset"] = schema.offset
    return told
