"""Hostile tables: cells and columns of CSV, JSON lines and Parquet."""

import io
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import damage
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from damage import EITHER, REFUSED, RESULT, SAME, Case, written

TARGET = "hit"
OPTIONS = ("--data.target", TARGET, "--data.drop", "[]")
ROWS = 240
REGRESSION = np.arange(ROWS) * 1.5  # as the target of a regression


def clean(seed: int = 0, labels: bool = True) -> pd.DataFrame:
    """Return rows whose target follows from their numbers."""
    rng = np.random.default_rng(seed)
    size = rng.normal(10, 3, ROWS).round(3)
    wins = size + rng.normal(0, 1, ROWS)
    hit = np.where(wins > 10, "yes", "no") if labels else wins.round(3)
    return pd.DataFrame(
        {
            "size": size,
            "count": rng.integers(0, 50, ROWS),
            "town": rng.choice(["Oslo", "Bergen", "Turku"], ROWS),
            "day": pd.date_range("2021-01-05", periods=ROWS).strftime("%Y-%m-%d"),
            TARGET: hit,
        }
    )


def cases(labels: bool) -> list[Case]:
    """Return the cases of a task with labels, or with numbers to predict."""
    frame = clean(labels=labels)
    shared = damage.cases(_csv(frame))
    return [*shared, *_cells(frame), *_columns(frame), *_targets(frame, labels), *_stored(frame)]


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")


def _with(frame: pd.DataFrame, **columns: Any) -> Callable:
    """Return a function that writes the table with columns replaced or added."""
    return written(_csv(frame.assign(**columns)), "a.csv")


def _some(values: Sequence[Any], value: Any, every: int = 40) -> list[Any]:
    return [value if row % every == 7 % every else own for row, own in enumerate(values)]


def _cells(frame: pd.DataFrame) -> list[Case]:
    size, day = frame["size"].tolist(), pd.to_datetime(frame["day"])
    formats = ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y"]
    three = [one.strftime(formats[row % 3]) for row, one in enumerate(day)]
    comma = [str(one).replace(".", ",") for one in size]
    huge = [f"{10**25 + row}" for row in range(len(frame))]
    blank = frame.map(lambda _: "")
    return [
        Case("dates in three formats", _with(frame, day=three), RESULT, "day"),
        Case("a date that is none", _with(frame, day=_some(frame["day"], "2021-02-30")), RESULT,
             "day"),
        Case("dates of year 1 and 9999", _with(frame, day=["0001-01-01", "9999-12-31"] * 120),
             EITHER),
        Case("dates with zones", _with(frame, day=frame["day"] + "T10:00:00+02:00"), RESULT),
        Case("days or months first", _with(frame, day=day.dt.strftime("%d/%m/%Y")), RESULT),
        Case("numbers and words", _with(frame, size=_some(size, "about 9")), RESULT, "size"),
        Case("one word in the numbers", _with(frame, size=_some(size, "x", 999)), RESULT, "size"),
        Case("decimal commas", written(_csv(frame.assign(size=comma)).replace(",", ","), "a.csv"),
             RESULT, "size"),
        Case("thousands", _with(frame, size=[f"1,{int(one):03}" for one in size]), RESULT, "size"),
        Case("money", _with(frame, size=[f"${one}" for one in size]), RESULT, "size"),
        Case("percents", _with(frame, size=[f"{one} %" for one in size]), RESULT, "size"),
        Case("infinity", _with(frame, size=_some(size, "inf")), RESULT, "'inf' (row"),
        Case("other words for missing", _with(frame, size=_some(size, "-")), RESULT, "size"),
        Case("numbers beyond float32", _with(frame, size=_some(size, "1e300")), REFUSED, "size"),
        Case("numbers beyond int64", _with(frame, size=huge), EITHER),
        Case("leading zeros", _with(frame, count=[f"00{row % 7}" for row in range(240)]), RESULT),
        Case("true, yes and 1", _with(frame, town=["True", "yes", "1"] * 80), RESULT),
        Case("all missing", written(_csv(blank), "a.csv"), REFUSED),
        Case("half missing", _with(frame, size=["", 1.5] * 120), RESULT, "size"),
        Case("formulas", _with(frame, town=_some(frame["town"], "=cmd|'/C calc'!A0")), RESULT),
        Case("markup", _with(frame, town=_some(frame["town"], "<script>{{ 7*7 }}</script>")),
             RESULT),
        Case("right to left", _with(frame, town=_some(frame["town"], "🦜 \u202e\u05e9\u05dc")),
             RESULT),
        Case("cells of many lines", _with(frame, town=_some(frame["town"], "a\nb\r\nc")), RESULT),
    ]  # fmt: skip


