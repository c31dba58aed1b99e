"""The schema of a file: told anew whenever the file changes, but for what a person decided."""

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
from .infer import described, inferred
from .processed import CHANGED, save
from .schema import UNSEEN, canonical, cells_of, schema_file
from .split import Rows

TRUNCATED = 0.5  # share of the recorded rows below which a file is taken for cut off
DECIDABLE = {"kind", "missing", "low", "high", "categories", "boolean", "format"} | {
    *("decimal", "thousands", "sign", "offset")
}
HEADER = """\
# What each column of PATH holds, told anew whenever the file changes. What you write under
# `decided` stays, and every reading has to fit it: kind, missing, low, high, categories, boolean,
# format (of dates, as strptime has it), decimal, thousands, sign, offset. For instance:
#   decided:
#     zip: {kind: category}
#     age: {low: 0, high: 120}
"""


def validate(
    raw: pa.Table | pd.DataFrame, config: BaseConfig, unused: set[str], notes: list[str]
) -> tuple[list[Column], pd.DataFrame]:
    """Return the columns that are used, and their canonical table.

    `notes` gains what changed since the last reading. UserError if the file breaks a decision.
    """
    settings, source = config.data, config.data.path
    path = schema_file(source, config.paths.schemas)
    saved = _load(path)
    decided = saved.get("decided") or {}
    names = [name for name in raw.column_names if name not in unused]
    if strange := [name for name in decided if name not in raw.column_names]:
        raise UserError(f"{path}: decided: {source} has no column {strange[0]!r}.")
    found = inferred(
        raw.select([name for name in names if "kind" not in decided.get(name, {})]),
        settings.missing,
        settings.dates,
        notes,
        {settings.target} if config.evaluate.PROBLEM == "classification" else set(),
    )
    pairs = {column.name: (column, values) for column, values in found}
    columns = [_decide(name, pairs, decided, raw, config) for name in names]
    again = canonical(raw, [c for c in columns if c.name in decided], str(source))
    table = pd.DataFrame({n: again[n] if n in decided else pairs[n][1] for n in names})
    for column in columns:
        _check(column, table[column.name], decided.get(column.name, {}), path)
    notes += _changes(saved, columns, raw, path, source)
    return columns, table


def save_schema(rows: Rows, config: BaseConfig) -> None:
    """Keep rows that passed every check, and write their schema with the decisions there were."""
    source = config.data.path
    path, facts = schema_file(source, config.paths.schemas), rows.facts
    listed = [Column(**each).model_dump(exclude_defaults=True) for each in facts["columns"]]
    whole = {
        "decided": _load(path).get("decided") or {},
        "rows": facts["files"][source.as_posix()]["rows"],
        "columns": [{k: v for k, v in each.items() if k != "missing_values"} for each in listed],
    }
    text = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True)
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
            if strange := {*settings} - DECIDABLE:
                raise ValueError(f"{name}: {strange.pop()!r} can't be decided")
        return {**saved, "rows": int(saved["rows"])}
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        shown = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        reason = " ".join(str(shown).split())
        raise UserError(f"{path}: {reason}; fix it, or delete it to begin anew.") from None


def _decide(
    name: str,
    found: dict[str, tuple[Column, Any]],
    decided: dict[str, Any],
    raw: pa.Table,
    config: BaseConfig,
) -> Column:
    """Return a column as a person has decided; what was not said is told from its cells."""
    settings = decided.get(name, {})
    if name in found:
        return found[name][0].model_copy(update=settings)
    bare = Column(name=name, missing_values=config.data.missing, **settings)
    if bare.kind == "date" and not bare.format:
        bare = bare.model_copy(update={"format": "ISO8601"})
    whole, _ = described(bare, cells_of(raw, name))
    return whole.model_copy(update=settings)


def _check(column: Column, values: pd.Series, decided: dict[str, Any], path: Path) -> None:
    """Hold the cells to what was decided: gaps, range and levels."""
    gone = values.isna() if column.kind != "category" else values == ""
    if decided.get("missing") is False and gone.any():
        row = int(np.argmax(gone)) + 1
        _refuse(column, f"{int(gone.sum()):,} cells are missing (row {row})", path)
    if column.kind == "category":
        if decided.get("categories") and not gone.all():
            strange = ~gone & ~values.isin(decided["categories"])
            if strange.mean() > UNSEEN:
                _refuse(column, f"{strange.mean():.0%} of its rows hold other categories", path)
        return
    numbers = values + np.float32(column.offset)
    for key, outside in {"low": np.less, "high": np.greater}.items():
        limit = decided.get(key)
        if limit is not None and outside(numbers, limit).any():
            row = int(np.argmax(outside(numbers, limit)))
            _refuse(column, f"row {row + 1}: {numbers.iloc[row]:g} is beyond {limit:g}", path)


def _refuse(column: Column, what: str, path: Path) -> None:
    raise UserError(
        f"column {column.name!r}: {what}. Fix the data, or what {path} says under `decided`."
    )


def _changes(
    saved: dict[str, Any], columns: list[Column], raw: pa.Table, path: Path, source: Path
) -> list[str]:
    """Say what is other than on the last reading; UserError if much of the file is missing."""
    if not saved:
        return []
    rows = raw.num_rows
    if rows < TRUNCATED * saved["rows"]:
        raise UserError(
            f"{source}: {rows} rows, but {path} recorded {saved['rows']}: is the file cut off? "
            "If it is meant, lower `rows` there."
        )
    before = {each["name"]: Column(**each) for each in saved["columns"]}
    now = {column.name: column for column in columns}
    found = [f"column {name!r} is new" for name in now if name not in before]
    found += [f"column {name!r} is gone" for name in before if name not in raw.column_names]
    found += [
        f"column {name!r} {change}"
        for name in now
        if name in before
        for change in _change(before[name], now[name])
    ]
    return [f"{CHANGED} of {source}, {text}." for text in found]


def _change(before: Column, now: Column) -> list[str]:
    """Say what became of a column; a range that widens by its own width has another unit."""
    if before.kind != now.kind:
        return [f"is a {now.kind}, and was a {before.kind}"]
    if before.kind == "category":
        known = {*(before.categories or []), ""}
        strange = [level for level in now.categories or [] if level not in known]
        few = before.categories and len(strange) > UNSEEN * len(now.categories or [])
        return [f"holds other categories, such as {strange[0]!r}"] if few else []
    if None in (before.low, before.high, now.low, now.high):
        return []
    width = max(before.high - before.low, 1e-9)  # type: ignore[operator]
    inside = before.low - width <= now.low and now.high <= before.high + width  # type: ignore
    told = f"goes from {now.low:g} to {now.high:g}, and went from {before.low:g} to {before.high:g}"
    return [] if inside else [told]
