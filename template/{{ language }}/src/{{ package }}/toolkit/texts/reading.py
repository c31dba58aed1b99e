"""A column of a table as texts, whatever its dtype."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..runs import UserError
from .words import cleaned

EXCERPT = 80  # characters of a text that a note quotes


def texts(column: pd.Series) -> pd.Series:
    """Return str without control characters (other than tabs and line ends); "" where missing.

    UserError for lists, objects and bytes.
    """
    kinds = {type(cell) for cell in column} if column.dtype == object else set()
    if invalid := kinds & {list, dict, bytes, np.ndarray}:
        raise UserError(
            f"data.text: {column.name!r} has cells of type {invalid.pop().__name__}: "
            "convert them to strings."
        )
    strings = column.astype("str").fillna("")
    return pd.Series([*map(cleaned, strings)], column.index, dtype="str")


def notes(texts: pd.Series, empty: int, path: Path) -> list[str]:
    """Return notes about rows without text, and about UTF-8 that was read as Latin-1."""
    found = [f"{empty:,} rows of {path} have no text: they are left out."] * (empty > 0)
    broken = [text for text in texts if _misread(text)]
    if broken:
        found.append(
            f"{len(broken):,} texts have another encoding than the rest of {path}, "
            f"such as {broken[0][:EXCERPT]!r}: save the whole file as UTF-8."
        )
    return found


def _misread(text: str) -> bool:
    if text.isascii():
        return False
    try:
        return text.encode("cp1252").decode() != text
    except UnicodeError:
        return False
