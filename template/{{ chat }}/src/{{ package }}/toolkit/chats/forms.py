"""Well-known forms of files of conversations, which are recognized by the names of columns."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..runs import UserError
from ..settings.data import Data
from ..tables.files import check_names
from ..tables.schema import NESTED, cells_of
from .pii import mask

FORMS: dict[str, dict[str, str]] = {  # the columns by their keys in the `data` section
    "messages": {"messages": "messages", "system": "system"},
    "ShareGPT": {"messages": "conversations", "system": "system"},
    "Alpaca": {
        **{"prompt": "instruction", "context": "input", "answer": "output"},
        **{"system": "system", "history": "history"},
    },
    "Dolly": {"prompt": "instruction", "context": "context", "answer": "response"},
    "prompt and completion": {"prompt": "prompt", "answer": "completion", "system": "system"},
    "prompt and response": {"prompt": "prompt", "answer": "response", "system": "system"},
    "question and answer": {"prompt": "question", "answer": "answer", "system": "system"},
    "input and output": {"prompt": "input", "answer": "output", "system": "system"},
}
REQUIRED = ("messages", "prompt", "answer")
COLUMNS = (*REQUIRED, "context", "history", "system", "text")
ORDER = ("source", "group", "time")  # of columns beside the conversations
EXCERPT = 200  # characters of a record that a message quotes
MAX_NAMED = 6  # columns


def resolve(table: pa.Table, settings: Data, path: Path, answered: bool) -> tuple[Data, list[str]]:
    """Return the settings with the columns of the conversations, and notes on what is not read.

    Without any in `settings`, they are recognized. If not `answered`, answers may be missing.
    UserError if there are none, or several forms.
    """
    if any(getattr(settings, key) for key in COLUMNS):
        _check_given(table, settings, path, answered)
        return settings, _unread(table, settings, path, answered)
    forms = _forms(table, answered)
    has_preferences = answered and {"chosen", "rejected"} <= {*table.column_names}
    if not forms or has_preferences:
        raise UserError(f"{path}: {_advice(table, answered)} Its first record is {_first(table)}.")
    _check_one(table, forms, path)
    name, columns = next(iter(forms.items()))
    if answered:
        _check_labels(table, columns, path)
    settings = settings.model_copy(update=columns)
    pairs = ", ".join(f"data.{key} {column}" for key, column in columns.items())
    note = f"{path} is read as {name}: {pairs}."
    return settings, [note, *_unread(table, settings, path, answered)]


def values(table: pa.Table, name: str) -> list[Any]:
    """Return the cells of a column: texts, lists or objects; None where they are missing."""
    cells = cells_of(table, name)
    if pa.types.is_string(cells.type):
        texts = cells.to_pylist()
        return [*map(_value, texts)] if table.field(name).metadata == NESTED else texts
    if pa.types.is_nested(cells.type) or pa.types.is_binary(cells.type):
        return cells.to_pylist()
    if pa.types.is_floating(cells.type):  # NaN is a missing value
        cells = pc.if_else(pc.is_nan(cells), None, cells)
    return cells.cast(pa.string()).to_pylist()


def _value(text: str | None) -> Any:
    """Return the list or object that a JSON reader has made a text."""
    try:
        return json.loads(text) if text and text[0] in "[{" else text
    except (ValueError, RecursionError):
        return text


def _check_given(table: pa.Table, settings: Data, path: Path, answered: bool) -> None:
    """Raise UserError, with the first record, if a column is missing."""
    keys = [key for key in COLUMNS if answered or key != "answer"]
    try:
        check_names(table.column_names, [(key, getattr(settings, key)) for key in keys], path)
    except UserError as error:
        if not table.num_columns:
            raise
        forms = ", or ".join(_forms(table, answered)) if answered else ""
        advice = f" Without these settings it is read as {forms}." if forms else ""
        raise UserError(f"{error}{advice} Its first record is {_first(table)}.") from None


def _forms(table: pa.Table, answered: bool) -> dict[str, dict[str, str]]:
    """Return the forms of a table with their columns, by precedence."""
    names = {name.strip().casefold(): name for name in reversed(table.column_names)}
    found = {}
    for form, columns in FORMS.items():
        needed = [columns[key] for key in REQUIRED if key in columns]
        if {*needed[: None if answered else 1]} <= {*names}:
            found[form] = {key: names[name] for key, name in columns.items() if name in names}
    complete = sorted(found.items(), key=lambda item: ("prompt" in item[1], -len(item[1])))
    kept: dict[str, dict[str, str]] = {}
    for form, columns in complete:
        if not any({*columns.values()} <= {*other.values()} for other in kept.values()):
            kept[form] = columns
    return kept


def _check_one(table: pa.Table, forms: dict[str, dict[str, str]], path: Path) -> None:
    """Raise UserError, naming two rows, if only a later form has values in some of them."""
    (first, columns), *others = forms.items()
    has_first = _filled(table, _main(columns))
    for name, own in others:
        rows = np.flatnonzero(_filled(table, _main(own)) & ~has_first)
        if len(rows) and has_first.any():
            raise UserError(
                f"{path}: row {has_first.argmax() + 1:,} has {first}, row {rows[0] + 1:,} {name}: "
                "write each into a file of its own, or set the columns to read in the `data` "
                "section."
            )


def _main(columns: dict[str, str]) -> str:
    """Return the column without which a row is not of a form."""
    return next(columns[key] for key in REQUIRED if key in columns)


def _filled(table: pa.Table, name: str) -> np.ndarray:
    """Return (rows,) bool: whether a column has a value."""
    cells = cells_of(table, name)
    filled = cells.is_valid()
    if pa.types.is_string(cells.type):
        filled = pc.and_(filled, pc.not_equal(pc.fill_null(cells, ""), ""))
    return filled.to_numpy()


def _check_labels(table: pa.Table, columns: dict[str, str], path: Path) -> None:
    """Raise UserError for completions that labels call good or bad, as in TRL's files for KTO."""
    if columns.get("answer") == "completion" and "label" in table.column_names:
        labels = {str(cell).lower() for cell in values(table, "label")} - {"none"}
        if labels and labels <= {"true", "false"}:
            raise UserError(
                f"{path}: 'label' says which completions are good. Leave out the others, or learn "
                "all of them: --data.prompt prompt --data.answer completion."
            )


