"""Check that an export gives the predictions of the model on every row, read from the file again.

The contract defines how a cell is parsed. Before an export is kept, the training file is parsed by
it: every cell must have the same value as in training, and every prediction of the exported model
must be that of the trained one.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..config import BaseConfig
from ..runs import UserError
from ..tables import files
from ..tables.cells import Column
from ..tables.schema import Schema, canonical, cells_of, rounded
from ..tables.split import Split
from .contract import column_of, describe_column
from .parity import Exported, compare


def check(
    model: Any,
    predict: Callable[[Any, pd.DataFrame], np.ndarray],
    answers: dict[str, np.ndarray],
    exported: Exported,
    parts: dict[str, Split],
    schema: Schema,
    threshold: float | None,
    config: BaseConfig,
) -> dict[str, Any]:
    """Return the content of parity.json; UserError if the two disagree on any row."""
    columns = [column_of(describe_column(column)) for column in schema.columns]
    rows = _reread(columns, [part.inputs for part in parts.values()], config)
    inputs = {name: rows.loc[part.inputs.index] for name, part in parts.items()}
    tolerance = config.export.tolerance
    parity = compare(answers, exported, inputs, schema.labels, threshold, tolerance)
    return parity | {"rows_from_file": len(rows)}


def summary(agreed: dict[str, Any]) -> str:
    """Summarize parity.json."""
    rows, largest = agreed["rows"], agreed["max_scaled_diff"]
    return f"same predictions on {rows:,} rows of the file (differences up to {largest:.0e})"


def _reread(columns: list[Column], parts: list[pd.DataFrame], config: BaseConfig) -> pd.DataFrame:
    """Read data.path again by the columns of a contract, and return the rows of all parts.

    `parts` are the rows used in training. Each of their cells must get the same value from the
    reader of files and, in a sample, from the parser of single cells, which the API uses.
    UserError names row, column and both values.
    """
    settings, first = config.data, 0
    expected, read = pd.concat(parts).sort_index(), []
    for batch in files.batches(settings.path, files.Reading.of(settings), []):
        rows = expected.index[(expected.index >= first) & (expected.index < first + len(batch))]
        found = canonical(batch, columns, str(settings.path), first).set_axis(
            range(first, first + len(batch))
        )
        for column in columns:
            _compare(expected.loc[rows, column.name], found.loc[rows, column.name], column, config)
            sample = rows[(rows < 50) | (rows % 1000 == 0)]
            cells = cells_of(batch, column.name).take(pa.array(sample - first)).to_pylist()
            values: Any = [column.value(cell) for cell in cells]
            if column.kind != "category":
                values = rounded(np.array(values, np.float64), column)
            single = pd.Series(values, sample, None if column.kind == "category" else np.float32)
            _compare(expected.loc[sample, column.name], single, column, config)
        read.append(found.loc[rows, expected.columns].astype(expected.dtypes))
        first += len(batch)
    return pd.concat(read)


def _compare(expected: pd.Series, found: pd.Series, column: Column, config: BaseConfig) -> None:
    if column.kind == "category":
        expected, found = expected.astype("str"), found.astype("str")
    differ = ~((expected == found) | (expected.isna() & found.isna()))
    if differ.any():
        row = int(differ.idxmax())
        raise UserError(
            f"{config.data.path}: row {row + 1}, column {column.name!r}: training read "
            f"{expected[row]!r}, but the contract {found[row]!r}, so nothing was exported. Please "
            "report this with the cell as it is written in the file."
        )
