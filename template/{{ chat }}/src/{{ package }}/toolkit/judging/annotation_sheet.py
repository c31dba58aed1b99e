"""A sheet on which a person says which answer is better, without knowing whose is whose."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..runs import UserError, replacing, write_text
from ..tables.files import frame
from . import comparisons, rates

KEY = "judging/key.csv"  # of a run: whose answer stands first
COLUMNS = ("pair", "prompt", "answer 1", "answer 2", "better")
FORMULA = ("=", "+", "-", "@", "\t")  # what a spreadsheet program would work out


def write(config: BaseConfig, run: Path, file: Path) -> str:
    """Write the sheet as CSV, and apart from it, into the run, whose answer stands first."""
    if file.exists():
        raise UserError(f"{file}: is there already; --filled reads it, or choose another name.")
    if file.suffix.lower() != ".csv":
        raise UserError(f"{file}: the sheet is a .csv file: choose such a name.")
    known = comparisons.different(run, config).pairs
    swapped = np.random.default_rng([config.seed, 1]).integers(2, size=len(known))
    first = [("model", "base")[place] for place in swapped]
    key = pd.DataFrame({"pair": [pair.name for pair in known], "first": first})
    rows = [
        (pair.name, *map(_plain, (pair.prompt, *pair.texts(place))), "")
        for pair, place in zip(known, first, strict=True)
    ]
    text = pd.DataFrame(rows, columns=[*COLUMNS]).to_csv(index=False, lineterminator="\r\n")
    write_text(run / KEY, key.to_csv(index=False, lineterminator="\n"))
    with replacing(file) as scratch:
        scratch.write_bytes(text.encode("utf-8-sig"))  # else Excel takes it for another encoding
    return f"{len(known)} pairs in {file}: fill in 1, 2 or tie, then `sheet {file} --filled`"


def read(config: BaseConfig, run: Path, file: Path) -> str:
    """Take what a person filled in, and return the win rate in a sentence."""
    if not (run / KEY).exists():
        raise UserError(f"{run / KEY} is missing: `sheet` has to write the sheet first.")
    table = _table(file)
    key = pd.read_csv(run / KEY, dtype=str).set_index("pair")["first"]
    known = {pair.name for pair in comparisons.different(run, config).pairs}
    outcomes = dict[str, str]()
    for number, (name, better) in enumerate(zip(table["pair"], table["better"], strict=True), 2):
        name, better = str(name).strip(), str(better).strip().lower().removesuffix(".0")
        if not name and not better:
            continue  # spreadsheet programs leave such rows
        if name not in known or name not in key:
            raise UserError(f"{file}: row {number}: {name!r} is no pair of {run}'s answers.")
        if name in outcomes:
            raise UserError(f"{file}: row {number}: {name} stands twice: leave one of them.")
        outcomes[name] = _outcome(better, key[name], f"{file}: row {number}")
    filled = {name: outcome for name, outcome in outcomes.items() if outcome}
    if not filled:
        raise UserError(f"{file}: nothing stands in the column better: write 1, 2 or tie there.")
    return rates.tell(run, "person", filled, {"sheet": file.name, "open": len(key) - len(filled)})


def _outcome(better: str, first: str, place: str) -> str:
    """Return who is better, "" if that is left open."""
    second = "base" if first == "model" else "model"
    words = {"1": first, "2": second, "tie": "tie", "": ""}
    if better not in words:
        raise UserError(f"{place}: better is {better!r}: write 1, 2 or tie, or leave it empty.")
    return words[better]


def _table(file: Path) -> pd.DataFrame:
    if not file.is_file():
        raise UserError(f"{file}: no such file; `sheet {file}` without --filled writes it.")
    table = frame(file, [])
    table.columns = table.columns.str.strip().str.lower()
    if missing := [name for name in ("pair", "better") if name not in table]:
        raise UserError(f"{file}: has no column {missing[0]!r}; keep those that `sheet` writes.")
    return table


def _plain(text: str) -> str:
    """Return a text that no spreadsheet program takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
