"""Tables whose values are known, and the files that people would write of them."""

import gzip
import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from damage import zipped
from hypothesis import strategies as st

FORMATS = (  # of dates
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y"),
    *("%d. %b %Y", "%d/%b/%Y", "%b %d, %Y", "%b %d %Y", "%d %B %Y", "%B %d, %Y"),
)
TIMES = ("", "", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %H:%M:%S.%f", "T%H:%M:%SZ")
UNUSUAL = (  # each text is a category
    *("a", "b", "Oslo", 'say "hi"', '"', "a,b", "c;d", "e\tf", "g|h", "line\nbreak", "a\r\nb"),
    *("it's", "größe", "Žižek", "日本", "🦜", " blank ", "\u00a0no break ", "00008", "007", "x=1"),
    *("=1+1", "-", "--", "?", "None", "none", "inf", "1e5x", "2009-10", "12%", "#1", "a\u2028b"),
    *("a\x85b", "a\x0cb", "\ufeffmark", "e\u0301", "\u200b", "A1", "1-2", "true?", "0x1F", "1_000"),
    *("NaN?", "<b>", "{{ x }}", "\\", "\\n", "C:\\x", "sep=;", "a'b", "1.0.0", "108.0", "٣"),
)
WORDS = st.one_of(
    st.sampled_from(UNUSUAL), st.text("ab \"',;\t|\n\r.-0Éß\u3000\u2028\x1c", max_size=4)
)
TRUTHS = (("True", "False"), ("true", "false"), ("TRUE", "FALSE"), ("yes", "no", "True", "0"))
TOKENS = ["", "NA", "N/A", "NaN", "nan", "null", "NULL"]
MORE = ("?", "-", "none", "-999", "-1", "#N/A", ".", "missing value", "9999.0", "inf")
MARKS = ((".", ""), (".", ","), (",", "."), (",", ""), (".", " "), (",", "\u202f"), (".", "'"))
NAMES = st.one_of(
    st.sampled_from("abcdxyz"),
    st.sampled_from(("dist, km", "a;b", 'say "x"', "line\nbreak", "größe", "1", "a\u2028b", "日")),
)


@dataclass
class Made:
    """A column: its cells as texts, as values (None is missing), and what they mean."""

    kind: str
    texts: list[str]
    typed: list[Any]
    truth: list[float | str]
    arrow: pa.DataType | None = None
    dates: str | None = None

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(repr=False)
class Table:
    """Columns by name, what means missing, and the file: its name, bytes and the way of cells."""

    columns: dict[str, Made]
    missing: list[str]
    name: str = ""
    content: bytes = b""
    typed: bool = False

    def __repr__(self) -> str:
        text = self.name.endswith((".csv", ".tsv", ".txt", ".json", ".jsonl"))
        content = self.content[:300] if text else {n: m.texts for n, m in self.columns.items()}
        return f"{self.name}: {content!r:.600}, missing {self.missing}"


@st.composite
def tables(draw: Callable) -> Table:
    """Draw a table and a file of it."""
    rows = draw(st.one_of(st.integers(1, 6), st.integers(1, 30)))
    missing = [*TOKENS, *draw(st.lists(st.sampled_from(MORE), max_size=2, unique=True))]
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    kinds = st.sampled_from((numbers, numbers, dates, categories, truths))
    columns = {}
    for name in names:
        made = draw(draw(kinds)(rows))
        columns[name] = _with_gaps(made, draw(_gaps(rows)), draw, missing)
    table = Table(columns, missing)
    table.typed = draw(st.booleans())
    draw(st.sampled_from((delimited, delimited, delimited, records, parquet, workbook)))(
        table, draw
    )
    return table


def _gaps(rows: int) -> st.SearchStrategy:
    none = st.just([False] * rows)
    return st.one_of(none, st.lists(st.booleans(), min_size=rows, max_size=rows))


def _with_gaps(made: Made, gaps: list[bool], draw: Callable, missing: list[str]) -> Made:
    """Write tokens into some cells; values that tokens stand for are missing as well."""
    tokens = draw(st.lists(st.sampled_from(missing), min_size=1, max_size=3))
    absent = {_level(token) for token in missing}
    for place, gap in enumerate(gaps):
        if gap:
            made.texts[place], made.typed[place] = tokens[place % len(tokens)], None
        if gap or _level(made.texts[place]) in absent or _is_number_of(made, place, missing):
            made.truth[place] = "" if made.kind in ("category", "boolean") else math.nan
    return made


def _is_number_of(made: Made, place: int, missing: list[str]) -> bool:
    numbers = {float(token) for token in missing if any(char.isdigit() for char in token)}
    return made.kind == "number" and made.truth[place] in numbers


def _level(text: str) -> str:
    text = text.strip()
    digits = text.removesuffix(".0")
    number = digits.removeprefix("-")
    integer = number.isascii() and number.isdigit() and (number == "0" or number[0] != "0")
    return digits if digits != text and integer else text


@st.composite
def numbers(draw: Callable, rows: int) -> Made:
    """Draw numbers of one magnitude, written in one way."""
    small, large = st.integers(-99_999, 99_999), st.integers(-(2**53), 2**53)
    near, deep = st.integers(0, 999), st.decimals(-9999, 9999, places=3)
    float64 = st.floats(-3e38, 3e38, allow_subnormal=False)
    float32 = st.floats(-(2.0**20), 2.0**20, width=32, allow_subnormal=False)
    stamps = near.map(lambda n: 1_764_400_000 + n)
    nine = st.integers(10**8, 10**9 - 1).map(lambda n: Decimal(n) / 1000)
    kind = draw(st.sampled_from((small, large, deep, float64, float32, stamps, nine, near)))
    values = draw(st.lists(kind, min_size=rows, max_size=rows))
    sign = draw(st.sampled_from(("", "", "", "$", "€", "%", "£")))
    decimal, thousands = draw(st.sampled_from(MARKS)) if draw(st.booleans()) else (".", "")
    after, space = draw(st.booleans()) or sign == "%", draw(st.sampled_from(("", " ")))
    texts = []
    for value in values:
        if not sign and (decimal, thousands) == (".", ""):
            texts.append(_plain(value, draw))
            continue
        text = _grouped(format(Decimal(str(value)), "f"), decimal, thousands)
        minus, digits = ("-", text[1:]) if text[0] == "-" else ("", text)
        texts.append(f"{minus}{digits}{space}{sign}" if after else f"{minus}{sign}{digits}")
    arrow = {small: pa.int32(), large: pa.int64(), float32: pa.float32(), near: pa.uint16()}
    arrow |= {deep: pa.decimal128(12, 3), nine: pa.decimal128(12, 3)}
    return Made("number", texts, list(values), [*map(float, values)], arrow.get(kind))


def _plain(value: Any, draw: Callable) -> str:
    if isinstance(value, float):
        return repr(value)
    return draw(st.sampled_from(("{}", "{}", " {}", "{} "))).format(value)


def _grouped(digits: str, decimal: str, thousands: str) -> str:
    minus = digits[:1] if digits[0] == "-" else ""
    integer, point, rest = digits.removeprefix("-").partition(".")
    if thousands:
        integer = f"{int(integer):,}".replace(",", thousands)
    return minus + integer + (decimal if point else "") + rest


@st.composite
def dates(draw: Callable, rows: int) -> Made:
    """Draw days or times, written in one format."""
    written, clock = draw(st.sampled_from(FORMATS)), draw(st.sampled_from(TIMES))
    low, high = datetime(1969, 1, 1), datetime(2068, 12, 31)
    if "%y" not in written:
        low, high = datetime(1690, 1, 1), datetime(2250, 1, 1)
    near = st.datetimes(datetime(2023, 1, 1), datetime(2024, 1, 1))
    every = st.one_of(near, st.datetimes(low, high))
    values = draw(st.lists(every, min_size=rows, max_size=rows))
    kept = {"%f": 1, "%S": 10**6, "%M": 60 * 10**6, "": 86_400 * 10**6}
    step = next(kept[unit] for unit in kept if unit in clock)
    values = [_floor(value, step) for value in values]
    hours = draw(st.sampled_from((0, 0, 2, -5))) if "%S" in clock and clock[-1] != "Z" else 0
    zone = timezone(timedelta(hours=hours))
    suffix = f"{hours:+03}:00" if hours else ""
    texts = [value.strftime(written + clock) + suffix for value in values]
    if written[:2] == "%Y":  # whatever the system's strftime makes of years before 1000
        texts = [f"{value.year:04}{text[4:]}" for value, text in zip(values, texts, strict=True)]
    typed = [value.replace(tzinfo=zone if hours else None) for value in values]
    truth = [_days(value.replace(tzinfo=zone)) for value in values]
    arrow = pa.timestamp(draw(st.sampled_from(("us", "ns"))), "UTC" if hours else None)
    if step == 86_400 * 10**6 and draw(st.booleans()):
        arrow, typed = pa.date32(), [value.date() for value in values]
    first = {"%d": "day-first", "%m": "month-first"}.get(written[:2])
    return Made("date", texts, typed, truth, arrow, first)


def _floor(value: datetime, step: int) -> datetime:
    since = value - datetime(1600, 1, 1)
    return value - since % timedelta(microseconds=step)


def _days(moment: datetime) -> float:
    """Return the float64 that is nearest."""
    since = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return float(Fraction(since, 86_400 * 10**6))


@st.composite
def categories(draw: Callable, rows: int) -> Made:
    """Draw texts of every kind."""
    pool = draw(st.lists(WORDS, min_size=1, max_size=6))
    texts = draw(st.lists(st.sampled_from(pool), min_size=rows, max_size=rows))
    kinds = (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()))
    arrow = draw(st.sampled_from((*kinds, pa.string_view())))
    return Made("category", [*texts], [*texts], [*map(_level, texts)], arrow)


