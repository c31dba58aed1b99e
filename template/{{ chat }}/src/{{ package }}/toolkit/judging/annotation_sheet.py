"""A spreadsheet for blind pairwise comparison of answers by a human annotator."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..runs import UserError, replacing, write_text
from ..tables.files import frame
from . import comparisons, win_rate

KEY = "judging/key.csv"  # of a run: which model's answer is the first
COLUMNS = ("pair", "prompt", "answer 1", "answer 2", "better")
FORMULA = ("=", "+", "-", "@", "\t")  # spreadsheet programs would evaluate such a cell


def write(config: BaseConfig, run: Path, file: Path) -> str:
    """Write the sheet as CSV, and its key, which model is first, separately into the run."""
    if file.exists():
        raise UserError(f"{file}: already exists; --filled reads it, or choose another name.")
    if file.suffix.lower() != ".csv":
        raise UserError(f"{file}: the sheet is a CSV file: choose a name that ends in .csv.")
    pairs = comparisons.load_pairs(run, config).pairs
    swapped = np.random.default_rng([config.seed, 1]).integers(2, size=len(pairs))
    first = [("model", "base")[swap] for swap in swapped]
    key = pd.DataFrame({"pair": [pair.name for pair in pairs], "first": first})
    rows = [
        (pair.name, *map(_escape, (pair.prompt, *pair.texts(name))), "")
        for pair, name in zip(pairs, first, strict=True)
    ]
    text = pd.DataFrame(rows, columns=[*COLUMNS]).to_csv(index=False, lineterminator="\r\n")
    write_text(run / KEY, key.to_csv(index=False, lineterminator="\n"))
    with replacing(file) as scratch:
        scratch.write_bytes(text.encode("utf-8-sig"))  # Excel needs the byte order mark
    return f"{len(pairs)} pairs in {file}: fill in 1, 2 or tie, then run `sheet {file} --filled`"


def read(config: BaseConfig, run: Path, file: Path) -> str:
    """Read a filled sheet, save its outcomes, and return a summary."""
    if not (run / KEY).exists():
        raise UserError(f"{run / KEY} is missing: write the sheet first, with `sheet {file}`.")
    table = _table(file)
    key = pd.read_csv(run / KEY, dtype=str).set_index("pair")["first"]
    known = {pair.name for pair in comparisons.load_pairs(run, config).pairs}
    outcomes = dict[str, str]()
    for number, (name, better) in enumerate(zip(table["pair"], table["better"], strict=True), 2):
        name, better = str(name).strip(), str(better).strip().lower().removesuffix(".0")
        if not name and not better:
            continue  # spreadsheet programs leave empty rows
        if name not in known or name not in key:
            raise UserError(f"{file}: row {number}: {name!r} is not a pair of {run}.")
        if name in outcomes:
            raise UserError(f"{file}: row {number}: {name} is a duplicate: remove one of the rows.")
        outcomes[name] = _outcome(better, key[name], f"{file}: row {number}")
    filled = {name: outcome for name, outcome in outcomes.items() if outcome}
    if not filled:
        raise UserError(f"{file}: the column better is empty: write 1, 2 or tie in it.")
    facts = {"sheet": file.name, "open": len(key) - len(filled)}
    return win_rate.save(run, "person", filled, facts)


def _outcome(better: str, first: str, place: str) -> str:
    """Return "model", "base" or "tie", "" for an empty cell."""
    second = "base" if first == "model" else "model"
    outcomes = {"1": first, "2": second, "tie": "tie", "": ""}
    if better not in outcomes:
        raise UserError(f"{place}: better is {better!r}: write 1, 2 or tie, or leave it empty.")
    return outcomes[better]


def _table(file: Path) -> pd.DataFrame:
    if not file.is_file():
        raise UserError(f"{file}: no such file; `sheet {file}` without --filled writes it.")
    table = frame(file, [])
    table.columns = table.columns.str.strip().str.lower()
    if missing := [name for name in ("pair", "better") if name not in table]:
        raise UserError(f"{file}: has no column {missing[0]!r}; keep those that `sheet` writes.")
    return table


def _escape(text: str) -> str:
    """Return a text that spreadsheet programs don't evaluate as a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
