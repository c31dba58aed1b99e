"""Read generated files of texts with known rows in every way that a project has.

    uv run --directory PROJECT python tests/corrupt/generated_texts.py [--files 2000] [--first 0]

Runs in the environment of a project of texts with the targets batch and api, and with its export,
which is made if there is none. Each row that was written is read, or the message names one; labels
are as written; `predict` has a line for each row, and the API takes the same texts. The files are
the same each time; exit code 1 and the failing files by kind of fault.
"""

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

(PACKAGE,) = [path.parent.name for path in Path().glob("src/*/cli.py")]
config_, delimited, files, onnx_runtime, payload, predictions, reading, runs, schema, words = (
    import_module(f"{PACKAGE}.{name}")
    for name in (
        "config",
        *(f"toolkit.{name}" for name in ("tables.delimited", "tables.files", "export.onnx_runtime",
          "serving.payload", "batch.predictions", "texts.reading", "runs", "tables.schema",
          "texts.words")),
    )
)  # fmt: skip
LABELS = [
    ["007", "010", "100"], ["1.0", "2.0"], ["TRUE", "FALSE"], ["True", "true", "TRUE"],
    ["1e3", "1000"], ["None", "nan", "NA"], ["0.82", "0.1"], ["1,000", "2,000"], ["yes", "no"],
    ["2026-01-31", "01.02.2026"], ["a b", "A B"], ["ß", "日本", "é"], ['"x"', "y"], ["-", "+"],
    ["null", "N/A", "?"], ["ham", "spam"], ["=1+1", "@x"], ["$1", "50%"],
]  # fmt: skip
PIECES = [
    "the engine", "a bird", "Zürich", "naïve café", "日本語", "שלום", "🐦", "5\" pipe", '"quoted"',
    "it's", "a,b", "x;y", "p|q", "tab", "100 %", "=SUM(A1)", "<b>", "\\n", "\\", "'", "--", "0",
    "NA", "Total", "sep", "#", "{}", "[1]",
]  # fmt: skip
MAX_SHOWN = 12


@dataclass
class Made:
    """A file with the rows that are in it."""

    name: str
    content: bytes
    texts: list[str]
    labels: list[str]
    kind: str


def made(number: int) -> Made:
    """Return file `number`."""
    rng = np.random.default_rng(number)
    rows = int(rng.integers(12, 60))
    labels = [*map(str, rng.choice(LABELS[rng.integers(len(LABELS))], rows))]
    breaks = rng.random() < 0.3
    texts = [_text(rng, breaks) for _ in range(rows)]
    kind = str(
        rng.choice(["csv", "unquoted", "jsonl", "array", "parquet"], p=[0.4, 0.2, 0.2, 0.1, 0.1])
    )
    if kind in ("csv", "unquoted"):
        return _delimited(rng, texts, labels, kind == "csv")
    records = [{"text": text, "label": label} for text, label in zip(texts, labels, strict=True)]
    ascii_ = bool(rng.integers(2))
    if kind == "jsonl":
        lines = [json.dumps(each, ensure_ascii=ascii_) for each in records]
        return Made("a.jsonl", "\n".join(lines).encode(), texts, labels, kind)
    if kind == "array":
        content = json.dumps(records, ensure_ascii=ascii_, indent=rng.choice([None, 1]))
        return Made("a.json", content.encode(), texts, labels, kind)
    sink = io.BytesIO()
    coded = pa.array(labels).dictionary_encode() if rng.integers(2) else pa.array(labels)
    pq.write_table(pa.table({"text": pa.array(texts), "label": coded}), sink)
    return Made("a.parquet", sink.getvalue(), texts, labels, kind)


def _text(rng: np.random.Generator, breaks: bool) -> str:
    pieces = [*map(str, rng.choice(PIECES, rng.integers(1, 9)))]
    ends = [" ", " ", " ", "\n" if breaks else " "]
    text = "".join(piece + str(rng.choice(ends)) for piece in pieces).strip()
    return text if rng.random() > 0.03 else str(rng.choice(["", " "]))


