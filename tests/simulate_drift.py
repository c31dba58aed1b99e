"""Count the false alarms of `monitor`, and the shifts that it detects, for every estimator.

    uv run --directory PROJECT python tests/simulate_drift.py [--draws 100] [--case NAME ...]

Runs in the environment of a project of tables with scikit-learn, on the population of that
project's tests/toolkit/test_drift.py, and prints the tables of docs/MONITORING.md. Exit code 1 if
for an estimator more than 5 draws of 100 raise an alarm where nothing has changed.
"""

import argparse
import sys
import tempfile
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path("tests").resolve()))
sys.path.insert(0, str(Path("tests/toolkit").resolve()))
from test_drift import CASES, QUARTER, Draw, population, settings

from my_model.config import load
from my_model.toolkit.monitoring.statistics import PREDICTION

ROWS, NEW = 2000, 900
MAX_ALARMS = 5  # alarms in 100 draws
RULES = {  # of p and PSI: which findings are drift
    "Benjamini-Hochberg q < .01": lambda p, psi: stats.false_discovery_control(p) < 0.01,
    "Holm p < .01": lambda p, psi: holm(p) < 0.01,
    "Holm p < .05": lambda p, psi: holm(p) < 0.05,
    "Holm p < .05 and PSI > .02": lambda p, psi: (holm(p) < 0.05) & (psi > 0.02),
    "Holm p < .05 and PSI > .1": lambda p, psi: (holm(p) < 0.05) & (psi > 0.1),
}
USED = "Benjamini-Hochberg q < .01"
PLANTED = ("speed", PREDICTION)  # where a shift is tested; elsewhere any drift is an alarm
WHAT = {
    "test": "alarms, predictions of test rows",
    "train": "of training rows",
    "own": "alarms on its own file",
    "speed": "quarter sigma found",
    PREDICTION: "half a sigma found in predictions",
}


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values corrected by Holm (1979)."""
    order = np.argsort(p)
    corrected = np.empty(len(p))
    corrected[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return corrected


def rules(findings: list[Any]) -> dict[str, set[str]]:
    """Return the columns that each rule calls drifted."""
    p, psi = (np.array([getattr(each, name) for each in findings]) for name in ("p", "psi"))
    return {
        name: {f.column for f, drifted in zip(findings, rule(p, psi), strict=True) if drifted}
        for name, rule in RULES.items()
    }


def one(config: Any, number: int, scratch: Path) -> Counter[tuple[str, str]]:
    """Count the findings of each rule for new rows of the same draw, and for shifted rows."""
    rng = np.random.default_rng(number)
    draw = Draw(config, ROWS, rng, scratch)
    new, later = population(NEW, rng), population(NEW, rng)
    cases = {
        "test": draw.findings(new),
        "train": draw.findings(new, draw.holding_out("train")),
        "own": draw.findings(draw.table),
        "speed": draw.findings(later.assign(speed=later["speed"] + QUARTER)),
        PREDICTION: draw.findings(later.assign(speed=later["speed"] + 2 * QUARTER)),
    }
    return Counter(
        (what, rule)
        for what, findings in cases.items()
        for rule, columns in rules(findings).items()
        if (what in columns if what in PLANTED else columns)
    )


def main() -> int:
    """Simulate all cases of the project."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--case", nargs="*", default=list(CASES), choices=list(CASES))
    args = parser.parse_args()
    config = load(Path("config.yaml"), {"train.rounds": "100", "train.threads": "1"})
    problem = f"{config.data.MODALITY}-{config.evaluate.PROBLEM}"
    found = {case: Counter[tuple[str, str]]() for case in args.case}
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(args.draws):
            for case, counts in found.items():
                with redirect_stdout(sys.stderr):  # output of training
                    counts.update(one(settings(config, case), number, Path(scratch)))
            if number % 10 == 9:  # it takes a while
                tables(problem, number + 1, found, sys.stderr)
    tables(problem, args.draws, found, sys.stdout)
    return int(
        max(counts["test", USED] for counts in found.values()) > MAX_ALARMS * args.draws / 100
    )


def tables(problem: str, draws: int, found: dict[str, Counter[tuple[str, str]]], to: Any) -> None:
    """Print the rule in use for each estimator, and all rules over all estimators."""
    head = f"| {' | '.join(WHAT.values())} |\n|---{'|---:' * len(WHAT)}|"
    print(f"\n| {problem}, {draws} draws {head}", file=to)
    for case, counts in found.items():
        print(_row(case, counts, USED), file=to)
    print(f"\n| {problem}, {draws * len(found)} models {head}", file=to)
    total = sum(found.values(), Counter[tuple[str, str]]())
    for rule in RULES:
        print(_row(rule, total, rule), file=to, flush=True)


def _row(name: str, counts: Counter[tuple[str, str]], rule: str) -> str:
    return f"| {name} | {' | '.join(str(counts[what, rule]) for what in WHAT)} |"


if __name__ == "__main__":
    sys.exit(main())
