"""Files as people have them: read whole, or refused with a row, a column and a way out."""

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from my_model.runs import UserError
from my_model.tables import delimited, files
from my_model.tables.infer import infer
from my_model.tables.schema import canonical, readable

FRAME = pd.DataFrame({"name": ["a,b", "c;d", 'e"f', "g"], "x": [1.5, 2.0, -3.0, 4.25]})


def table(path: Path, **reading: Any) -> tuple[pa.Table, list[str]]:
    notes: list[str] = []
    return files.table(path, files.Reading(**reading), notes), notes


def written(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def same(path: Path) -> None:
    """Assert that a file holds FRAME."""
    read, _ = table(path)
    columns = infer(read)
    assert [column.kind for column in columns] == ["category", "number"]
    found = canonical(read, columns).astype({"name": "str"})
    assert found.to_dict("list") == FRAME.to_dict("list")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_delimited_text(delimiter: str, encoding: str, tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        text = FRAME.to_csv(sep=delimiter, index=False, lineterminator=end)
        same(written(tmp_path, text.encode(encoding)))


def test_compressed_and_typed_files(tmp_path: Path) -> None:
    text = FRAME.to_csv(index=False)
    same(written(tmp_path, gzip.compress(text.encode()), "a.csv.gz"))
    with zipfile.ZipFile(tmp_path / "a.csv.zip", "w") as archive:
        archive.writestr("inside.csv", text)
    same(tmp_path / "a.csv.zip")
    FRAME.to_parquet(tmp_path / "a.parquet")
    same(tmp_path / "a.parquet")
    records = FRAME.to_dict("records")
    same(written(tmp_path, "\n".join(map(json.dumps, records)), "a.jsonl"))
    for name in ("a.json", "a.jsonl"):
        same(written(tmp_path, json.dumps(records), name))
        same(written(tmp_path, json.dumps(records, indent=1), name))
        same(written(tmp_path, json.dumps({"data": records}, indent=1), name))


def test_lines_before_the_header_are_left_out_and_named(tmp_path: Path) -> None:
    rows = "x;kind;y\n1;a;2\n3;b;4\n"
    for before in ("sep=;\n", "# exported\n# by hand\n", "Report of May\n\n"):
        read, notes = table(written(tmp_path, before + rows))
        assert read.column_names == ["x", "kind", "y"] and read.num_rows == 2
        assert repr(before.splitlines()[0]) in notes[0]
    read, notes = table(written(tmp_path, "#id,x\n1,2\n3,4\n"))
    assert read.column_names == ["#id", "x"] and not notes


def test_headers_tell_the_delimiter_only_with_their_rows(tmp_path: Path) -> None:
    read, _ = table(written(tmp_path, '"dist, km";"load, kg"\n"1.5";"2"\n"2.5";"3"\n'))
    assert read.column_names == ["dist, km", "load, kg"]
    read, _ = table(written(tmp_path, "text\nhello, world\nno comma\na, b, c\n"))
    assert read.column_names == ["text"] and read.num_rows == 3
    read, _ = table(written(tmp_path, "a;b\n1,5;2,5\n3,5;4,5\n"))
    assert [column.decimal for column in infer(read)] == [",", ","]


def test_names_are_what_the_header_has_whatever_stands_in_it(tmp_path: Path) -> None:
    for name in ("a\u2028b", "a\x0cb", "a\x85b", "dist, km", "a\rb", 'say "x"'):
        quoted = '"{}"'.format(name.replace('"', '""')) if {*'"\r'} & {*name} else name
        read, notes = table(written(tmp_path, f"{quoted}\n0\n1\n"))
        assert read.column_names == [name] and read.num_rows == 2 and not notes
    names = [f"a rather long name {number}" for number in range(9000)]
    read, _ = table(written(tmp_path, f"{','.join(names)}\n{',' * 8999}\n{'1,' * 8999}1\n"))
    assert read.column_names == names and read.num_rows == 2


def test_a_cell_may_be_larger_than_what_is_parsed_at_once(tmp_path: Path) -> None:
    large = "x\n" * 600_000
    for before in (0, 1000):
        path = written(tmp_path, "a,b\n" + "1,z\n" * before + f'1,"{large}"\n2,y\n')
        read, _ = table(path)
        assert read["b"].to_pylist() == ["z"] * before + [large, "y"]
    rows = "1,z\n" * 500 + "1\n" + "1,z\n" * 300_000
    read, notes = table(written(tmp_path, f'a,b\n{rows}1,"{large}"\n'), bad_rows="skip")
    assert read.num_rows == 300_501 and notes[0].count("row 501 has 1 cells") == 1


def test_a_missing_cell_in_the_first_row_is_no_unit(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\nNA,x\n" + "1,x\n" * 40)
    assert table(path, missing=["", "NA"])[0].num_rows == 41


NUMBERS = np.random.default_rng(0).gamma(2, 50, 60).round(2)
SUM, MEAN = float(NUMBERS.sum()), float(NUMBERS.mean())
TOTALS = {
    "is the sum of 'x'": [
        f"Total||{SUM:.2f}\n",
        f"||{SUM:.2f}\n",
        f"||\n||\nSumme:||{SUM:.0f}\n||\n",
        f'Total||"{SUM:,.2f}"\n',
    ],
    "is the mean of 'x'": [f"Average||{MEAN:.2f}\n", f"Mittelwert:||{MEAN:.1f}\n"],
}
NO_TOTALS = [f"{first}|{NUMBERS[0]}\n" for first in ("Total|60", "|60")] + [
    *(f"{first}|{SUM:.2f}\n" for first in ("k3|Total", "k3|")),
    "Total|60|0\n",
]
TO_COMMAS = {".": {"|": ","}, ",": {"|": ";", ",": ".", ".": ","}}  # by the decimal mark


def ended(end: str, decimal: str = ".") -> str:
    """Return a table with another row at its end."""
    rows = (f"k{n % 7}|{n}|{value}\n" for n, value in enumerate(NUMBERS))
    return "".join(["kind|n|x\n", *rows, end]).translate(str.maketrans(TO_COMMAS[decimal]))


@pytest.mark.parametrize("decimal", TO_COMMAS)
@pytest.mark.parametrize("what", TOTALS)
def test_a_row_of_sums_is_refused_or_left_out(
    what: str, decimal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for end in TOTALS[what]:
        path, blanks = written(tmp_path, ended(end, decimal)), end.count("\n") - 1
        row = 61 if not blanks else 63
        with pytest.raises(UserError, match=rf"row {row}, the last, .* {what}.*bad_rows skip"):
            table(path)
        read, notes = table(path, bad_rows="skip")
        assert read.num_rows == 60 + blanks and len(notes) == 1
        assert f"left out of {path}: row {row}, the last" in notes[0] and what in notes[0]
        monkeypatch.setattr(delimited, "BLOCK", 256)  # as `predict` reads a large file
        assert pa.concat_tables(files.batches(path, files.Reading("skip"), [])).equals(read)
        monkeypatch.undo()


def test_a_total_in_typed_files_is_found(tmp_path: Path) -> None:
    frame = pd.DataFrame({"kind": [*"abc", "Total"], "x": [1.5, 2.5, 3.25, 7.25]})
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    for name in ("a.parquet", "a.jsonl"):
        with pytest.raises(UserError, match="row 4, the last, sums up those above"):
            table(tmp_path / name)
        assert table(tmp_path / name, bad_rows="skip")[0].num_rows == 3
    again = pd.concat([frame.tail(1).assign(x=0.0), frame])  # so that it is a level
    for kind in ("str", "category"):
        again.astype({"kind": kind}).to_parquet(tmp_path / "b.parquet")
        assert table(tmp_path / "b.parquet")[0].num_rows == 5


@pytest.mark.parametrize("end", NO_TOTALS)
def test_a_last_row_that_may_be_a_case_is_kept(end: str, tmp_path: Path) -> None:
    read, notes = table(written(tmp_path, ended(end)))
    assert read.num_rows == 61
    assert [("the last row says 'Total'" in note) for note in notes] == [True] * ("Total" in end)


def test_ordinary_tables_hold_no_total(tmp_path: Path) -> None:
    """By chance, the last number of few rows is the sum of those above, or all are 0."""
    for text in (
        "kind,x\nTotal,1\nShell,2\nTotal,3\n",
        "kind,x\na,1\nb,2\nc,3\n",
        "kind,x\na,1\nb,2\n,3\n",
        "kind,x\na,1\nTotal,1\n",
        "kind,id,x\na,1,2\nb,2,1\nTotal,4,3\n",
        "kind,x\n" + "a,0\n" * 40 + "Total,0\n",
        "kind,x\n" + "a,0\n" * 40 + "a,1\n,1\n",
        "a,b\n1,1\n2,3\n3,4\n",
    ):
        path = written(tmp_path, text)
        assert table(path)[0].num_rows == text.count("\n") - 1


def test_all_types_of_text_are_read_alike() -> None:
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        (column,) = infer(pa.table({"x": pa.array(["1.5", "2", None], kind)}))
        assert (column.kind, column.high, column.missing) == ("number", 2.0, True)
        (column,) = infer(pa.table({"x": pa.array(["a", "b", None], kind)}))
        assert (column.kind, column.categories) == ("category", ["a", "b"])


DAMAGED = {
    "row 2 has 1 cells and not 2": "a,b\n1,2\n3\n4,5\n",
    "row 2 has 3 cells and not 2": "a,b\n1,2\n3,4,5\n4,5\n",
    "row 2 has 1 cells and not 2: '3,4": 'a,b\n1,2\n"3,4\n4,5\n',
    "row 3, the last, is cut off": "a,b\n1,2\n3,4\n5,",
    "row 1 is no number where all others are: 'mm' in 'a'": "a,b\nmm,-\n" + "1,x\n" * 40,
    "1 rows that repeat the header": "a,b\n1,2\na,b\n4,5\n",
}


@pytest.mark.parametrize("message", DAMAGED)
def test_damaged_rows_are_named_and_refused_or_left_out(message: str, tmp_path: Path) -> None:
    path = written(tmp_path, DAMAGED[message])
    with pytest.raises(UserError) as caught:
        table(path)
    assert message in str(caught.value) and "--data.bad_rows skip" in str(caught.value)
    read, notes = table(path, bad_rows="skip")
    assert message in notes[0] and read["a"].to_pylist()[0] == "1"


def test_a_damaged_byte_is_no_other_encoding(tmp_path: Path) -> None:
    good = "a,b\nGröße,1\nÄpfel,2\nÖl,3\n".encode()
    with pytest.raises(UserError, match="column 'a', row 2: a byte that is no UTF-8"):
        table(written(tmp_path, good.replace("Ä".encode(), b"\xff")))
    read, _ = table(written(tmp_path, good.decode().encode("cp1252")))
    assert read["a"].to_pylist() == ["Größe", "Äpfel", "Öl"]


def test_columns_without_names_and_repeated_ones(tmp_path: Path) -> None:
    read, notes = table(written(tmp_path, ",x\n0,1\n1,2\n"))
    assert read.column_names == ["x"] and "numbers the rows" in notes[0]
    with pytest.raises(UserError, match="has no name in the header"):
        table(written(tmp_path, "x,\n0,1\n1,3\n"))
    with pytest.raises(UserError, match="'x' stands twice"):
        table(written(tmp_path, "x,x\n0,1\n"))
    indexed = FRAME.set_index("name")
    indexed.to_parquet(tmp_path / "a.parquet")
    assert table(tmp_path / "a.parquet")[0].column_names == ["x", "name"]


KINDS = {
    "number": ["1", "-2.5", "1e3", ""],
    "number '57371'": ["57,371", "1,200", "13", ""],
    "number '1.5'": ["1,5", "2,75", "3", ""],
    "number '1200'": ["$1,200", "$3", "-$4.50"],
    "date %d.%m.%Y": ["01.01.2023 14:55", "31.12.2022 00:00"],
    "date %d/%m/%y": ["01/01/23", "31/12/22"],
    "date %m/%d/%Y": ["01/02/2023", "12/31/2022"],
    "date %d-%b-%Y": ["01-Jan-2023", "31-Dec-2022"],
    "date %b %d, %Y": ["Jan 01, 2023", "Dec 31, 2022"],
    "date ISO8601": ["2023-01-05T10:00:00Z", "2023-01-06"],
    "category seasons": ["2009-10", "2010-11", "2013-14"],
    "category codes": ["00008", "00123", "12345"],
    "boolean": ["True", "yes", "1", "False", "no", "0"],
    "category yes": ["yes", "no"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_column_holds(kind: str) -> None:
    notes: list[str] = []
    (column,) = infer(pa.table({"x": KINDS[kind]}), ["", "NA"], None, notes)
    name, _, more = kind.partition(" ")
    assert column.kind == name or (column.kind == "category" and column.boolean)
    assert column.format == (more if name == "date" else None)
    assert column.boolean == (kind == "boolean")
    if more.startswith("'"):
        assert column.value(KINDS[kind][0]) == float(more.strip("'"))
        assert "read as numbers" in notes[0]
    assert bool(notes) == (more.startswith("'") or kind in ("boolean", "category codes"))


def test_days_and_months_that_nothing_tells_apart_are_asked_for() -> None:
    cells = pa.table({"when": ["08/02/2023", "05/10/2023"]})
    with pytest.raises(UserError, match=r"--data\.dates day-first or month-first"):
        infer(cells)
    assert infer(cells, dates="day-first")[0].format == "%d/%m/%Y"
    assert infer(cells, dates="month-first")[0].format == "%m/%d/%Y"


def test_what_keeps_a_column_from_being_numbers_is_named_with_advice_that_works() -> None:
    texts = [str(number) for number in range(40)]
    texts[28] = "?"
    notes: list[str] = []
    (column,) = infer(pa.table({"hp": texts}), ["", "NA"], None, notes)
    assert column.kind == "category"
    assert "'?' (row 29)" in notes[0] and """--data.missing '["", "NA", "?"]'""" in notes[0]
    assert infer(pa.table({"hp": texts}), ["", "NA", "?"])[0].kind == "number"


def test_what_float32_would_lose_is_taken_off() -> None:
    (column,) = infer(pa.table({"x": [str(1_764_400_000 + n) for n in range(100)]}))
    assert column.offset == 1_764_400_000
    found = canonical(pa.table({"x": ["1764400007"]}), [column])
    assert found["x"].tolist() == [7.0]
    for others in (["1", "2000000"], ["1764400007"] * 9):  # nothing is learned from a constant
        assert infer(pa.table({"x": others}))[0].offset == 0


@pytest.mark.parametrize("step", [1.0, 60.0])
def test_stamps_within_a_day_stay_apart(step: float) -> None:
    """Days since 1970 as float32 are 169 s apart; less whole weeks, they are within 0.05 s."""
    stamps = pd.Timestamp("2026-01-31 08:00") + pd.to_timedelta(np.arange(600) * step, "s")
    notes: list[str] = []
    for cells in (stamps.strftime("%d.%m.%Y %H:%M:%S"), stamps):
        read = pa.table({"when": pa.array(cells)})
        (column,) = infer(read, notes=notes)
        days = canonical(read, [column])["when"].to_numpy(np.float64)
        np.testing.assert_allclose(np.diff(days) * 86400, step, atol=0.1)  # two roundings
        assert (column.offset + 3) % 7 == 3 and readable(days[0], column) == "2026-01-31 08:00:00"
        assert "its difference from 2026-01-29 00:00:00" in notes.pop()


def test_dates_that_float32_holds_keep_their_days() -> None:
    days = pd.date_range("2019-01-01 10:17:33", periods=2000, freq="29h")
    hours = pd.date_range("2026-01-31", periods=30, freq="h")
    for stamps in (days, hours, days[:1].repeat(9), days.normalize()[:3]):
        assert infer(pa.table({"when": pa.array(stamps)}))[0].offset == 0
