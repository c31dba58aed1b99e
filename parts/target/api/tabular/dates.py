"""Dates in requests: written as in the training data, given to the model as days."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ..formats.contract import Input

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Date(str):
    """A date as it was written, with its `days` since 1970-01-01 UTC."""

    pattern: str | None = None  # of strptime; None is ISO 8601
    days: float

    @classmethod
    def parse(cls, text: Any) -> "Date":
        """Return the date; ValueError shows how one is written."""
        try:
            read = datetime.fromisoformat
            moment = datetime.strptime(text, cls.pattern) if cls.pattern else read(text)
        except (TypeError, ValueError):
            example = cls.write(0)
            raise ValueError(f"Expected a date such as `{example}`, got {text!r:.40}") from None
        date = cls(text)
        date.days = (moment.replace(tzinfo=moment.tzinfo or UTC) - EPOCH) / timedelta(days=1)
        return date

    @classmethod
    def write(cls, days: float) -> str:
        """Return the text of a day."""
        date = (EPOCH + timedelta(days=days)).date()
        return date.strftime(cls.pattern) if cls.pattern else date.isoformat()


def date_type(column: Input) -> type[Date]:
    """Return the type of a column's dates."""
    written = column.get("format")
    return type("Date", (Date,), {"pattern": None if written == "ISO8601" else written})
