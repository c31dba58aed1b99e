"""The saved schema: written on the first reading of a file, yours to edit, enforced ever after."""

from pathlib import Path

import pandas as pd
import yaml

from ..runs import UserError, write_text
from .schema import Column, canonical, infer

TRUNCATED = 0.5  # share of the recorded rows below which a file is taken for cut off
HEADER = """\
# How many conversations {path} held on the first reading. Edit it freely; later readings must
# fit it. Delete it to infer anew.
"""


def enforce(frame: pd.DataFrame, source: Path, folder: Path) -> tuple[list[Column], pd.DataFrame]:
    """Return the properties and their canonical table; UserError if too many rows are gone."""
    name = source.resolve().name
    path = folder / f"{name}.schema.yaml"
    if not path.exists():
        write_text(path, HEADER.format(path=name) + yaml.safe_dump({"rows": len(frame)}))
    recorded = _load(path)
    if len(frame) < TRUNCATED * recorded:
        raise UserError(
            f"{source}: {len(frame)} rows, but {path} recorded {recorded}: is something missing? "
            f"If it is meant, lower `rows` there."
        )
    columns = infer(frame)
    return columns, canonical(frame, columns, str(source))


def _load(path: Path) -> int:
    try:
        return int(yaml.safe_load(path.read_text(encoding="utf-8"))["rows"])
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: {reason}; mend it, or delete it to infer anew.") from None
