"""The meaning of a cell of a table: the only code that turns a written value into a model input.

`Column` is stored in an export's contract, so training, `predict`, `monitor` and the API parse
alike; it needs neither pandas nor pyarrow. tests/toolkit/cells.json has examples of every rule.
"""

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, Literal

from pydantic import BaseModel

PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")  # as Arrow reads it
WHOLE = re.compile(r"-?(0|[1-9][0-9]*)\.0")  # how pandas writes 108 beside NaN
CODE = re.compile(r"[+-]?0[0-9]+")  # a leading zero marks a code, not a number
INFINITE = {"inf", "-inf"}  # possible in a Parquet file
SIGNS = "$€£¥%"
TRUE, FALSE = {"true", "t", "yes", "y", "on", "1"}, {"false", "f", "no", "n", "off", "0"}
TRUTHS = dict.fromkeys(TRUE, "True") | dict.fromkeys(FALSE, "False")
FLOAT32 = 3.4028234663852886e38  # a larger number would be infinite for a model
EPOCH = date(1970, 1, 1).toordinal()
MICROSECOND, DAY = timedelta(microseconds=1), 86_400e6  # microseconds: all readers divide by it

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
FIELDS = {  # directives of strptime
    "Y": r"[0-9]{4}",
    "y": r"[0-9]{2}",
    "b": r"[A-Za-z]{3,9}\.?",
    **dict.fromkeys("mdHMS", r"[0-9]{1,2}"),
}
ISO = r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"
TIME = (
    r"(?:(?:T|,? +)(?P<H>[0-9]{1,2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2}(?:[.,][0-9]{1,9})?))?"
    r"(?: ?(?P<p>[AaPp])[Mm])?(?: ?(?P<z>Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?)?"
)


class Column(BaseModel, extra="forbid"):
    """One column; `low` and `high` are numbers or days since 1970-01-01, `size` is in pixels.

    missing         whether cells may be missing
    missing_values  texts that mean missing; in a column of numbers -999 also matches -999.0
    categories      the levels seen in training, None if there are too many
    boolean         TRUE, yes and 1 are "True" in a column of categories
    format          of dates: ISO8601 or a strptime format; a time of day may always follow
    decimal         the decimal mark of numbers; `thousands` separates groups of three digits,
                    `sign` is a currency or percent sign before or after them
    offset          subtracted from a number, or from the days of a date, before it becomes
                    float32, which has 7 digits
    """

    name: str
    kind: Literal["number", "category", "date", "image", "text"]
    missing: bool = False
    low: float | None = None
    high: float | None = None
    categories: list[str] | None = None
    boolean: bool = False
    format: str | None = None
    decimal: str = "."
    thousands: str = ""
    sign: str = ""
    offset: float = 0.0
    missing_values: list[str] = []
    size: int | None = None
    bits: int | None = None  # of grey levels, if a file may have more than 8
    words: list[str] | None = None  # seen in training

    def value(self, cell: Any) -> float | str:
        """Return a number, days since 1970-01-01 UTC or a level: NaN or "" if it is missing.

        `cell` is a text of a file, or a value of JSON or Parquet. ValueError if it is invalid.
        """
        if isinstance(cell, list | dict | bytes):
            raise ValueError(f"{cell!r:.40} is not a text, number or date")
        if self.is_missing(cell):
            return "" if self.kind == "category" else math.nan
        if self.kind == "category":
            return self.level(cell)
        if self.kind == "date":
            return self.days(cell)
        return self.number(cell)

    def is_missing(self, cell: Any) -> bool:
        """Return whether a cell is missing."""
        if cell is None or cell != cell:
            return True
        if isinstance(cell, str):
            text = cell.strip()
            if text in self.missing_texts or text_of(text) in self.missing_texts:
                return True
            if self.kind != "number" or not self.missing_numbers:
                return False
            try:
                return self.number(text) in self.missing_numbers
            except ValueError:
                return False
        if isinstance(cell, bool):
            return False
        matches = self.kind == "number" and cell in self.missing_numbers
        return matches or text_of(cell) in self.missing_texts

    def number(self, cell: Any) -> float:
        """Return a number as written, without the offset; a duration or time in seconds."""
        value = self._plain(cell) if isinstance(cell, str) else _typed(cell)
        if value is None:
            raise ValueError(f"{cell!r} is not a number")
        if not abs(value) <= FLOAT32:
            raise ValueError(f"{cell!r} is not a finite number")
        return value

    def _plain(self, cell: str) -> float | None:
        text = self._unstyled(cell.strip()) if self.is_styled else cell.strip()
        return float(text) if PLAIN.fullmatch(text) else None

    def days(self, cell: Any) -> float:
        """Return days since 1970-01-01 UTC."""
        if isinstance(cell, datetime):
            moment = cell if cell.tzinfo else cell.replace(tzinfo=UTC)
            return float((moment - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND) / DAY
        if isinstance(cell, date):
            return float(cell.toordinal() - EPOCH)
        written, is_text = self.format or "ISO8601", isinstance(cell, str)
        try:
            if is_text and written == "ISO8601" and len(cell) == 10 and cell[4] == cell[7] == "-":
                return float(date.fromisoformat(cell).toordinal() - EPOCH)  # ten times as fast
            found = pattern(written).fullmatch(cell.strip()) if is_text else None
            return _days(found.groupdict())  # type: ignore[union-attr]
        except (AttributeError, ValueError):
            raise ValueError(f"{cell!r} is not a date such as {example(written)}") from None

    def level(self, cell: Any) -> str:
        """Return the canonical text of a category."""
        text = text_of(cell)
        return TRUTHS.get(text.lower(), text) if self.boolean else text

    @property
    def is_styled(self) -> bool:
        """Return whether numbers are not written in plain digits."""
        return bool(self.thousands or self.sign or self.decimal != ".")

    def _unstyled(self, text: str) -> str:
        """Return a number in plain digits."""
        if self.sign:
            head = text[:1] if text[:1] in "+-" else ""
            text = head + text[len(head) :].replace(self.sign, "", 1).strip()
        if self.thousands:
            mark = "[ \u00a0\u202f]" if self.thousands == " " else re.escape(self.thousands)
            integer, point, fraction = text.partition(self.decimal)
            grouped = rf"[+-]?([0-9]*|[1-9][0-9]?[0-9]?({mark}[0-9][0-9][0-9])+)"
            if not re.fullmatch(grouped, integer):
                return "?"
            text = re.sub(mark, "", integer) + point + fraction
        if self.decimal != ".":
            if "." in text:
                return "?"
            text = text.replace(self.decimal, ".")
        return text

    @cached_property
    def missing_texts(self) -> frozenset[str]:
        """The texts that mean a missing value."""
        texts = {text.strip() for text in self.missing_values}
        return frozenset(texts | {text_of(text) for text in texts})

    @cached_property
    def missing_numbers(self) -> list[float]:
        """The numbers that mean a missing value."""
        found = (text for text in self.missing_texts if PLAIN.fullmatch(text) or text in INFINITE)
        return [float(text) for text in found]


def _typed(cell: Any) -> float | None:
    """Return a value of JSON or Parquet as a number, None if it is not one."""
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    if isinstance(cell, time):
        return cell.hour * 3600 + cell.minute * 60 + cell.second + cell.microsecond / 1e6
    is_number = isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)
    return float(cell) if is_number else None


