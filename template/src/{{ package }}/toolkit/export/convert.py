"""Convert a run's model, verify the exported model's predictions, and measure both.

All files of a format are written to runs/<run>/export/<format>/, or none if anything fails.
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
RESERVED = ("contract.json", "parity.json", "measurements.json", "examples.json")


def export(
    model: Any,
    predict: Callable[[Any, pd.DataFrame], np.ndarray],
    splits: Splits,
    test: Split,
    threshold: float | None,
    config: BaseConfig,
    run: Path,
    cost: dict[str, Any],
    accompany: Callable[[Any, Path], None] = lambda model, folder: None,
) -> Iterator[str]:
    """Export to each of `export.formats` and yield a summary of each.

    `predict(model, inputs)` returns the trained model's predictions; `cost` is the result of
    `measure.of_model`; `accompany` writes the project's own files beside the model. UserError, and
    no artifact, if an exported model disagrees with the trained one on any row, or if a format
    can't represent the numbers of a column.
    """
    for name in config.export.formats:
        _check_offsets(name, splits.schema)
    parts = {"test": test, "validation": splits.val, "training": splits.train}
    answers = parity.expect(partial(predict, model), {n: p.inputs for n, p in parts.items()})
    for name in config.export.formats:
        target = run / "export" / name
        remove(target)  # it may belong to another model
        with replacing(target) as folder:
            folder.mkdir()
            converter, verifier = _convert(name, model, splits, threshold, folder)
            _accompany(accompany, model, folder)
            described = describe(name, folder, converter, splits.schema, threshold, config)
            if hasattr(converter, "describe"):  # it takes the output of `features`
                described |= converter.describe(model)
            _write(folder / "contract.json", described)
            artifact = exported(name, folder)
            rest = (splits.schema, threshold, config)
            agreed = verifier.check(model, predict, answers, artifact, parts, *rest)
            measured = measure.of_export(name, folder, test.inputs, artifact)
            _write(folder / "parity.json", agreed)
            _write(
                folder / "measurements.json",
                {"model": {key: cost[key] for key in measured}, "exported": measured},
            )
            _write(folder / "examples.json", _examples(artifact, test.inputs, config.seed))
            if name == config.data.SERVED:
                _keep_reference(artifact, splits, test, config.seed, folder)
        yield f"{name}: {verifier.summary(agreed)}, {_speed(measured, cost)}"


def _accompany(accompany: Callable[[Any, Path], None], model: Any, folder: Path) -> None:
    """Let the project write its own files; UserError if it touches a file of the format."""
    models = {*folder.glob("model.*")}  # a file, or a folder of files
    before = {path: sha256(path) for path in folder.rglob("*") if path.is_file()}
    accompany(model, folder)
    changed = [path.name for path in before if not path.exists() or sha256(path) != before[path]]
    taken = [path.name for path in {*folder.glob("model.*")} - models]
    taken += [name for name in RESERVED if (folder / name).exists()]
    if wrong := [*changed, *taken]:
        raise UserError(f"accompany() in pipeline.py wrote {wrong[0]}: choose another file name.")


def _check_offsets(name: str, schema: Schema) -> None:
    """Raise UserError if an app would have to encode or return numbers beyond float32.

    If the input of a format is the output of `features`, apps encode raw values themselves, without
    offsets.
    """
    base = name.partition("-")[0]
    if not hasattr(import_module(f".{base}", __package__), "describe"):
        return
    target = Column(name=schema.target, kind="number", offset=schema.offset)
    for column in filter(lambda column: column.offset, [*schema.columns, target]):
        fix = f"Subtract {column.offset:.15g} from it in the data"
        if column.kind == "date":
            fix = "Write it as a number in the data, such as seconds since the first"
        raise UserError(
            f"column {column.name!r} can't be exported to {name}: apps encode raw values as "
            f"float32, whose 7 digits are too few for it. {fix}, or leave {name} out of "
            "export.formats."
        )


def _convert(
    name: str, model: Any, splits: Splits, threshold: float | None, folder: Path
) -> tuple[ModuleType, ModuleType]:
    """Write the files of a format; return its module, and the one that verifies the files.

    Predictions must be equal; a smaller variant, such as `onnx-int8`, has its own criterion.
    UserError if the converter fails, whatever it raises.
    """
    base, _, variant = name.partition("-")
    converter = import_module(f".{base}", __package__)
    make, verifier = converter.convert, cast("ModuleType", exact_match)
    if variant:
        verifier = import_module(f".{base}_{variant}", __package__)
        make = partial(verifier.compress, inputs=splits.train.inputs)
    try:
        make(model, splits.schema, folder, threshold)
        if hasattr(converter, "accompany"):  # further files for clients
            converter.accompany(model, folder)
    except (OSError, MemoryError):  # a full disk, for example
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__.removeprefix('UserError')} {error}".split())[:200]
        message = f"{name} can't be made from this model ({reason})"
        raise UserError(
            f"{message}: remove {name} from export.formats, or use another model.name."
        ) from error
    return converter, verifier


def _keep_reference(artifact: Any, splits: Splits, test: Split, seed: int, folder: Path) -> None:
    """Write the data that `monitor` compares new rows with.

    Predictions are those for test rows: validation rows are used for early stopping, and possibly
    for the final fit, so only test rows are as new to the model as future ones.
    """
    fitted = [splits.train.inputs, splits.val.inputs]
    reference.save(reference.build(artifact, fitted, test.inputs, splits.schema, seed), folder)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


def _speed(measured: dict[str, Any], cost: dict[str, Any]) -> str:
    speed, before = measured["latency_ms"]["1"], cost["latency_ms"]["1"]
    if speed is None:
        return "not timed on this machine"
    return f"1 row in {speed:.4g} ms (model: {before:.4g})"


def _examples(exported: parity.Exported, inputs: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Return the content of examples.json: inputs named as in the contract, null or "" if missing.

    If clients have to encode rows as a matrix, that is included, as `encode.stored` returns it.
    """
    sample = inputs.sample(min(EXAMPLES, len(inputs)), random_state=seed).sort_index()
    rows = to_json_rows(sample)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    predictions, labels = exported.decide(columns)
    return {
        "rows": rows,
        **({"matrix": exported.stored(columns)} if hasattr(exported, "stored") else {}),
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
    """Return the contract of an export; the same run gives the same bytes."""
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
    outputs: contract.Outputs = {
        "target": schema.target,
        "name": contract.free_name(name, [column.name for column in schema.columns]),
        "shape": [None] if labels is None else [None, len(labels)],
        "dtype": dtype,
        "labels": labels,
        "threshold": threshold,
    }
    if schema.offset:
        outputs["offset"] = schema.offset
    return outputs
