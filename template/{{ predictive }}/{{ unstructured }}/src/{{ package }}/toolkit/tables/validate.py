"""The saved schema: written on the first sound reading of a set, enforced ever after."""

from difflib import get_close_matches
from pathlib import Path

import pandas as pd
import pyarrow as pa
import yaml

from ..config import BaseConfig
from ..runs import UserError, write_text
from .cells import Column
from .infer import infer
from .schema import canonical, schema_file
from .split import Rows

TRUNCATED = 0.5  # share of the recorded rows below which a set is taken for cut off
HEADER = """\
# How many rows {path} held on the first reading, and their labels. Edit it freely; later
# readings must fit it. Delete it to infer anew.
"""


def validate(
    raw: pa.Table | pd.DataFrame, config: BaseConfig, unused: set[str], notes: list[str]
) -> tuple[list[Column], pd.DataFrame]:
    """Return the properties and their canonical table; UserError if rows or `label` don't fit."""
    source = config.data.path
    path = schema_file(source, config.paths.schemas)
    labels = sorted(raw["label"].unique().tolist())
    if path.exists():
        _check(len(raw), labels, path, source)
    properties = raw.drop(columns=[*unused])
    columns = infer(properties)
    return columns, canonical(properties, columns, str(source))


def save_schema(rows: Rows, config: BaseConfig) -> None:
    """Write the schema of rows that passed every check, unless there is one."""
    path = schema_file(config.data.path, config.paths.schemas)
    if not path.exists():
        told = {"rows": len(rows.ids), "labels": sorted(rows.schema.labels or [])}
        shown = config.data.path.as_posix()
        write_text(path, HEADER.format(path=shown) + yaml.safe_dump(told, allow_unicode=True))


def _check(rows: int, labels: list[str], path: Path, source: Path) -> None:
    known, recorded = _load(path)
    if rows < TRUNCATED * recorded:
        raise UserError(
            f"{source}: {rows} rows, but {path} recorded {recorded}: is something missing? "
            f"If it is meant, lower `rows` there."
        )
    for label in labels:
        if label not in known:
            near = get_close_matches(label, known, 1, 0)[0]
            raise UserError(
                f"{source}: label {label!r} is not in {path}; is {near!r} meant? "
                "Mend it, or add it there."
            )


def _load(path: Path) -> tuple[list[str], int]:
    try:
        saved = yaml.safe_load(path.read_text(encoding="utf-8"))
        return [str(label) for label in saved["labels"]], int(saved["rows"])
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: {reason}; mend it, or delete it to infer anew.") from None
