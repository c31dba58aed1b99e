"""Compare logged requests, or any file, with the training data: exit code 1 on drift.

The page and its numbers are written to runs/<run>/monitor/.
"""

import gzip
import json
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..config import BaseConfig
from ..export.contract import column_of, described, version
from ..export.measure import exported
from ..runs import UserError, read_json, say, write_text
from ..settings.common import Monitor
from ..tables.cells import Column
from ..tables.rows import load_new
from ..tables.schema import canonical
from . import reference as kept
from . import statistics as drift
from .statistics import PREDICTION, Columns, predicted
from .view import describe, figure

FIGURES = 12  # for the most significant drifts


def monitor(config: BaseConfig, settings: Monitor, run: Path, path: Path | None = None) -> bool:
    """Return whether the rows of `path`, default the request log, drifted; write the report.

    Predictions are compared too: the logged ones, or those of the exported model. UserError if
    there are too few rows, or rows that are invalid for the model.
    """
    path = path or _request_log(config)
    if path is None:
        raise UserError("monitor: this project keeps no request log; name a file to compare.")
    if not path.exists():
        raise UserError(f"{path}: no such file, and no requests; name a file to compare.")
    folder = run / "export" / config.data.SERVED
    model = exported(config.data.SERVED, folder)
    columns = [column_of(entry) for entry in described(model.contract)]
    current = _current(path, config, settings.window, columns, model)
    if len(current) < settings.min_rows:
        needed = settings.min_rows
        raise UserError(f"{path}: {len(current)} rows are too few; at least {needed} are needed.")
    reference, labels = kept.load(folder), model.contract["outputs"]["labels"]
    before, now, reason = reference.paired(current)
    kinds = _kinds(columns, labels, settings.ignore)
    if reason and PREDICTION in kinds:
        say("monitor", f"predictions are not compared: {reason}")
        del kinds[PREDICTION]
    findings = drift.compare(before, now, kinds, settings.fdr, _tolerance(folder, before, labels))
    pair = _with_dates(before, columns), _with_dates(now, columns)
    report = {
        "run": run.name,
        "source": str(path),
        "rows": len(current),
        "reference_rows": len(reference.inputs),
        "predictions": [len(now[PREDICTION]), len(before[PREDICTION])]
        if PREDICTION in kinds
        else None,
        "q": settings.fdr,
        "columns": len(kinds),
        "drifted": list(dict.fromkeys(f.column for f in findings if f.drifted)),
        "tests": [asdict(f) | describe(f, *pair) for f in findings],
    }
    changed = [f for f in findings if f.drifted and f.test == "values"][:FIGURES]
    _write(run / "monitor", report, {f.column: figure(f, *pair) for f in changed})
    return bool(report["drifted"])


def _with_dates(values: Columns, columns: list[Column]) -> Columns:
    """Return columns with the offsets of dates added, so that the report shows dates."""
    moved = [column for column in columns if column.kind == "date" and column.offset]
    return values | {c.name: values[c.name].astype(float) + c.offset for c in moved}


def _tolerance(folder: Path, reference: Columns, labels: list[str] | None) -> float:
    """Return the tolerance between two predictions for a row, as in the export's parity check.

    It is a difference of probabilities, or in the units of the target.
    """
    parity = read_json(folder / "parity.json")
    tolerance: float = parity["tolerance"] or 0.0
    if labels is None and PREDICTION in reference:
        return tolerance * float(reference[PREDICTION].std())
    return tolerance


def _request_log(config: BaseConfig) -> Path | None:
    """Return the path of the server's request log, if a section of the configuration has one."""
    return next((part.request_log for _, part in config if hasattr(part, "request_log")), None)


def _current(
    path: Path, config: BaseConfig, window: int, columns: list[Column], model: Any
) -> pd.DataFrame:
    """Return canonical rows with their predictions; of a log, the newest `window` rows."""
    labels = model.contract["outputs"]["labels"]
    requests = answered(path, window, version(model.contract), labels)
    if requests:
        inputs = canonical(pd.DataFrame([r["inputs"] for r in requests]), columns, str(path))
        answers = np.array([r["value"] if labels is None else r["probabilities"] for r in requests])
        if labels is None:
            answers = answers - model.contract["outputs"].get("offset", 0.0)
    else:
        inputs = load_new(path, columns, config)
        answers = model(inputs)
    rows = kept.comparable_columns(inputs, [column.name for column in columns])
    return rows.assign(**{PREDICTION: predicted(answers, labels)})


def _kinds(columns: list[Column], labels: list[str] | None, ignore: list[str]) -> dict[str, str]:
    kind = "number" if labels is None or len(labels) == 2 else "category"
    kinds = {column.name: column.kind for column in columns} | {PREDICTION: kind}
    unknown = [name for name in ignore if name not in kinds]
    if unknown:
        raise UserError(f"monitor.ignore: no column {unknown[0]!r}; there are {list(kinds)}.")
    return {name: kind for name, kind in kinds.items() if name not in ignore}


def _write(folder: Path, report: dict[str, Any], figures: dict[str, str]) -> None:
    loader = FileSystemLoader(Path(__file__).parent)
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    page = pages.get_template("monitor.html.j2").render(report, figures=figures)
    write_text(folder / "report.html", page)
    write_text(folder / "report.json", json.dumps(report, indent=2) + "\n")
    count = len(report["drifted"])
    verdict = f"drift in {count} of {report['columns']} columns" if count else "no drift"
    print(f" monitor  {verdict} in {report['rows']:,} rows; report in {folder / 'report.html'}")


def answered(path: Path, window: int, model: str, labels: list[str] | None) -> list[dict[str, Any]]:
    """Return the requests that a model answered, of the newest `window` lines of a request log.

    The list is empty if the file is no request log; UserError if another model answered all.
    Damaged lines, such as those that a full disk cut off, are left out, with a warning.
    """
    if ".jsonl" not in path.suffixes:  # a log that was rotated has more of them
        return []
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        numbered = (pair for pair in enumerate(file, 1) if pair[1].strip())
        # The server may be writing its last line.
        lines = deque((pair for pair in numbered if pair[1].endswith(b"\n")), window)
    found = {number: _request(line, model, labels) for number, line in lines}
    damaged = [number for number, request in found.items() if request == {}]
    if len(damaged) == len(found):
        return []
    if others := sum(request is None for request in found.values()):
        say("monitor", f"{path}: another model answered {others:,} of {len(found):,} rows")
    if damaged:
        places = ", ".join(map(str, damaged[:5])) + ", …" * (len(damaged) > 5)
        lost = f"{len(damaged):,} of {len(found):,} lines are damaged and left out"
        say("warning", f"{path}: {lost}: {places}.")
    if others + len(damaged) == len(found):
        raise UserError(f"{path}: this run answered none of them: name the run that did by --run.")
    return [request for request in found.values() if request]


def _request(line: bytes, model: str, labels: list[str] | None) -> dict[str, Any] | None:
    """Return the request on a line of a log, {} if it is damaged, None if of another model."""
    try:
        request = json.loads(line)
        if not isinstance(request["inputs"], dict):
            return {}
        if request.get("model", model) != model:
            return None
        answer = np.asarray(request["value" if labels is None else "probabilities"], float)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return {}
    shape = () if labels is None else (len(labels),)
    return request if answer.shape == shape and np.isfinite(answer).all() else {}