def _delimited(rng: np.random.Generator, texts: list[str], labels: list[str], quoted: bool) -> Made:
    delimiter = str(rng.choice([",", ";", "\t", "|"]))
    end = str(rng.choice(["\n", "\r\n"]))
    encoding = str(rng.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    if encoding == "cp1252":
        texts, labels = ([_western(each) for each in column] for column in (texts, labels))
    first = bool(rng.integers(2))
    if quoted:
        sink = io.StringIO(newline="")
        style = csv.QUOTE_ALL if rng.random() < 0.3 else csv.QUOTE_MINIMAL
        writer = csv.writer(sink, delimiter=delimiter, lineterminator=end, quoting=style)
        writer.writerow(["label", "text"] if first else ["text", "label"])
        pairs = zip(labels, texts, strict=True) if first else zip(texts, labels, strict=True)
        writer.writerows(pairs)
        content = sink.getvalue()
    else:
        texts = [text.replace(delimiter, "/").replace("\n", " ") for text in texts]
        labels = [label.replace(delimiter, "/") for label in labels]
        pairs = zip(labels, texts, strict=True) if first else zip(texts, labels, strict=True)
        header = ["label", "text"] if first else ["text", "label"]
        content = "".join(delimiter.join(cells) + end for cells in [header, *pairs])
    suffix = str(rng.choice([".csv", ".tsv", ".txt"]))
    kind = ("csv" if quoted else "unquoted") + f" {encoding} {delimiter!r}"
    return Made("a" + suffix, content.encode(encoding), texts, labels, kind)


def _western(text: str) -> str:
    return text.encode("cp1252", "replace").decode("cp1252")


def check(file: Made, folder: Path, scorer: Any, model: Any) -> str:
    """Assert that a file is read correctly; return what came of it."""
    path = folder / file.name
    path.write_bytes(file.content)
    notes: list[str] = []
    try:
        table = files.table(path, files.Reading(), notes)
    except runs.UserError as error:
        assert "row" in str(error) and ": " in str(error), error
        return f"refused: {' '.join(str(error).split()[1:9])}"
    written = [words.cleaned(text).strip() for text in file.texts]
    texts = [text.strip() for text in reading.texts(table, "text", path)]
    assert len(texts) == len(written), ("rows", len(texts), len(written), notes)
    if file.kind.startswith("unquoted") and not notes:  # marks around whole cells are ambiguous
        texts, written = ([t.replace('"', "") for t in each] for each in (texts, written))
        file.labels = [label.replace('"', "") for label in file.labels]
    different = [pair for pair in zip(texts, written, strict=True) if pair[0] != pair[1]]
    assert not different, ("texts", different[0], notes)
    labels = schema.labels(table, "label", path).tolist()
    if not notes and file.kind.startswith("unquoted"):
        labels = [label.replace('"', "") for label in labels]
    wrong = [p for p in zip(labels, file.labels, strict=True) if p[0] != p[1].strip()]
    assert not wrong, ("labels", wrong[0], notes)
    _assert_served(path, [t.strip() for t in reading.texts(table, "text", path)], scorer, model)
    return "read, with a note" if notes else "read"


def _assert_served(path: Path, texts: list[str], scorer: Any, model: Any) -> None:
    """Assert that `predict` in small batches, and the API's parser, answer as the model does."""
    large = delimited.BLOCK, files.ROWS
    delimited.BLOCK, files.ROWS = 512, 7
    append, answers, first = scorer(path), [], 0
    try:
        for part in files.batches(path, files.Reading(), []):
            answers += append(part, first)[
                "label_" if "label" in part.column_names else "label"
            ].to_pylist()
            first += part.num_rows
    finally:
        delimited.BLOCK, files.ROWS = large
    assert len(answers) == len(texts), ("predicted", len(answers), len(texts))
    filled = [text for text in texts if text]
    expected = iter(model.decide({"text": filled})[1]) if filled else iter(())
    wanted = [next(expected) if text else None for text in texts]
    assert answers == wanted, ("answers", answers[:3], wanted[:3])
    served = payload.Payload(model.contract)
    body = json.dumps([{"text": text} for text in filled]).encode()
    if filled:
        sent = served.columns(served.decode(body))
        assert sent["text"] == filled, ("API", sent["text"][:3], filled[:3])


def main() -> int:
    """Generate files and read them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    args = parser.parse_args()
    config = config_.load(Path("config.yaml"), {"data.text": "text", "data.target": "label"})
    if not (config.paths.runs / "latest").exists():
        subprocess.run([PACKAGE.replace("_", "-"), "run"], check=True)
    export = runs.find(config.paths.runs) / "export/onnx"
    model = onnx_runtime.load(export)
    counts: Counter[str] = Counter()
    faults: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.first, args.first + args.files):
            file = made(number)
            try:
                came = check(file, Path(folder), lambda path: predictions.scorer(
                    export, path, config, Counter()), model)  # fmt: skip
                counts[f"{file.kind.split()[0]} {came}"] += 1
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                kind = f"{where.name}:{where.lineno} {str(error)[:14]} {file.kind}"
                faults.setdefault(kind, []).append(f"{number}: {error!s:.300}")
    for came, count in counts.most_common():
        print(f"{count:6} {came}")
    for kind, found in sorted(faults.items(), key=lambda each: -len(each[1]))[:MAX_SHOWN]:
        print(len(found), kind, found[0], sep=" | ")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