@st.composite
def truths(draw: Callable, rows: int) -> Made:
    """Draw what is true or false."""
    words = st.sampled_from(draw(st.sampled_from(TRUTHS)))
    texts = draw(st.lists(words, min_size=rows, max_size=rows))
    typed = [text.lower() in ("true", "yes") for text in texts]
    return Made("boolean", texts, typed, [str(value) for value in typed], pa.bool_())


def delimited(table: Table, draw: Callable) -> None:
    """Write delimited text; its cells are texts."""
    table.typed = False
    delimiter, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(("\n", "\r\n", "\r")))
    everything, blanks = draw(st.booleans()), draw(st.sampled_from((0, 0, 0, 3)))
    rows = [[*table.columns], *zip(*(made.texts for made in table.columns.values()), strict=True)]

    alone = len(rows[0]) < 2  # in a single column, only quotes mark the delimiter
    special = ',;\t|"\r\n' if alone else f'{delimiter}"\r\n'

    def quoted(cell: str) -> str:
        must = any(sign in cell for sign in special) or (alone and not cell)
        return '"{}"'.format(cell.replace('"', '""')) if must or everything else cell

    text = end.join(delimiter.join(map(quoted, row)) for row in rows) + end * (1 + blanks)
    if rows[-1][-1] and draw(st.booleans()):
        text = text.rstrip("\r\n") if rows[-1][-1].rstrip("\r\n") == rows[-1][-1] else text
    encoding = draw(st.sampled_from(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252")))
    if encoding == "cp1252" and not _is_western(text):
        encoding = "utf-8"
    pack = draw(st.sampled_from(("", "", "", ".gz", ".zip")))
    table.content = _packed(text.encode(encoding), pack)
    suffix = draw(st.sampled_from((".csv", ".tsv", ".txt")))
    table.name = "a.zip" if pack == ".zip" and suffix == ".txt" else f"a.csv{pack}"
    table.name = table.name if pack else f"a{suffix}"


def _is_western(text: str) -> bool:
    try:
        text.encode("cp1252").decode("utf-8")
    except UnicodeEncodeError:
        return False
    except UnicodeDecodeError:
        return True
    return text.isascii()


def _packed(content: bytes, pack: str) -> bytes:
    if pack == ".gz":
        return gzip.compress(content, 1)
    return zipped({"inside.csv": content}) if pack else content


def records(table: Table, draw: Callable) -> None:
    """Write JSON: lines, an array, or one in an object."""
    columns = {}
    for name, made in table.columns.items():
        typed = table.typed and made.kind in ("number", "boolean")
        columns[name] = [_json(value) for value in made.typed] if typed else made.texts
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    if draw(st.booleans()):  # null, or no key at all, but in the first row: it has all columns
        first, *others = rows
        others = [{k: v for k, v in row.items() if v not in (None, "")} for row in others]
        rows = [first, *others]
    way, ascii_ = draw(st.sampled_from(("lines", "array", "pretty", "data"))), draw(st.booleans())
    if way == "lines":
        text = "\n".join(json.dumps(row, ensure_ascii=ascii_) for row in rows)
    else:
        content = {"data": rows} if way == "data" else rows
        text = json.dumps(content, ensure_ascii=ascii_, indent=1 if way == "pretty" else None)
    pack = draw(st.sampled_from(("", "", ".gz")))
    table.content = _packed(text.encode(), pack)
    table.name = f"a{draw(st.sampled_from(('.json', '.jsonl')))}{pack}"


def _json(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def parquet(table: Table, draw: Callable) -> None:
    """Write Parquet, of typed cells or of texts."""
    columns = {}
    for name, made in table.columns.items():
        typed = table.typed or made.kind == "category"
        columns[name] = pa.array(made.typed, made.arrow) if typed else pa.array(made.texts)
        if typed and made.kind == "number" and made.arrow is None:
            columns[name] = pa.array([v if v is None else float(v) for v in made.typed])
        if made.kind == "number" and None not in made.typed and draw(st.booleans()):
            columns[name] = columns[name].dictionary_encode()
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, row_group_size=draw(st.sampled_from((3, 1000))))
    table.content, table.name = file.getvalue(), "a.parquet"


def workbook(table: Table, draw: Callable) -> None:
    """Write a workbook of Excel; what it can't hold becomes delimited text."""
    book = openpyxl.Workbook()
    sheet = book.active
    cells = [_sheet_cells(made, table.typed) for made in table.columns.values()]
    rows = [[*table.columns], *zip(*cells, strict=True)]
    texts = "".join(str(cell) for row in rows for cell in row)
    if any(char < " " and char != "\n" for char in texts) or _is_edge_empty(rows):
        delimited(table, draw)
        return
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row, start=1):
            cell = sheet.cell(number, place)
            cell.value = value
            if isinstance(value, str) and value:
                cell.data_type = "s"
    file = io.BytesIO()
    book.save(file)
    table.content, table.name = file.getvalue(), "a.xlsx"


def _is_edge_empty(rows: list[Any]) -> bool:
    """Return whether the last row is empty: a sheet does not store whether it is a row."""
    return all(cell in (None, "") for cell in rows[-1])


def _sheet_cells(made: Made, typed: bool) -> list[Any]:
    if not typed or made.kind == "category":
        return made.texts
    if made.kind == "date":  # a sheet begins in 1900, and has no zones or fractions of a second
        moments = [v for v in made.typed if isinstance(v, datetime)]
        fits = all(v.year > 1900 and not v.tzinfo and not v.microsecond for v in moments)
        return (
            made.typed
            if fits and len(moments) == sum(v is not None for v in made.typed)
            else (made.texts)
        )
    numbers_ = [v if v is None or isinstance(v, bool) else float(v) for v in made.typed]
    short = all(not v or float(f"{v:.15g}") == v for v in numbers_)  # a sheet has 15 digits
    return numbers_ if short else made.texts
