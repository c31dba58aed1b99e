"""From raw columns to the input matrix of the network: `features.py` again, with numpy alone.

Formats without strings need this encoding outside the model. Their contract describes each column
of the matrix, so that a client in any language can repeat it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..runs import UserError
from .contract import Contract
from .feed import feed

MAX_ROWS = 4096  # per call, where a format takes more than one row
YEAR = np.float32(365.2425)  # mean Gregorian year, days


def describe(model: Any) -> dict[str, Any]:
    """Return the matrix of a contract: its name, dtype, shape and columns, in order.

    Each column is derived `from` a raw one, `as`

    value     the number itself, NaN where missing; of a date, days since 1970-01-01
    yearday   day of the year, 0 ... 365.24
    weekday   0 is Monday
    missing   1 where the number or date is missing, else 0
    code      1, 2, ... for the strings in `levels` ("" is a missing one), 0 for any other
    """
    features = model.features
    numbers = [(name, "value") for name in features.numbers]
    dates = [(name, part) for name in features.dates for part in ("value", "yearday", "weekday")]
    missing = [(name, "missing") for name in features.gappy]
    codes = zip(features.categories, features.levels_, strict=True)
    columns: list[dict[str, Any]] = [
        *({"from": name, "as": part} for name, part in [*numbers, *dates, *missing]),
        *({"from": name, "as": "code", "levels": levels} for name, levels in codes),
    ]
    if len(columns) != len(features.names()):
        raise UserError(
            "the encoder of an app knows no features beside these: leave the format out of "
            "export.formats, or COMPUTED of features.py empty"
        )
    shape = [None, len(columns)]
    return {"matrix": {"name": "matrix", "dtype": "float32", "shape": shape, "columns": columns}}


def example(model: Any, rows: int) -> np.ndarray:
    """Return an input of that many rows; converters use its shape alone."""
    return np.zeros((rows, len(model.features.names())), np.float32)


def encode(inputs: Any, contract: Contract) -> np.ndarray:
    """Return float32 (rows, columns), bit-identical to training; `inputs` as for `feed`."""
    raw = feed(inputs, contract)
    return np.hstack(
        [_column(raw[column["from"]], column) for column in contract["matrix"]["columns"]]
    )


def stored(matrix: np.ndarray) -> list[Any]:
    """Return the result of `encode` for JSON: the numbers of each row, null for NaN."""
    return [[None if number != number else number for number in row] for row in matrix.tolist()]


def _column(values: np.ndarray, column: dict[str, Any]) -> np.ndarray:
    """Take and return (rows, 1)."""
    if column["as"] != "code":
        return PARTS[column["as"]](values)
    table = {level: code for code, level in enumerate(column["levels"], start=1)}
    return np.array([[table.get(text, 0)] for (text,) in values], np.float32).reshape(-1, 1)


def _value(values: np.ndarray) -> np.ndarray:
    return values


def _yearday(days: np.ndarray) -> np.ndarray:
    return days - np.floor(days / YEAR) * YEAR


def _weekday(days: np.ndarray) -> np.ndarray:
    return np.mod(np.floor(days) + np.float32(3), np.float32(7))  # 1970-01-01 was a Thursday


def _missing(values: np.ndarray) -> np.ndarray:
    return np.isnan(values).astype(np.float32)


PARTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "value": _value,
    "yearday": _yearday,
    "weekday": _weekday,
    "missing": _missing,
}
