"""Add a model's predictions to a raw table; needs the export folder and nothing else."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..config import Config
from ..formats import onnx_runtime
from ..formats.contract import Input
from ..runs import UserError
from ..tables.schema import Column, canonical


def scorer(folder: Path, source: Path, config: Config) -> Callable[[pa.Table, int], pa.Table]:
    """Return a function that appends predictions to a table, given how many rows came before it.

    A regression appends `value`, two classes `label` and `probability` (of the last label), more
    classes `label` and a `probability_...` each. UserError names file, column and row of what
    breaks the contract.
    """
    model = onnx_runtime.load(folder)
    columns = [_column(described) for described in model.contract["inputs"]]

    def score(table: pa.Table, first: int) -> pa.Table:
        _check_names(table, columns, source)
        inputs = {
            c.name: _values(table[c.name], c, config.data.missing, source, first) for c in columns
        }
        named = _named(*model.decide(inputs), model.contract["outputs"]["labels"])
        for name, values in named.items():
            if name in table.column_names:
                raise UserError(f"{source}: column {name!r} would be hidden; rename it.")
            table = table.append_column(name, pa.array(values))
        return table

    return score


def _column(described: Input) -> Column:
    shared = {key: value for key, value in described.items() if key in Column.model_fields}
    return Column.model_validate(shared | {"kind": described["type"]})


def _check_names(table: pa.Table, columns: list[Column], source: Path) -> None:
    names = table.column_names
    absent = [column.name for column in columns if column.name not in names]
    if absent:
        raise UserError(f"{source}: no column {', '.join(map(repr, absent))}; it has {names}.")
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise UserError(f"{source}: column {repeated[0]!r} stands twice; rename one.")


def _values(
    values: pa.ChunkedArray, column: Column, missing: list[str], source: Path, first: int
) -> np.ndarray:
    """Return (rows,) float32, or str objects for a category.

    Each distinct value is converted once, by the function that training used.
    """
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    encoded = pc.dictionary_encode(values.combine_chunks(), null_encoding="encode")
    codes = encoded.indices.to_numpy()
    distinct = encoded.dictionary.to_pandas()
    distinct = distinct.mask(distinct.isin(missing))
    if column.categories == ["False", "True"]:  # how pandas reads true and TRUE of a text file
        distinct = distinct.astype("str").str.capitalize()
    try:
        converted = canonical(distinct.to_frame(column.name), [column], str(source))[column.name]
    except UserError:
        rows = distinct.take(codes).set_axis(range(first, first + len(codes)))
        canonical(rows.to_frame(column.name), [column], str(source))  # this error names the row
        raise
    gap = distinct.isna().to_numpy()[codes]
    if gap.any() and not column.missing:
        row = first + int(np.argmax(gap)) + 1
        raise UserError(
            f"{source}: column {column.name!r}, row {row}: missing, which no training row was."
        )
    array = converted.to_numpy(object if column.kind == "category" else np.float32)
    return np.asarray(array[codes])


def _named(
    predictions: np.ndarray, decisions: np.ndarray | None, labels: list[str] | None
) -> dict[str, np.ndarray]:
    if decisions is None or labels is None:
        return {"value": predictions}
    if len(labels) == 2:
        return {"label": decisions, "probability": predictions[:, 1]}
    each = {f"probability_{name}": predictions[:, code] for code, name in enumerate(labels)}
    return {"label": decisions, **each}
