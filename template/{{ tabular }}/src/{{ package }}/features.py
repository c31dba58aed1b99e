"""Feature extraction from raw columns, fitted on training rows only.

Each feature is implemented twice, in numpy and as ONNX nodes: only float32 arithmetic and table
look-ups, so that the exported graph is bit-identical. Training compares both first.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from onnx import TensorProto, ValueInfoProto, helper
from sklearn.base import BaseEstimator, TransformerMixin

from .config import Config
from .toolkit.export.onnx_graph import Graph
from .toolkit.runs import UserError, say
from .toolkit.tables.schema import Schema

YEAR = np.float32(365.2425)  # mean Gregorian year, days
MAX_LEVELS = 255  # HistGradientBoosting has no more bins


class Computed(NamedTuple):
    """A feature computed from raw columns, twice: by numpy in training, by nodes in an export.

    columns  the raw columns that it needs; it is left out of a table that lacks one
    numpy    takes the (rows,) values of each, float32 or str objects, and returns (rows,)
    onnx     takes a graph and the name of each, (rows, 1), and returns the name of its result
    """

    name: str
    columns: tuple[str, ...]
    numpy: Callable[..., np.ndarray]
    onnx: Callable[..., str]


COMPUTED: tuple[Computed, ...] = ()


class Features(TransformerMixin, BaseEstimator):
    """Encode a canonical table as float32 (rows, features).

    numbers     unchanged, NaN where missing
    dates       days since 1970-01-01, day of the year (0 ... 365.24), weekday (0 is Monday)
    indicators  1 where a number or date is missing, for the columns in `gappy`
    computed    those of COMPUTED, by name
    categories  1, 2, ... for the levels in `levels_` ("" is missing); 0 for a rare or unseen one
    """

    def __init__(
        self,
        numbers: list[str],
        dates: list[str],
        categories: list[str],
        gappy: list[str],
        computed: list[str],
        min_rows: int = 10,
    ) -> None:
        self.numbers = numbers
        self.dates = dates
        self.categories = categories
        self.gappy = gappy
        self.computed = computed
        self.min_rows = min_rows

    @staticmethod
    def of(config: Config, schema: Schema) -> "Features":
        """Return the features of a schema's columns, not yet fitted."""
        kinds: dict[str, list[str]] = {"number": [], "date": [], "category": []}
        for column in schema.columns:
            kinds[column.kind].append(column.name)
        gappy = [c.name for c in schema.columns if c.missing and c.kind != "category"]
        numbers, dates, categories = kinds.values()
        present = {column.name for column in schema.columns}
        for each in COMPUTED:
            if isinstance(each.columns, str) or each.name in present:
                raise UserError(
                    f"features.py: {each.name!r}: columns must be a tuple, the name new."
                )
            if lost := [name for name in each.columns if name not in present]:
                say("warning", f"features.py: {each.name!r} is left out: there is no {lost[0]!r}.")
        computed = [each.name for each in COMPUTED if present.issuperset(each.columns)]
        rows = config.model.min_category_rows
        return Features(numbers, dates, categories, gappy, computed, rows)

    def fit(self, frame: pd.DataFrame, targets: np.ndarray | None = None) -> "Features":
        """Find the frequent levels of each category; `targets` are ignored."""
        self.levels_ = [self._frequent(frame[name]) for name in self.categories]
        return self

    def _frequent(self, values: pd.Series) -> list[str]:
        counts = values.astype("str").value_counts()
        frequent = counts[counts >= self.min_rows].head(MAX_LEVELS - 1)
        return sorted(str(level) for level in frequent.index)

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the matrix described above, in the order of `names()`."""
        values = frame[self.numbers].to_numpy(np.float32)
        dates = [_date_parts(frame[name].to_numpy(np.float32)) for name in self.dates]
        gaps = frame[self.gappy].isna().to_numpy(np.float32)
        codes = [_codes(frame[name], levels) for name, levels in self._coded()]
        computed = [_computed(each, frame) for each in self._chosen()]
        return np.hstack([values, *dates, gaps, *computed, *codes])

    def _chosen(self) -> list[Computed]:
        return [each for each in COMPUTED if each.name in self.computed]

    def _coded(self) -> list[tuple[str, list[str]]]:
        return list(zip(self.categories, self.levels_, strict=True))

    def names(self) -> list[str]:
        """Return the names of the matrix columns."""
        dates = [f"{name} {part}" for name in self.dates for part in ("days", "yearday", "weekday")]
        gaps = [f"{name} is missing" for name in self.gappy]
        return [*self.numbers, *dates, *gaps, *self.computed, *self.categories]

    @staticmethod
    def onnx_inputs(schema: Schema) -> list[ValueInfoProto]:
        """Return a (rows, 1) input for each raw column, with the column's name."""
        kinds = {"category": TensorProto.STRING}
        return [
            helper.make_tensor_value_info(c.name, kinds.get(c.kind, TensorProto.FLOAT), ["rows", 1])
            for c in schema.columns
        ]

    def onnx(self, graph: Graph, output: str) -> None:
        """Add the nodes of `transform`: raw columns to float32 (rows, features) `output`."""
        dates = [part for name in self.dates for part in _onnx_date_parts(graph, name)]
        gaps = [
            graph.add("Cast", graph.add("IsNaN", name), to=TensorProto.FLOAT) for name in self.gappy
        ]
        codes = [_onnx_codes(graph, name, levels) for name, levels in self._coded()]
        computed = [each.onnx(graph, *each.columns) for each in self._chosen()]
        parts = [*self.numbers, *dates, *gaps, *computed, *codes]
        graph.add("Concat", *parts, output=output, axis=1)