def text_of(cell: Any) -> str:
    """Return the canonical text of a level or key: stripped, 108.0 as 108, True as True."""
    if isinstance(cell, datetime):
        midnight = (cell.hour, cell.minute, cell.second, cell.microsecond) == (0, 0, 0, 0)
        return str(cell.date()) if midnight else cell.isoformat(" ")
    text = str(cell).strip()
    return text[:-2] if text.endswith(".0") and WHOLE.fullmatch(text) else text


@cache
def pattern(written: str) -> re.Pattern[str]:
    """Return the regular expression of a date format."""
    if written == "ISO8601":
        return re.compile(ISO + TIME)
    parts = re.split(r"%([a-zA-Z])", written)
    fields = [f"(?P<{key}>{FIELDS[key]})" for key in ("b" if k == "B" else k for k in parts[1::2])]
    texts = [re.escape(text) for text in parts[::2]]
    found = "".join(text + field for text, field in zip(texts, [*fields, ""], strict=True))
    return re.compile(found if "%H" in written else found + TIME)


def example(written: str, days: float = 20_484.0) -> str:
    """Return a day in a date format: by default 2026-01-31."""
    day = date.fromordinal(EPOCH + math.floor(days))
    return day.isoformat() if written == "ISO8601" else day.strftime(written)


def _days(parts: dict[str, str | None]) -> float:
    """Return the days of a match; ValueError for a nonexistent day or time."""
    year = int(parts.get("Y") or _century(int(parts.get("y") or "x")))
    month = int(parts.get("m") or _month(parts.get("b") or "x"))
    hour, minute = int(parts.get("H") or 0), int(parts.get("M") or 0)
    integer, _, fraction = (parts.get("S") or "0").replace(",", ".").partition(".")
    second, micro = int(integer), int(fraction[:6].ljust(6, "0"))  # nanoseconds are truncated
    if meridiem := parts.get("p"):
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + 12 * (meridiem in "pP")
    if hour > 23 or minute > 59 or second >= 60:
        raise ValueError(hour)
    seconds = hour * 3600 + minute * 60 + second - _zone(parts.get("z") or "Z")
    days = date(year, month, int(str(parts["d"]))).toordinal() - EPOCH
    return float((days * 86400 + seconds) * 1_000_000 + micro) / DAY


def _century(year: int) -> int:
    return year + (2000 if year < 69 else 1900)  # as in POSIX


def _month(name: str) -> int:
    short = name.lower().rstrip(".")  # `date` rejects month 0
    return next((n for n, month in enumerate(MONTHS, 1) if month.startswith(short)), 0)


def _zone(text: str) -> int:
    """Return the seconds by which a time zone such as +02:00 is ahead of UTC."""
    if text in ("Z", "UTC"):
        return 0
    seconds = int(text[1:3]) * 3600 + int(text[-2:]) * 60
    return -seconds if text[0] == "-" else seconds
