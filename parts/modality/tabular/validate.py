"""The saved schema: written on the first sound reading of a file, enforced ever after."""

from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import yaml
from pandera.errors import SchemaErrors

from ..config import Config
from ..runs import UserError, write_text
from .schema import Column, canonical, infer
from .split import Rows

UNSEEN = 0.5  # share of rows with unknown categories at which a column has shifted, not drifted
TRUNCATED = 0.5  # share of the recorded rows below which a file is taken for cut off
HEADER = """\
# What each column of {path} holds, inferred on the first reading. Edit it freely; later
# readings must fit it. Numbers may leave low ... high by its width. Delete it to infer anew.
"""


def enforce(frame: pd.DataFrame, source: Path, folder: Path) -> tuple[list[Column], pd.DataFrame]:
    """Return the file's columns and canonical table; UserError if it breaks the saved schema."""
    path = _file(source, folder)
    if not path.exists():
        columns = infer(frame)
        return columns, canonical(frame, columns, str(source))
    columns, rows = _load(path)
    if len(frame) < TRUNCATED * rows:
        raise UserError(
            f"{source}: {len(frame)} rows, but {path} recorded {rows}: is the file cut off? "
            f"If it is meant, lower `rows` there."
        )
    table = canonical(frame, columns, str(source))
    _check(table, columns, f"{source} does not fit {path}")
    return columns, table


def record(rows: Rows, config: Config) -> None:
    """Write the schema of rows that passed every check, unless there is one."""
    source = config.data.path
    path, told = _file(source, config.paths.schemas), rows.facts["files"][source.as_posix()]
    if not path.exists():
        listed = [Column(**each).model_dump(exclude_none=True) for each in rows.facts["columns"]]
        whole = {"rows": told["rows"], "columns": listed}
        text = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True)
        write_text(path, HEADER.format(path=source.name) + text)


def _file(source: Path, folder: Path) -> Path:
    return folder / f"{source.name}.schema.yaml"


def _load(path: Path) -> tuple[list[Column], int]:
    try:
        saved = yaml.safe_load(path.read_text(encoding="utf-8"))
        return [Column(**column) for column in saved["columns"]], int(saved["rows"])
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: {reason}; mend it, or delete it to infer anew.") from None


def _check(table: pd.DataFrame, columns: list[Column], problem: str) -> None:
    try:
        pa.DataFrameSchema({c.name: _rule(c) for c in columns}).validate(table, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases.groupby("column", sort=False)
        found = [f"{name!r}: {_sentence(case)}" for name, case in cases]
        raise UserError(
            f"{problem}: {'; '.join(found)}. Mend the data or edit the schema."
        ) from None


def _sentence(cases: pd.DataFrame) -> str:
    first = cases.iloc[0]
    if pd.isna(first["index"]):
        return str(first["check"])
    where = f"row {int(first['index']) + 1}: {first['failure_case']}"
    return f"{len(cases)} rows {first['check']} ({where})"


def _rule(column: Column) -> pa.Column:
    if column.kind == "category":
        checks = [] if column.missing else [pa.Check.ne("", error="are missing")]
        if column.categories:
            checks.append(_known(column.categories))
        return pa.Column(None, checks)
    checks = []
    if column.low is not None and column.high is not None:
        width = max(column.high - column.low, abs(column.high), 1.0)
        low, high = column.low - width, column.high + width
        checks.append(pa.Check.in_range(low, high, error=f"outside {low:g} ... {high:g}"))
    return pa.Column(None, checks, nullable=column.missing)


def _known(categories: list[str]) -> pa.Check:
    known = [*categories, ""]
    message = f"more than {UNSEEN:.0%} of its rows hold categories never seen before"
    return pa.Check(lambda values: (~values.isin(known)).mean() <= UNSEEN, error=message)
