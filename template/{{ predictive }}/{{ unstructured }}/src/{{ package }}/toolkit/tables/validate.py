"""The saved schema: written on the first valid reading of a data set, then enforced."""

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

TRUNCATED = 0.5  # share of the recorded rows below which a data set is considered truncated
HEADER = """\
# The number of rows and the labels of {path} on the first reading. Edit it freely; later
# readings must match it. Delete it to infer it again.
"""


def validate(
    raw: pa.Table | pd.DataFrame, config: BaseConfig, unused: set[str], notes: list[str]
) -> tuple[list[Column], pd.DataFrame]:
    """Return the properties and their canonical table; UserError for missing rows or new labels."""
    source = config.data.path
    path = schema_file(source, config.paths.schemas)
    labels = sorted(raw["label"].unique().tolist())
    if path.exists():
        _check(len(raw), labels, path, source)
    properties = raw.drop(columns=[*unused])
    columns = infer(properties)
    return columns, canonical(properties, columns, str(source))


def save_schema(rows: Rows, config: BaseConfig) -> None:
    """Write the schema of rows that passed every check, unless it exists."""
    path = schema_file(config.data.path, config.paths.schemas)
    if not path.exists():
        content = {"rows": len(rows.ids), "labels": sorted(rows.schema.labels or [])}
        header = HEADER.format(path=config.data.path.as_posix())
        write_text(path, header + yaml.safe_dump(content, allow_unicode=True))


def _check(rows: int, labels: list[str], path: Path, source: Path) -> None:
    known, recorded = _load(path)
    if rows < TRUNCATED * recorded:
        raise UserError(
            f"{source}: {rows} rows, but {path} recorded {recorded}: is something missing? "
            f"If this is intended, lower `rows` there."
        )
    for label in labels:
        if label not in known:
            near = get_close_matches(label, known, 1, 0)[0]
            raise UserError(
                f"{source}: label {label!r} is not in {path}; did you mean {near!r}? "
                "Fix it, or add it there."
            )


def _load(path: Path) -> tuple[list[str], int]:
    try:
        saved = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # 007 stays a text
        return saved["labels"], int(saved["rows"])
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: {reason}; fix it, or delete it to infer it again.") from None