def _computed(feature: Computed, frame: pd.DataFrame) -> np.ndarray:
    raw = [_raw(frame[name]) for name in feature.columns]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(feature.numpy(*raw), np.float32).reshape(-1, 1)


def _raw(values: pd.Series) -> np.ndarray:
    is_text = isinstance(values.dtype, pd.CategoricalDtype)
    return values.astype("str").to_numpy(object) if is_text else values.to_numpy(np.float32)


def _date_parts(days: np.ndarray) -> np.ndarray:
    yearday = days - np.floor(days / YEAR) * YEAR
    weekday = np.mod(np.floor(days) + np.float32(3), np.float32(7))  # 1970-01-01 was a Thursday
    return np.column_stack([days, yearday, weekday])


def _onnx_date_parts(graph: Graph, days: str) -> list[str]:
    shifted = graph.add("Add", graph.add("Floor", days), graph.constant(np.float32(3)))
    return [days, _onnx_modulo(graph, days, YEAR), _onnx_modulo(graph, shifted, np.float32(7))]


def _onnx_modulo(graph: Graph, value: str, by: np.float32) -> str:
    """Add a modulo; for floats, ONNX's Mod has the sign of the dividend, wrong before 1970."""
    step = graph.constant(by)
    multiple = graph.add("Mul", graph.add("Floor", graph.add("Div", value, step)), step)
    return graph.add("Sub", value, multiple)


def _codes(values: pd.Series, levels: list[str]) -> np.ndarray:
    table = {level: code for code, level in enumerate(levels, start=1)}
    values = values.astype("category")
    codes = np.array([table.get(str(level), 0) for level in values.cat.categories], np.float32)
    return codes[values.cat.codes.to_numpy()][:, None]


def _onnx_codes(graph: Graph, name: str, levels: list[str]) -> str:
    # A table must not be empty: without frequent levels, it has one entry with code 0.
    codes = range(1, len(levels) + 1) if levels else [0]
    return graph.add(
        "LabelEncoder",
        name,
        domain="ai.onnx.ml",
        keys_strings=levels or [""],
        values_floats=[float(code) for code in codes],
        default_float=0.0,
    )
