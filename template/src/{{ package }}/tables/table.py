"""Read a table from a file: CSV (any common delimiter, zipped or not), Parquet or JSON lines."""

import csv
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd
from pyarrow import ArrowException

from ..runs import UserError
from .sniff import opened, sniff

SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".csv.zip", ".zip", ".parquet", ".jsonl", ".ndjson")


# What readers raise for a damaged file; of a password, zipfile makes a RuntimeError.
BROKEN = (
    *(ValueError, OSError, EOFError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, csv.Error, ArrowException),
)


class Stress(NamedTuple):
    """What a model does beyond its metrics: tables to store, what to know of it, what fails it."""

    tables: dict[str, pd.DataFrame]
    notes: list[str]
    failures: list[str]
    facts: Mapping[str, Any] = MappingProxyType({})  # how the tables were made, for details.json


def read(path: Path, missing: list[str]) -> pd.DataFrame:
    """Return the rows as they stand; only texts listed in `missing` count as missing."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; set data.path to a {', '.join(SUFFIXES)} file.")
    if not path.name.lower().endswith(SUFFIXES):
        raise UserError(f"{path}: unknown kind of file; it must end in {', '.join(SUFFIXES)}.")
    try:
        frame = _read(path, missing)
    except BROKEN as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: can't be read ({reason}); is it complete?") from None
    if frame.empty:
        raise UserError(f"{path}: holds no rows.")
    frame.columns = frame.columns.astype(str)
    if not all(frame.columns.str.strip()):
        raise UserError(f"{path}: has a column without a name.")
    return frame


def check_names(frame: pd.DataFrame, wanted: Iterable[tuple[str, str | None]], path: Path) -> None:
    """Raise UserError for a (key of the `data` section, column) whose column isn't there."""
    for key, name in wanted:
        if name is not None and name not in frame:
            near = get_close_matches(name, list(frame), 1, 0)[0]
            raise UserError(f"data.{key}: {path} has no {name!r}; did you mean {near!r}?")


def _read(path: Path, missing: list[str]) -> pd.DataFrame:
    if path.suffix.lower() == ".parquet":
        return pd.read_parquet(path)
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return pd.read_json(path, lines=True, dtype=False, encoding="utf-8-sig")
    encoding, delimiter, header = sniff(path)
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise ValueError(f"column {', '.join(map(repr, repeated))} stands twice in the header")
    with opened(path) as file, warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(
                file,
                sep=delimiter,
                encoding=encoding,
                na_values=missing,
                keep_default_na=False,
                low_memory=False,
                index_col=False,
            )
        except pd.errors.ParserWarning:  # else their last cells are dropped
            raise ValueError("its rows have more cells than its header") from None
