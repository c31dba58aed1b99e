"""Measure the coverage of intervals and the errors of the gate: the tables of docs/INTERVALS.md.

`python simulate_intervals.py` renders a project for each problem and counts in it, which takes an
hour of one core; `--draws 100` is a look in three minutes. `--results FILE` writes the tables
from the lines that tests/intervals/coverage.py has printed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from render import ROOT, render, snapshot

PAGE = ROOT / "docs/INTERVALS.md"
COVERAGE = ROOT / "tests/intervals/coverage.py"
MARK = "<!-- What follows is written by `nox -s simulate`. -->\n"
TASKS = {
    "classification": "tabular-classification",
    "regression": "tabular-regression",
    "generation": "text-generation",
}
HEADS = {
    "population": "| metric | true value | percentiles cover | missed below, above "
    "| the project's cover | missed below, above |\n|---|---|---|---|---|---|\n",
    "pair": "| metric | percentiles: significantly better, worse "
    "| the project's: significantly better, worse |\n"
    "|---|---|---|\n",
}


def simulate(draws: list[str]) -> list[dict[str, Any]]:
    """Return the counts in a project of each problem; all use the environment of the first."""
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        template = snapshot(Path(scratch) / "template")
        folders = {
            problem: render(template, Path(scratch) / problem, {"task": task})
            for problem, task in TASKS.items()
        }
        first = folders["classification"]
        subprocess.run(["uv", "sync", "-q"], cwd=first, check=True)
        python = first / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        for problem, folder in folders.items():
            command = [python, COVERAGE, problem, *draws]
            done = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
            for line in done.stdout or ():
                found.append(json.loads(line))
                print(line, end="", file=sys.stderr, flush=True)
            if done.wait():
                raise SystemExit(f"{COVERAGE.name} {problem} ended with {done.returncode}")
    return found


def tables(found: list[dict[str, Any]]) -> str:
    """Return a table for each population or pair and number of rows."""
    texts = []
    for cell in found:
        kind = "population" if "population" in cell else "pair"
        rarest = f" ({cell['share']:.0%} of the rarest class)"
        rows = f"{cell['rows']:,} rows" + rarest * (cell["problem"] == "classification")
        title = f"### {cell['problem']}, {cell[kind]}: {rows}, {cell['draws']:,} draws\n\n"
        lines = [
            _line(metric, shares) for metric, shares in cell["metrics"].items() if metric != "ece"
        ]
        texts.append(title + HEADS[kind] + "".join(lines))
    return "\n".join(texts)


def _line(metric: str, shares: dict[str, Any]) -> str:
    both = [shares[name] for name in ("before", "after")]
    sides = [f"{low:.1%}, {high:.1%}" for low, high in both]
    if "truth" not in shares:
        return f"| `{metric}` | {sides[0]} | {sides[1]} |\n"
    coverage = [f"{1 - sum(each):.1%}" for each in both]
    cells = [f"{shares['truth']:.4g}", coverage[0], sides[0], f"**{coverage[1]}**", sides[1]]
    return f"| `{metric}` | {' | '.join(cells)} |\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", help="test sets of each population, in place of 1,000")
    parser.add_argument("--results", type=Path, help="lines of coverage.py, in place of a run")
    given = parser.parse_args()
    if given.results:
        lines = given.results.read_text("utf-8").splitlines()
        found = [json.loads(line) for line in lines]
    else:
        found = simulate(["--draws", given.draws] if given.draws else [])
    text = PAGE.read_text("utf-8").split(MARK)[0]
    covered = tables([cell for cell in found if "population" in cell])
    passed = tables([cell for cell in found if "pair" in cell])
    sections = f"\n## Coverage\n\n{covered}\n## Equal models, and the gate\n\n{passed}"
    PAGE.write_text(text + MARK + sections, encoding="utf-8")


if __name__ == "__main__":
    main()
