"""Every reader of a cell gives the same value: cells.json says which."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from my_model.tables.cells import Column
from my_model.tables.schema import BadCellsError, parse

CELLS = json.loads(Path(__file__).with_name("cells.json").read_text("utf-8"))


def column_of(told: dict[str, Any]) -> Column:
    return Column(name="x", missing=True, **told["column"])


@pytest.mark.parametrize("told", CELLS, ids=lambda told: f"{told['column']} {told['cell']!r}")
def test_a_cell_means_the_same_alone_and_in_a_column(told: dict[str, Any]) -> None:
    column, cell = column_of(told), told["cell"]
    cells = pa.chunked_array([[cell, cell]])
    if told.get("error"):
        with pytest.raises(ValueError, match=r"is not a|is no "):
            column.value(cell)
        with pytest.raises(BadCellsError):
            parse(cells, column)
        return
    values = parse(cells, column)
    missing = "" if column.kind == "category" else np.nan
    expected = missing if told["value"] is None else told["value"]
    found = [column.value(cell), *values]
    assert all(value == expected or (value != value and expected != expected) for value in found)


def test_numbers_of_a_file_are_those_that_python_reads() -> None:
    """Arrow converts all cells together, and Python one: both round to the nearest float64."""
    random = np.random.default_rng(0)
    values = random.integers(0, 2**64, 2000, np.uint64).view(np.float64)
    texts = [repr(value) for value in values[np.abs(values) < 1e38].tolist()]
    near = random.normal(0, 1e4, 500)
    texts += [f"{value:.{digits}f}" for value in near for digits in (1, 3, 17)]
    column = Column(name="x", kind="number")
    found = parse(pa.chunked_array([texts]), column)
    assert found.tolist() == [column.value(text) for text in texts]


def test_typed_cells_are_read_as_their_texts() -> None:
    days = pd.Series(pd.to_datetime(["2024-02-29 06:00", "1969-12-31 00:00"]))
    date = Column(name="x", kind="date", format="ISO8601")
    assert parse(pa.chunked_array([pa.array(days)]), date).tolist() == [19782.25, -1.0]
    level = Column(name="x", kind="category")
    for cells in ([1.0, 2.0], np.float32([1, 2]), [1, 2], ["1.0", "2"]):
        assert list(parse(pa.chunked_array([pa.array(cells)]), level)) == ["1", "2"]
    assert list(parse(pa.chunked_array([pa.array(np.float32([0.82]))]), level)) == ["0.82"]
