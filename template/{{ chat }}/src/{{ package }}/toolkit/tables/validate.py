"""The saved schema: written on the first sound reading of a file, enforced ever after."""

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

TRUNCATED = 0.5  # share of the recorded rows below which a file is taken for cut off
HEADER = """\
# How many conversations {path} held on the first reading. Edit it freely; later readings must
# fit it. Delete it to infer anew.
"""


def validate(
    raw: pa.Table | pd.DataFrame, config: BaseConfig, unused: set[str], notes: list[str]
) -> tuple[list[Column], pd.DataFrame]:
    """Return the properties and their canonical table; UserError if too many rows are gone."""
    source = config.data.path
    path = schema_file(source, config.paths.schemas)
    recorded = _load(path) if path.exists() else 0
    if len(raw) < TRUNCATED * recorded:
        raise UserError(
            f"{source}: {len(raw)} rows, but {path} recorded {recorded}: is something missing? "
            f"If it is meant, lower `rows` there."
        )
    columns = infer(raw)
    return columns, canonical(raw, columns, str(source))


def save_schema(rows: Rows, config: BaseConfig) -> None:
    """Write the schema of rows that passed every check, unless there is one."""
    path = schema_file(config.data.path, config.paths.schemas)
    if not path.exists():
        told = {"rows": len(rows.ids)}
        shown = config.data.path.as_posix()
        write_text(path, HEADER.format(path=shown) + yaml.safe_dump(told, allow_unicode=True))


def _load(path: Path) -> int:
    try:
        return int(yaml.safe_load(path.read_text(encoding="utf-8"))["rows"])
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: {reason}; mend it, or delete it to infer anew.") from None