def _columns(frame: pd.DataFrame) -> list[Case]:
    rng = np.random.default_rng(1)
    many = pd.DataFrame(rng.normal(size=(ROWS, 10_000)).round(2)).add_prefix("x")
    wide, wider = (
        _csv(many.iloc[:, :count].assign(**{TARGET: frame[TARGET]})) for count in (1000, 10_000)
    )
    empty = frame.assign(gone="", none=np.nan)
    ids = [f"id-{row}" for row in range(ROWS)]
    unusual = frame.rename(columns={"size": 'Größe, [m]\n"x"', "town": "{{ town }}"})
    unnamed = _csv(frame.rename(columns={"size": ""}))
    return [
        Case("1,000 columns", written(wide, "a.csv"), RESULT, slow=60),
        Case("10,000 columns", written(wider, "a.csv"), RESULT, slow=600),
        Case("the target alone", written(_csv(frame[[TARGET]]), "a.csv"), REFUSED),
        Case("one column that is constant", written(_csv(frame[[TARGET]].assign(a=1)), "a.csv"),
             EITHER),
        Case("a column of nothing", written(_csv(empty), "a.csv"), RESULT, "gone"),
        Case("a column without a name", written(unnamed, "a.csv"), REFUSED, "no name"),
        Case("unusual names", written(_csv(unusual), "a.csv"), RESULT),
        Case("names that differ in case", _with(frame, Size=frame["size"]), RESULT),
        Case("an id", _with(frame, id=ids), RESULT, "id"),
        Case("the target again", _with(frame, again=frame[TARGET]), RESULT, "again"),
        Case("a name of 5,000 letters", _with(frame, **{"n" * 5000: frame["size"]}), RESULT),
        Case("names that outputs have", _with(frame, label=frame["size"], prediction=1), RESULT),
        Case("rows all the same", written(_csv(frame.iloc[[0] * ROWS]), "a.csv"), REFUSED),
        Case("each row twice", written(_csv(pd.concat([frame, frame])), "a.csv"), RESULT),
        *(
            Case(f"{rows} rows", written(_csv(frame.head(rows)), "a.csv"), REFUSED)
            for rows in (1, 2, 9)
        ),
    ]  # fmt: skip


def _targets(frame: pd.DataFrame, labels: bool) -> list[Case]:
    own = frame[TARGET].tolist()
    ranks = [f"c{row % 120}" for row in range(ROWS)]
    found = [
        Case("no target", written(_csv(frame.drop(columns=TARGET)), "a.csv"), REFUSED, "it has"),
        Case("target empty", _with(frame, hit=""), REFUSED, TARGET),
        Case("target missing in half", _with(frame, hit=[""] * 120 + own[120:]), RESULT,
             "left out"),
        Case("target constant", _with(frame, hit=own[0]), REFUSED, TARGET),
        Case("target with a NUL name", written(_csv(frame), "a.csv"), REFUSED, "did you",
             ("--data.target", "hi")),
        Case("target dropped", written(_csv(frame), "a.csv"), RESULT, "",
             ("--data.drop", f"[{TARGET}]")),
        Case("target is the group", written(_csv(frame), "a.csv"), EITHER, "",
             ("--data.group", TARGET)),
        Case("time is no date", written(_csv(frame), "a.csv"), REFUSED, "data.time",
             ("--data.time", "town")),
        Case("two groups", written(_csv(frame.assign(town=["a", "b"] * 120)), "a.csv"), REFUSED,
             "groups", ("--data.group", "town")),
    ]  # fmt: skip
    if labels:
        return [
            *found,
            Case("120 classes of two", _with(frame, hit=ranks), REFUSED, TARGET),
            Case("a class of one", _with(frame, hit=["rare", *own[1:]]), REFUSED, "rare"),
            Case("labels with spaces", _with(frame, hit=_some(own, "yes ", 9)), SAME),
            Case("labels in two cases", _with(frame, hit=_some(own, "YES", 9)), EITHER, "YES"),
            Case("numbers as labels", _with(frame, hit=frame["size"]), REFUSED, "regression"),
            Case("labels 0.0 and 1", _with(frame, hit=["0", "1", ""] * 80), RESULT),
        ]
    return [
        *found,
        Case("words as target", _with(frame, hit=frame["town"]), REFUSED, TARGET),
        Case("a word in the target", _with(frame, hit=_some(own, "?")), REFUSED, TARGET),
        Case("target of infinity", _with(frame, hit=_some(own, "inf")), REFUSED, TARGET),
    ]


