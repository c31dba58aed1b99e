"""Convert a run's model, prove that the exported one gives the same answers, measure both.

Everything lands in runs/<run>/export/<format>/; if anything fails, nothing does.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..evaluation import metrics
from ..monitoring import reference
from ..runs import UserError, remove, replacing, sha256, write_text
from ..tables.cells import Column
from ..tables.rows import to_json_rows
from ..tables.schema import Schema
from ..tables.split import Split, Splits
from . import contract, exact_match, feed, measure, parity
from .measure import exported

EXAMPLES = 32


def export(
    model: Any,
    predict: Callable[[Any, pd.DataFrame], np.ndarray],
    splits: Splits,
    test: Split,
    threshold: float | None,
    config: BaseConfig,
    run: Path,
    cost: dict[str, Any],
) -> Iterator[str]:
    """Export to each of `export.formats` and yield a sentence for each.

    `predict(model, inputs)` gives the trained model's answers; `cost` is what `measure.of_model`
    found. UserError, and no artifact, if an exported model disagrees with the trained one on any
    row, or if a format can't take or give the numbers of a column.
    """
    for name in config.export.formats:
        _check_offsets(name, splits.schema)
    parts = {"test": test, "validation": splits.val, "training": splits.train}
    answers = parity.expect(partial(predict, model), {n: p.inputs for n, p in parts.items()})
    for name in config.export.formats:
        target = run / "export" / name
        remove(target)  # it may be of another model
        with replacing(target) as folder:
            folder.mkdir()
            converter, judge = _convert(name, model, splits, threshold, folder)
            described = describe(name, folder, converter, splits.schema, threshold, config)
            if hasattr(converter, "describe"):  # it takes what `features` gives, not raw columns
                described |= converter.describe(model)
            _write(folder / "contract.json", described)
            artifact = exported(name, folder)
            of = (splits.schema, threshold, config)
            agreed = judge.check(model, predict, answers, artifact, parts, *of)
            took = measure.of_export(name, folder, test.inputs, artifact)
            _write(folder / "parity.json", agreed)
            _write(
                folder / "measurements.json",
                {"model": {key: cost[key] for key in took}, "exported": took},
            )
            _write(folder / "examples.json", _examples(artifact, test.inputs, config.seed))
            if name == config.data.SERVED:
                _keep_reference(artifact, splits, test, config.seed, folder)
        yield f"{name}: {judge.summary(agreed)}, {_speed(took, cost)}"


def _check_offsets(name: str, schema: Schema) -> None:
    """UserError if apps would have to encode or answer numbers that float32 can't hold.

    Where a format takes what `features` gives, the encoder of an app makes it of raw values, and
    knows of no offset.
    """
    base = name.partition("-")[0]
    if not hasattr(import_module(f".{base}", __package__), "describe"):
        return
    target = Column(name=schema.target, kind="number", offset=schema.offset)
    for column in filter(lambda column: column.offset, [*schema.columns, target]):
        way = f"Subtract {column.offset:.15g} from it in the data"
        if column.kind == "date":
            way = "Write it as a number in the data, such as seconds since the first"
        raise UserError(
            f"column {column.name!r} can't be exported to {name}: the encoder of an app takes raw "
            f"values as float32, whose 7 digits are too few for it. {way}, or leave {name} out of "
            "export.formats."
        )


def _convert(
    name: str, model: Any, splits: Splits, threshold: float | None, folder: Path
) -> tuple[ModuleType, ModuleType]:
    """Write the files of a format; return its module, and the one that says if the files will do.

    They have to give the same answers; a smaller variant, such as `onnx-int8`, has a judge of its
    own. UserError if the converter can't; what it raises is its own business.
    """
    base, _, variant = name.partition("-")
    converter = import_module(f".{base}", __package__)
    make, judge = converter.convert, cast("ModuleType", exact_match)
    if variant:
        judge = import_module(f".{base}_{variant}", __package__)
        make = partial(judge.compress, inputs=splits.train.inputs)
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
    return converter, judge


def _keep_reference(artifact: Any, splits: Splits, test: Split, seed: int, folder: Path) -> None:
    """Write what `monitor` compares new rows with.

    Predictions are those of the test rows: a fit stops early on validation rows, and may end with
    them among its own, so that the test rows alone are as new to it as those to come.
    """
    fitted = [splits.train.inputs, splits.val.inputs]
    reference.save(reference.build(artifact, fitted, test.inputs, splits.schema, seed), folder)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


def _speed(took: dict[str, Any], cost: dict[str, Any]) -> str:
    speed, before = took["latency_ms"]["1"], cost["latency_ms"]["1"]
    if speed is None:
        return "not timed on this machine"
    return f"1 row in {speed:.4g} ms (model: {before:.4g})"


def _examples(exported: parity.Exported, inputs: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Return what examples.json holds: inputs as the contract names them, null or "" if missing.

    Where clients have to make a matrix of a row, it is there too, as `encode.stored` writes it.
    """
    sample = inputs.sample(min(EXAMPLES, len(inputs)), random_state=seed).sort_index()
    rows = to_json_rows(sample)
    asked = {name: [row[name] for row in rows] for name in rows[0]}
    predictions, labels = exported.decide(asked)
    return {
        "rows": rows,
        **({"matrix": exported.stored(asked)} if hasattr(exported, "stored") else {}),
        "predictions": predictions.tolist(),
        "labels": None if labels is None else labels.tolist(),
    }


def describe(
    name: str,
    folder: Path,
    converter: ModuleType,
    schema: Schema,
    threshold: float | None,
    config: BaseConfig,
) -> contract.Contract:
    """Return the contract of the files of an export; the same run gives the same bytes."""
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    (model,) = folder.glob("model.*")
    described: contract.Contract = {
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
        described["properties"] = [contract.describe_column(each) for each in schema.properties]
    return described


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
