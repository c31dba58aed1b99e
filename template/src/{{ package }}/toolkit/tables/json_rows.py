"""Read JSON: lines, one array, the array in an object, or objects one after another."""

import codecs
import json
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from ..runs import UserError
from .delimited import Reading, open_binary
from .schema import NESTED

ROWS = 65_536  # per batch
WRAPPERS = (  # names of the one array in an object
    *("data", "rows", "records", "items", "examples", "instances"),
    *("train", "validation", "test"),
)
SPACE = re.compile(r"\s*")
SURROGATES = re.compile(rb"\\u[dD][89a-fA-F]")  # most of them in valid pairs


def read(path: Path, reading: Reading, notes: list[str]) -> Iterator[pa.Table]:
    """Yield the rows in order, first a table without rows; cells are text."""
    names: dict[str, bool] = {}
    for record in records(path, notes, reading.wrappers):
        for name, value in record.items():
            names[name] = names.get(name, False) or isinstance(value, list | dict)
    fields = [pa.field(n, pa.string(), metadata=NESTED if names[n] else None) for n in names]
    schema = pa.schema(fields)
    yield schema.empty_table()
    rows = records(path, [], reading.wrappers)
    while chunk := list(islice(rows, ROWS)):
        columns = [[text_of(record.get(name)) for record in chunk] for name in names]
        yield pa.table([pa.array(cells, pa.string()) for cells in columns], schema=schema)


def text_of(value: object) -> str | None:
    """Return a value as it is written, None for null and for NaN, which pandas writes into JSON."""
    if value is None or isinstance(value, str):
        return value
    return None if value != value else json.dumps(value, ensure_ascii=False)


def records(
    path: Path, notes: list[str], more: Mapping[str, Collection[str]] = MappingProxyType({})
) -> Iterator[dict[str, Any]]:
    """Yield the objects of JSON lines, of one array, of one in an object, or one after another.

    `more` are the wrappers of `Reading`.
    """
    wrappers = dict.fromkeys(WRAPPERS, ()) | {**more}
    with open_binary(path) as file:
        lines = (line.removeprefix(codecs.BOM_UTF8) for line in file)
        start = next((line for line in lines if line.strip()), b"")
    try:
        first = json.loads(start)
    except (ValueError, RecursionError):
        first = None  # an array or object over several lines, or damage
    is_line = isinstance(first, dict) and not _wrapped(first, wrappers)
    if is_line or start.lstrip()[:1] not in (b"[", b"{", b"\xff", b"\xfe"):
        yield from _lines(path)
    else:
        yield from _whole(path, notes, wrappers)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with open_binary(path) as file:
        for number, line in enumerate(file, start=1):
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if not text.strip():
                continue
            try:
                record = _with_valid_surrogates(json.loads(text), text)
                record.keys()
            except UnicodeDecodeError:
                raise UserError(f"{path}: line {number} is not UTF-8; save it as UTF-8.") from None
            except (ValueError, AttributeError, RecursionError) as error:
                reason = f" ({error.msg})" if isinstance(error, json.JSONDecodeError) else ""
                raise UserError(
                    f"{path}: line {number} is not a JSON object{reason}; fix it."
                ) from None
            yield record


def _with_valid_surrogates(value: Any, text: bytes) -> Any:
    if not SURROGATES.search(text):
        return value
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _whole(
    path: Path, notes: list[str], wrappers: Mapping[str, Collection[str]]
) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file that is no JSON lines, which is read at once."""
    with open_binary(path) as file:
        content = file.read()
    values = _with_valid_surrogates([*_values(path, content)], content)
    is_object = len(values) == 1 and isinstance(values[0], dict)
    arrays = _wrapped(values[0], wrappers) if is_object else {}
    if len(arrays) > 1:
        raise UserError(f"{path}: holds {', '.join(arrays)}: write each to a file of its own.")
    for name, array in arrays.items():
        if others := ", ".join(repr(key) for key in values[0] if key != name):
            notes.append(f"{path}: only the rows in {name!r} are read, not {others}.")
        values = array
    if len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    for number, record in enumerate(values, start=1):
        if not isinstance(record, dict):
            kind = "a list, not" if isinstance(record, list) else "not"
            raise UserError(f"{path}: row {number} is {kind} a JSON object; fix it.")
        yield record


def _values(path: Path, content: bytes) -> Iterator[Any]:
    """Yield JSON values that follow each other with nothing but white space between them."""
    text = content.decode(json.detect_encoding(content)).removeprefix("\ufeff")
    decoder, place = json.JSONDecoder(), 0
    try:
        while (place := SPACE.match(text, place).end()) < len(text):  # type: ignore[union-attr]
            value, place = decoder.raw_decode(text, place)
            yield value
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        advice = "fix it" if text[error.pos :].strip() else "is the file complete?"
        raise UserError(
            f"{path}: line {error.lineno} is not valid JSON at column {error.colno} "
            f"({error.msg}); {advice}"
        ) from None


def _wrapped(value: dict[str, Any], wrappers: Mapping[str, Collection[str]]) -> dict[str, Any]:
    """Return the arrays in an object that are named as rows are, unless they are a cell."""
    arrays = {name: value[name] for name in wrappers if isinstance(value.get(name), list)}
    return {
        name: rows
        for name, rows in arrays.items()
        if not any(isinstance(row, dict) and {*wrappers[name]} & {*row} for row in rows[:1])
    }
