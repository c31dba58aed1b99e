"""Read a table from a file: CSV (any common delimiter, zipped or not), Parquet or JSON lines."""

import codecs
import csv
import gzip
import io
import zipfile
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import IO, NamedTuple

import pandas as pd
from pyarrow import ArrowException

from ..runs import UserError

SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".csv.zip", ".zip", ".parquet", ".jsonl", ".ndjson")


class Stress(NamedTuple):
    """What a model does beyond its metrics: tables to store, what to know of it, what fails it."""

    tables: dict[str, pd.DataFrame]
    notes: list[str]
    failures: list[str]


def read(path: Path, missing: list[str]) -> pd.DataFrame:
    """Return the rows as they stand; only texts listed in `missing` count as missing."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; set data.path to a {', '.join(SUFFIXES)} file.")
    if not path.name.lower().endswith(SUFFIXES):
        raise UserError(f"{path}: unknown kind of file; it must end in {', '.join(SUFFIXES)}.")
    try:
        frame = _read(path, missing)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, csv.Error, ArrowException) as error:
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
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix in (".jsonl", ".ndjson"):
        return pd.read_json(path, lines=True, dtype=False, encoding="utf-8-sig")
    encoding, delimiter, header = sniff(path)
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise ValueError(f"column {', '.join(map(repr, repeated))} stands twice in the header")
    return pd.read_csv(
        path,
        sep=delimiter,
        encoding=encoding,
        na_values=missing,
        keep_default_na=False,
        low_memory=False,
        index_col=False,
    )


def sniff(path: Path) -> tuple[str, str, list[str]]:
    """Return encoding, delimiter and header of a delimited file."""
    with _open(path) as file:
        start = file.read(1 << 16)
        file.seek(0)
        utf8 = _is_utf8(file)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif b"\0" in start:
        raise ValueError("it holds NUL bytes, so it is not a text file")
    else:
        encoding = "utf-8-sig" if utf8 else "cp1252"
    text = start.decode(encoding, errors="ignore")
    first = text.split("\n", 1)[0].rstrip("\r")
    delimiter = max(",;\t|", key=first.count)
    return encoding, delimiter, next(csv.reader(io.StringIO(text), delimiter=delimiter), [])


def _is_utf8(file: IO[bytes] | gzip.GzipFile) -> bool:
    """Read all of a file: its only accent may be in the last row."""
    try:
        return all(map(bool, codecs.iterdecode(file, "utf-8")))
    except UnicodeDecodeError:
        return False


def _open(path: Path) -> IO[bytes] | gzip.GzipFile:
    if path.suffix == ".gz":
        return gzip.open(path)
    if path.suffix == ".zip":
        archive = zipfile.ZipFile(path)
        return archive.open(archive.namelist()[0])
    return path.open("rb")
