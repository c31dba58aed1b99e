"""Count how often a project's 95 % intervals miss the true value, and its gate passes by chance.

    uv run --directory PROJECT python tests/intervals/coverage.py PROBLEM [--draws 1000]

Runs in the environment of a project, with its own metrics and intervals. Prints a line of JSON for
each population and number of rows: for each metric the true value, and the shares of draws in
which it is below and above the interval, of the bare percentiles (Efron 1979) and of the project's.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from populations import EQUAL, PAIRS, POPULATIONS

(PACKAGE,) = [path.parent.name for path in Path().glob("src/*/cli.py")]
sys.path.insert(0, str(Path("src").resolve()))
compare = importlib.import_module(f"{PACKAGE}.toolkit.evaluation.compare")
metrics = importlib.import_module(f"{PACKAGE}.toolkit.evaluation.metrics")
scores = importlib.import_module(f"{PACKAGE}.toolkit.evaluation.scores")

CELLS = ((200, 0.1), (2_000, 0.05))  # rows, share of the rarest class
TRUTH = 2_000_000  # rows behind each true value: its error is below 4 % of an interval's
FEWER = 4  # times as many draws of the small samples, which cost a tenth
RESAMPLES = 1_000  # as in config.yaml
SEED = 2026


def covered(name: str, population: Any, rows: int, share: float, draws: int) -> dict[str, Any]:
    """Return the true metrics of a population, and how often intervals of its samples miss them."""
    rng = np.random.default_rng([SEED, rows])
    targets, predictions = population(rng, TRUTH, share)
    threshold = None if predictions.ndim == 1 else metrics.choose_threshold(targets, predictions)
    truth = scores.score(targets, predictions, threshold)
    misses = {metric: np.zeros((2, 2)) for metric in truth}
    for draw in range(draws):
        targets, predictions = population(rng, rows, share)
        candidates = {"model": (predictions, threshold)}
        drawn = compare.draw(targets, candidates, RESAMPLES, draw)["model"]
        for metric, true in truth.items():
            bare = np.nanpercentile(drawn[metric].values, [2.5, 97.5])
            for kind, (low, high) in enumerate((bare, compare.interval(drawn[metric]))):
                misses[metric][kind] += [true < low, true > high]
    shares = {
        metric: {"truth": truth[metric], "before": before, "after": after}
        for metric, (before, after) in ((m, (v / draws).tolist()) for m, v in misses.items())
    }
    return {"population": name, "rows": rows, "share": share, "draws": draws, "metrics": shares}


def passed(name: str, pair: Any, rows: int, share: float, draws: int) -> dict[str, Any]:
    """Return how often the second of two equal models is called significantly worse, and better."""
    rng = np.random.default_rng([SEED, rows])
    targets, *predictions = pair(rng, TRUTH // 10, share)
    known = [None if p.ndim == 1 else metrics.choose_threshold(targets, p) for p in predictions]
    equal = EQUAL.get(name, [m for m in metrics.GREATER_IS_BETTER if m != "ece"])
    significant = {metric: np.zeros((2, 2)) for metric in equal}
    for draw in range(draws):
        targets, *predictions = pair(rng, rows, share)
        candidates = dict(zip("ab", zip(predictions, known, strict=True), strict=True))
        drawn = compare.draw(targets, candidates, RESAMPLES, draw)
        for metric, counts in significant.items():
            sign = 1 if metrics.GREATER_IS_BETTER[metric] else -1
            both = drawn["a"][metric], drawn["b"][metric]
            bare = np.nanpercentile(sign * (both[0].values - both[1].values), [2.5, 97.5])
            for kind, (low, high) in enumerate((bare, compare.gain(*both, sign))):
                counts[kind] += [low > 0, high < 0]
    shares = {
        metric: {"before": (before / draws).tolist(), "after": (after / draws).tolist()}
        for metric, (before, after) in significant.items()
    }
    return {"pair": name, "rows": rows, "share": share, "draws": draws, "metrics": shares}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problem", choices=POPULATIONS)
    parser.add_argument("--draws", type=int, default=1_000, help="of the large samples")
    parser.add_argument("--rows", type=int, help="of the samples: 200 or 2000; or both")
    given = parser.parse_args()
    for count, sources in ((covered, POPULATIONS), (passed, PAIRS)):
        for name, source in sources[given.problem].items():
            for rows, share in CELLS:
                if given.rows in (None, rows):
                    draws = given.draws * (FEWER if rows == CELLS[0][0] else 1)
                    result = count(name, source, rows, share, draws)
                    print(json.dumps({"problem": given.problem, **result}), flush=True)


if __name__ == "__main__":
    main()