def _stored(frame: pd.DataFrame) -> list[Case]:
    """Return the cases of other formats."""
    lines = [json.dumps(row) for row in frame.to_dict("records")]
    broken = [*lines[:100], lines[100][:-9], *lines[101:]]
    nested = [json.dumps(row | {"size": {"a": 1}}) for row in frame.to_dict("records")]
    listed = [json.dumps(row | {"size": [1, 2]}) for row in frame.to_dict("records")]
    uneven = [json.dumps({"hit": row["hit"], f"x{n % 3}": 1.5 * n})
              for n, row in enumerate(frame.to_dict("records"))]  # fmt: skip
    typed = [json.dumps(row | {"size": n if n % 2 else "a"})
             for n, row in enumerate(frame.to_dict("records"))]  # fmt: skip
    text = "\n".join(lines) + "\n"
    return [
        Case("JSON lines", written(text, "a.jsonl"), SAME),
        Case("JSON lines, with mark", written(text.encode("utf-8-sig"), "a.jsonl"), SAME),
        Case("JSON lines, a cut line", written("\n".join(broken), "a.jsonl"), REFUSED, "a.jsonl"),
        Case("JSON lines, cut", written(text[:-30], "a.jsonl"), REFUSED, "a.jsonl"),
        Case("a JSON list", written(f"[{','.join(lines)}]", "a.jsonl"), EITHER),
        Case("JSON lists", written("[1, 2]\n" * 99, "a.jsonl"), REFUSED),
        Case("JSON numbers", written("1\n2\n" * 50, "a.jsonl"), REFUSED, "a.jsonl"),
        Case("JSON, objects in cells", written("\n".join(nested), "a.jsonl"), REFUSED, "size"),
        Case("JSON, lists in cells", written("\n".join(listed), "a.jsonl"), REFUSED, "size"),
        Case("JSON, other keys each", written("\n".join(uneven), "a.jsonl"), RESULT),
        Case("JSON, two types", written("\n".join(typed), "a.jsonl"), RESULT, "size"),
        Case("JSON lines, UTF-16", written(text.encode("utf-16"), "a.jsonl"), SAME),
        Case("JSON lines, empty", written("", "a.jsonl"), REFUSED, "a.jsonl"),
        *_parquet(frame),
    ]


def _parquet(frame: pd.DataFrame) -> list[Case]:
    intact = _bytes(frame)
    days = pd.to_datetime(frame["day"])
    texts = frame["town"].str.encode("latin1")
    money = [Decimal(str(one)) for one in frame["size"]]
    twice = pa.Table.from_pandas(frame).append_column("size", pa.array(frame["size"]))
    columns = {
        "lists": frame.assign(size=[[1, 2]] * ROWS),
        "objects": frame.assign(size=[{"a": 1}] * ROWS),
        "bytes": frame.assign(town=texts),
    }
    fine = {
        "times with zones": frame.assign(day=days.dt.tz_localize("Europe/Oslo")),
        "dates": frame.assign(day=days.dt.date),
        "decimals": frame.assign(size=money),
        "categories": frame.assign(town=frame["town"].astype("category")),
        "durations": frame.assign(size=days - days.min()),
        "an index": frame.set_index("day"),
        "integers with gaps": frame.assign(count=frame["count"].where(frame["size"] > 9)
                                           .astype("Int8")),
    }  # fmt: skip
    return [
        Case("Parquet", written(intact, "a.parquet"), SAME),
        Case("Parquet, cut", written(intact[:-50], "a.parquet"), REFUSED, "a.parquet"),
        Case("Parquet, half", written(intact[: len(intact) // 2], "a.parquet"), REFUSED),
        Case("Parquet, torn inside", written(intact[:300] + bytes(300) + intact[600:], "a.parquet"),
             EITHER),
        Case("Parquet without rows", written(_bytes(frame.head(0)), "a.parquet"), REFUSED),
        Case("Parquet without columns", written(_bytes(frame[[]]), "a.parquet"), REFUSED),
        Case("Parquet, a name twice", written(_bytes(twice), "a.parquet"), REFUSED, "size"),
        *(Case(f"Parquet of {name}", written(_bytes(each), "a.parquet"), REFUSED)
          for name, each in columns.items()),
        *(Case(f"Parquet of {name}", written(_bytes(each), "a.parquet"), RESULT)
          for name, each in fine.items()),
    ]  # fmt: skip


def _bytes(frame: pd.DataFrame | pa.Table) -> bytes:
    file = io.BytesIO()
    table = pa.Table.from_pandas(frame) if isinstance(frame, pd.DataFrame) else frame
    pq.write_table(table, file)
    return file.getvalue()
