"""The saved schema: the number of rows on first reading, to detect truncated files."""

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

TRUNCATED = 0.5  # share of the recorded rows below which a file counts as truncated
HEADER = """\
# The number of conversations in {path} on first reading; later files must not be truncated. You
# may edit it. Delete it to infer it again.
"""


def validate(
    raw: pa.Table | pd.DataFrame, config: BaseConfig, unused: set[str], notes: list[str]
) -> tuple[list[Column], pd.DataFrame]:
    """Return the properties and their canonical table; UserError if too many rows are missing."""
    source = config.data.path
    path = schema_file(source, config.paths.schemas)
    recorded = _load(path) if path.exists() else 0
    if len(raw) < TRUNCATED * recorded:
        raise UserError(
            f"{source}: {len(raw)} rows, but {path} recorded {recorded}: is the file truncated? "
            f"If not, lower `rows` there."
        )
    columns = infer(raw)
    return columns, canonical(raw, columns, str(source))


def save_schema(rows: Rows, config: BaseConfig) -> None:
    """Write the schema of rows that passed every check, unless it exists."""
    path = schema_file(config.data.path, config.paths.schemas)
    if not path.exists():
        header = HEADER.format(path=config.data.path.as_posix())
        content = {"rows": len(rows.ids)}
        write_text(path, header + yaml.safe_dump(content, allow_unicode=True))


def _load(path: Path) -> int:
    try:
        return int(yaml.safe_load(path.read_text(encoding="utf-8"))["rows"])
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: {reason}; fix it, or delete it to infer it again.") from None
