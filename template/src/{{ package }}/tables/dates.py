"""Columns of dates: the formats they are written in, and what a model sees of them."""

import pandas as pd

DATE_FORMATS = ("ISO8601", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d")
EPOCH = pd.Timestamp(0).as_unit("s")  # in nanoseconds, no date before 1677 can be told from it
DAY = pd.Timedelta(days=1).as_unit("s")


def date_format(values: pd.Series) -> str | None:
    """Return the first known format that every value fits; a sample decides whether to try."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return "ISO8601"
    text = values.astype(str)
    if not text.head(100).str.contains(r"^\d{1,4}[-/.]?\d{1,2}[-/.]?\d{1,4}", regex=True).all():
        return None
    return next((f for f in DATE_FORMATS if not days(text, f).isna().any()), None)


def days(values: pd.Series, date_format: str) -> pd.Series:
    """Return days since 1970-01-01 UTC, NaN where there is no such date."""
    dates = pd.to_datetime(values, format=date_format, errors="coerce", utc=True)
    return (dates.dt.tz_localize(None) - EPOCH) / DAY
