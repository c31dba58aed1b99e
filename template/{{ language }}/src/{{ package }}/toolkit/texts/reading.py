"""A column of a table as texts, whatever it was stored as."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..runs import UserError
from .words import cleaned

SHOWN = 80  # characters of a text that a note quotes


def texts(column: pd.Series) -> pd.Series:
    """Return str without control characters (but tabs and line ends); "" where there is none.

    UserError for lists and the like.
    """
    kinds = {type(cell) for cell in column} if column.dtype == object else set()
    if odd := kinds & {list, dict, bytes, np.ndarray}:
        raise UserError(
            f"data.text: {column.name!r} holds cells of {odd.pop().__name__}: make each a text."
        )
    known = column.astype("str").fillna("")
    return pd.Series([*map(cleaned, known)], column.index, dtype="str")


def notes(known: pd.Series, empty: int, path: Path) -> list[str]:
    """Say how many rows hold no text, and how many look like UTF-8 that was read as Latin-1."""
    told = [f"{empty:,} rows of {path} hold no text: they are left out."] * (empty > 0)
    broken = [text for text in known if _misread(text)]
    if broken:
        told.append(
            f"{len(broken):,} texts were stored in another encoding than the rest of {path}, "
            f"such as {broken[0][:SHOWN]!r}: save all of it as UTF-8."
        )
    return told


def _misread(text: str) -> bool:
    if text.isascii():
        return False
    try:
        return text.encode("cp1252").decode() != text
    except UnicodeError:
        return False
