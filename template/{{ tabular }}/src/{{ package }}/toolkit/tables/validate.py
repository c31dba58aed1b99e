"""The schema of a file: inferred again when the file changes, except for the user's decisions."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml
from pydantic import ValidationError

from ..config import BaseConfig
from ..runs import UserError, write_text
from .cells import Column
from .infer import describe, infer_values
from .processed import CHANGED, save
from .schema import UNSEEN, canonical, cells_of, schema_file
from .split import Rows

TRUNCATED = 0.5  # share of the recorded rows below which a file is considered truncated
DECIDABLE = {"kind", "missing", "low", "high", "categories", "boolean", "format"} | {
    *("decimal", "thousands", "sign", "offset")
}
HEADER = """\
# The columns of PATH, inferred again whenever the file changes. Your entries under `decided`
# are kept, and every reading is checked against them: kind, missing, low, high, categories,
# boolean, format (of dates, as in strptime), decimal, thousands, sign, offset. For example:
#   decided:
#     zip: {kind: category}
#     age: {low: 0, high: 120}
"""


def validate(
    raw: pa.Table | pd.DataFrame, config: BaseConfig, unused: set[str], notes: list[str]
) -> tuple[list[Column], pd.DataFrame]:
    """Return the columns in use and their canonical table.

    `notes` gains the changes since the last reading. UserError if the file violates a decision.
    """
    settings, source = config.data, config.data.path
    path = schema_file(source, config.paths.schemas)
    saved = _load(path)
    decided = saved.get("decided") or {}
    names = [name for name in raw.column_names if name not in unused]
    if unknown := [name for name in decided if name not in raw.column_names]:
        raise UserError(f"{path}: decided: {source} has no column {unknown[0]!r}.")
    inferred = infer_values(
        raw.select([name for name in names if "kind" not in decided.get(name, {})]),
        settings.missing,
        settings.dates,
        notes,
        {settings.target} if config.evaluate.PROBLEM == "classification" else set(),
    )
    pairs = {column.name: (column, values) for column, values in inferred}
    columns = [_decide(name, pairs, decided, raw, config) for name in names]
    reread = canonical(raw, [c for c in columns if c.name in decided], str(source))
    table = pd.DataFrame({n: reread[n] if n in decided else pairs[n][1] for n in names})
    for column in columns:
        _check(column, table[column.name], decided.get(column.name, {}), path)
    notes += _changes(saved, columns, raw, path, source)
    return columns, table


def save_schema(rows: Rows, config: BaseConfig) -> None:
    """Save rows that passed every check, and their schema with the existing decisions."""
    source = config.data.path
    path, facts = schema_file(source, config.paths.schemas), rows.facts
    columns = [Column(**each).model_dump(exclude_defaults=True) for each in facts["columns"]]
    content = {
        "decided": _load(path).get("decided") or {},
        "rows": facts["files"][source.as_posix()]["rows"],
        "columns": [{k: v for k, v in each.items() if k != "missing_values"} for each in columns],
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    text = HEADER.replace("PATH", source.as_posix()) + text
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    save(rows, config)


def _load(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        saved = yaml.safe_load(path.read_text(encoding="utf-8"))
        decided = saved["decided"] or {}
        for name, settings in decided.items():
            Column.model_validate({"name": name, "kind": "number", **settings})
            if unknown := {*settings} - DECIDABLE:
                raise ValueError(f"{name}: {unknown.pop()!r} can't be decided")
        return {**saved, "rows": int(saved["rows"])}
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        text = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        reason = " ".join(str(text).split())
        raise UserError(f"{path}: {reason}; fix it, or delete it to start over.") from None


def _decide(
    name: str,
    found: dict[str, tuple[Column, Any]],
    decided: dict[str, Any],
    raw: pa.Table,
    config: BaseConfig,
) -> Column:
    """Return a column with its decided settings; the others are inferred from its cells."""
    settings = decided.get(name, {})
    if name in found:
        return found[name][0].model_copy(update=settings)
    bare = Column(name=name, missing_values=config.data.missing, **settings)
    if bare.kind == "date" and not bare.format:
        bare = bare.model_copy(update={"format": "ISO8601"})
    column, _ = describe(bare, cells_of(raw, name))
    return column.model_copy(update=settings)


def _check(column: Column, values: pd.Series, decided: dict[str, Any], path: Path) -> None:
    """Check cells against the decisions on missing values, range and categories."""
    missing = values.isna() if column.kind != "category" else values == ""
    if decided.get("missing") is False and missing.any():
        row = int(np.argmax(missing)) + 1
        _refuse(column, f"{int(missing.sum()):,} cells are missing (row {row})", path)
    if column.kind == "category":
        if decided.get("categories") and not missing.all():
            unseen = ~missing & ~values.isin(decided["categories"])
            if unseen.mean() > UNSEEN:
                _refuse(column, f"{unseen.mean():.0%} of its rows have other categories", path)
        return
    numbers = values + np.float32(column.offset)
    for key, outside in {"low": np.less, "high": np.greater}.items():
        limit = decided.get(key)
        if limit is not None and outside(numbers, limit).any():
            row = int(np.argmax(outside(numbers, limit)))
            reason = f"row {row + 1}: {numbers.iloc[row]:g} is out of range (limit {limit:g})"
            _refuse(column, reason, path)


def _refuse(column: Column, reason: str, path: Path) -> None:
    raise UserError(
        f"column {column.name!r}: {reason}. Fix the data, or the entry under `decided` in {path}."
    )


def _changes(
    saved: dict[str, Any], columns: list[Column], raw: pa.Table, path: Path, source: Path
) -> list[str]:
    """Report changes since the last reading; UserError if much of the file is missing."""
    if not saved:
        return []
    rows = raw.num_rows
    if rows < TRUNCATED * saved["rows"]:
        raise UserError(
            f"{source}: {rows} rows, but {path} recorded {saved['rows']}: is the file "
            "truncated? If this is intended, lower `rows` there."
        )
    before = {each["name"]: Column(**each) for each in saved["columns"]}
    now = {column.name: column for column in columns}
    changes = [f"column {name!r} is new" for name in now if name not in before]
    changes += [f"column {name!r} is gone" for name in before if name not in raw.column_names]
    changes += [
        f"column {name!r} {change}"
        for name in now
        if name in before
        for change in _change(before[name], now[name])
    ]
    return [f"{CHANGED} of {source}, {text}." for text in changes]


def _change(before: Column, now: Column) -> list[str]:
    """Report how a column changed; a range that widens by its own width may have another unit."""
    if before.kind != now.kind:
        return [f"is now a {now.kind} (was a {before.kind})"]
    if before.kind == "category":
        known = {*(before.categories or []), ""}
        new = [level for level in now.categories or [] if level not in known]
        mostly_new = before.categories and len(new) > UNSEEN * len(now.categories or [])
        return [f"has mostly new categories, such as {new[0]!r}"] if mostly_new else []
    if None in (before.low, before.high, now.low, now.high):
        return []
    width = max(before.high - before.low, 1e-9)  # type: ignore[operator]
    inside = before.low - width <= now.low and now.high <= before.high + width  # type: ignore
    change = f"now ranges from {now.low:g} to {now.high:g} (was {before.low:g} to {before.high:g})"
    return [] if inside else [change]
