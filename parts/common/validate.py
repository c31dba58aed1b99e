"""The saved schema: written on the first reading of a set, yours to edit, enforced ever after."""

from difflib import get_close_matches
from pathlib import Path

import pandas as pd
import yaml

from ..runs import UserError, write_text
from .schema import Column, canonical, infer

TRUNCATED = 0.5  # share of the recorded rows below which a set is taken for cut off
HEADER = """\
# How many rows {path} held on the first reading, and their labels. Edit it freely; later
# readings must fit it. Delete it to infer anew.
"""


def enforce(frame: pd.DataFrame, source: Path, folder: Path) -> tuple[list[Column], pd.DataFrame]:
    """Return the properties and their canonical table; UserError if rows or `label` don't fit."""
    name = source.resolve().name
    path = folder / f"{name}.schema.yaml"
    labels = sorted(frame["label"].unique().tolist())
    if path.exists():
        _check(len(frame), labels, path, source)
    else:
        text = yaml.safe_dump({"rows": len(frame), "labels": labels}, allow_unicode=True)
        write_text(path, HEADER.format(path=name) + text)
    properties = frame.drop(columns="label")
    columns = infer(properties)
    return columns, canonical(properties, columns, str(source))


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
