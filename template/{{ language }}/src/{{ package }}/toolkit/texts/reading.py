"""A column of a table as texts, whatever its type."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..tables.schema import cells_of, check_plain
from .words import cleaned

EXCERPT = 80  # characters of a text that a note quotes


def texts(table: pa.Table, name: str, source: Path, first: int = 0) -> pd.Series:
    """Return str without control characters (other than tabs and line ends); "" where missing.

    `first` rows came before those of `table`. UserError names the row of a list, object or bytes.
    """
    check_plain(table, name, source, "write it as one text", first)
    cells = pc.fill_null(cells_of(table, name).cast(pa.string()), "")
    return pd.Series([*map(cleaned, cells.to_pylist())], dtype="str")


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
