"""Raw columns to numbers: everything learnt here is learnt from training rows.

Only float32 arithmetic and table look-ups, so that an exported graph repeats it bit for bit.
"""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from .config import Config
from .tables.schema import Schema

YEAR = np.float32(365.2425)  # mean Gregorian year, days
MAX_LEVELS = 255  # HistGradientBoosting bins: more codes could not be told apart


class Features(TransformerMixin, BaseEstimator):
    """Encode a canonical table as float32 (rows, features).

    numbers     as they are, NaN where missing
    dates       days since 1970-01-01, day of the year (0 ... 365.24), weekday (0 is Monday)
    indicators  1 where a number or date is missing, for the columns in `gappy`
    categories  1, 2, ... for the levels in `levels_` ("" is missing); 0 for a rare or unseen one
    """

    def __init__(
        self,
        numbers: list[str],
        dates: list[str],
        categories: list[str],
        gappy: list[str],
        min_rows: int = 10,
    ) -> None:
        self.numbers = numbers
        self.dates = dates
        self.categories = categories
        self.gappy = gappy
        self.min_rows = min_rows

    @staticmethod
    def of(config: Config, schema: Schema) -> "Features":
        """Return the features of a schema's columns, not yet fitted."""
        kinds: dict[str, list[str]] = {"number": [], "date": [], "category": []}
        for column in schema.columns:
            kinds[column.kind].append(column.name)
        gappy = [c.name for c in schema.columns if c.missing and c.kind != "category"]
        numbers, dates, categories = kinds.values()
        return Features(numbers, dates, categories, gappy, config.model.min_category_rows)

    def fit(self, frame: pd.DataFrame, targets: np.ndarray | None = None) -> "Features":
        """Learn which levels of each category are frequent; `targets` are not looked at."""
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
        return np.hstack([values, *dates, gaps, *codes])

    def _coded(self) -> list[tuple[str, list[str]]]:
        return list(zip(self.categories, self.levels_, strict=True))

    def names(self) -> list[str]:
        """Name the columns of the matrix."""
        dates = [f"{name} {part}" for name in self.dates for part in ("days", "yearday", "weekday")]
        gaps = [f"{name} is missing" for name in self.gappy]
        return [*self.numbers, *dates, *gaps, *self.categories]


def _date_parts(days: np.ndarray) -> np.ndarray:
    yearday = days - np.floor(days / YEAR) * YEAR
    weekday = np.mod(np.floor(days) + np.float32(3), np.float32(7))  # 1970-01-01 was a Thursday
    return np.column_stack([days, yearday, weekday])


def _codes(values: pd.Series, levels: list[str]) -> np.ndarray:
    table = {level: code for code, level in enumerate(levels, start=1)}
    values = values.astype("category")
    codes = np.array([table.get(str(level), 0) for level in values.cat.categories], np.float32)
    return codes[values.cat.codes.to_numpy()][:, None]