def _advice(table: pa.Table, answered: bool) -> str:
    """Return what to set in a file of no known form."""
    names = ", ".join(map(repr, table.column_names[:MAX_NAMED]))
    if not answered:
        return f"none of its columns, {names}, is known to hold conversations: rename one."
    if {"chosen", "rejected"} <= {*table.column_names}:
        chosen, option = values(table.slice(0, 1), "chosen"), "--data.text chosen"
        if "prompt" in table.column_names:
            option = "--data.prompt prompt --data.answer chosen"
        if chosen and isinstance(chosen[0], list) and "assistant" not in str(chosen[0][:1]):
            option = "--data.messages chosen"
        return f"holds preferences, of which the chosen answers can be learned: {option}."
    first = table.slice(0, 1)
    objects = [name for name in table.column_names if isinstance(values(first, name)[0], dict)]
    if objects:
        return f"{objects[0]!r} holds an object: write its keys as columns, a conversation a row."
    return (
        f"its columns, {names}, are no known form of conversations: set --data.messages COLUMN, "
        "--data.prompt COLUMN --data.answer COLUMN or --data.text COLUMN."
    )


def _first(table: pa.Table) -> str:
    """Return the first record, shortened and without personal data."""
    first = table.slice(0, 1)
    record = {name: cell for name in table.column_names for cell in values(first, name)}
    text = mask(json.dumps(record, ensure_ascii=False, default=str)[: 4 * EXCERPT])
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]} …"


def _unread(table: pa.Table, settings: Data, path: Path, whole: bool) -> list[str]:
    """Return a note on columns that are not read, with their numbers of values in a whole file."""
    used = {getattr(settings, key) for key in (*COLUMNS, *ORDER)}
    others = [name for name in table.column_names if name not in used]
    if not others:
        return []
    counts = {
        name: f" ({_filled(table, name).sum():,} rows)" * whole for name in others[:MAX_NAMED]
    }
    named = ", ".join(f"{name!r}{count}" for name, count in counts.items())
    more = f" and {len(others) - MAX_NAMED} more" if len(others) > MAX_NAMED else ""
    advice = ""
    if settings.prompt and not settings.context:
        advice = "; data.context names a column that belongs to the prompt"
    return [f"columns of {path} that are not read: {named}{more}{advice}."]
