"""Which columns of a table differ significantly from those of another.

Numbers and dates: two-sample Kolmogorov-Smirnov, tolerant of rounding differences. Categories:
chi-square. Missing values: Fisher's exact test. The procedure of Benjamini & Hochberg (1995) bounds
the false discovery rate over all tests, and the probability of any alarm if nothing has changed.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

PREDICTION = "__prediction__"  # the column of predictions
ULPS = 4  # float32 steps: summation order changes less than this, and a real shift is larger
EXPECTED = 1  # rarer levels are pooled; p-values stay valid, and new levels are found early
BINS = 10  # for the PSI, which grows with the number of bins

Columns = dict[str, pd.Series]


@dataclass(frozen=True)
class Finding:
    """One test of the values or the missing values of a column; `q` is the corrected p-value.

    `psi`, the population stability index, measures the size of the change: below 0.1 is usually
    called small, above 0.25 large. It does not affect the decision: with few rows it is large by
    chance, and a shift of a quarter sigma is below 0.1.
    """

    column: str
    kind: str
    test: Literal["values", "missing"]
    p: float
    psi: float
    q: float = 1.0
    drifted: bool = False


def compare(
    reference: Columns,
    current: Columns,
    kinds: dict[str, str],
    fdr: float,
    tolerance: float = 0.0,
) -> list[Finding]:
    """Test the columns named in `kinds` and return the findings, the most significant first.

    Numbers and dates are float with NaN for missing, categories str with "". `fdr` is the false
    discovery rate among the findings called drift. Two predictions for a row may differ by
    `tolerance`.
    """
    found = [
        finding
        for name, kind in kinds.items()
        for finding in _column(
            name, kind, reference[name], current[name], tolerance if name == PREDICTION else 0.0
        )
    ]
    adjusted = stats.false_discovery_control([finding.p for finding in found])
    found = [
        replace(finding, q=float(value), drifted=bool(value < fdr))
        for finding, value in zip(found, adjusted, strict=True)
    ]
    return sorted(found, key=lambda finding: (finding.q, finding.p, -finding.psi))


def predicted(predictions: np.ndarray, labels: list[str] | None) -> np.ndarray:
    """Return values to compare: numbers, the last of two probabilities, labels, or lengths."""
    if predictions.dtype == object:
        return np.array([*map(len, predictions)], np.float32)
    if labels is None or len(labels) == 2:
        return predictions.reshape(len(predictions), -1)[:, -1].astype(np.float32)
    return np.array(labels, object)[predictions.argmax(axis=1)]


def gaps(values: pd.Series) -> pd.Series:
    """Return the mask of missing cells."""
    return values.isna() | (values == "")


def _column(
    name: str, kind: str, reference: pd.Series, current: pd.Series, tolerance: float
) -> list[Finding]:
    found = []
    before, now = gaps(reference), gaps(current)
    if before.any() or now.any():
        table = np.array([[(~mask).sum(), mask.sum()] for mask in (before, now)])
        p = float(stats.fisher_exact(table).pvalue)
        found.append(Finding(name, kind, "missing", p, _psi(table)))
    if not before.all() and not now.all():
        pair = reference[~before].to_numpy(), current[~now].to_numpy()
        p, table = _categories(*pair) if kind == "category" else _numbers(*pair, tolerance)
        found.append(Finding(name, kind, "values", p, _psi(table)))
    return found


def _numbers(
    reference: np.ndarray, current: np.ndarray, tolerance: float
) -> tuple[float, np.ndarray]:
    """Return the p-value and the counts (2, bins) between the deciles of the reference."""
    reference, current = np.sort(reference), np.sort(current)
    distance = max(
        _ahead(reference, current, tolerance), _ahead(current, reference, tolerance), 0.0
    )
    rows = len(reference) * len(current) / (len(reference) + len(current))
    deciles = np.quantile(reference, np.arange(0.1, 1, 0.1))
    cuts = np.unique(deciles + _noise(deciles, tolerance))
    bins = [np.searchsorted(cuts, values) for values in (reference, current)]
    table = np.array([np.bincount(found, minlength=len(cuts) + 1) for found in bins])
    return float(stats.kstwo.sf(distance, max(1, round(rows)))), table


def _ahead(first: np.ndarray, second: np.ndarray, tolerance: float) -> float:
    """Return how far the distribution of sorted values is ahead of another's, beyond noise.

    The larger of both directions is the smallest Kolmogorov-Smirnov distance of all samples within
    the noise of these. Rounding would not help: values at a rounding boundary would be separated.
    """
    own = np.arange(1, len(first) + 1) / len(first)
    other = np.searchsorted(second, first + _noise(first, tolerance), "right") / len(second)
    return float((own - other).max())


def _noise(values: np.ndarray, tolerance: float) -> np.ndarray:
    steps = np.spacing(np.abs(values.astype(np.float32))).astype(np.float64)
    return np.maximum(tolerance, ULPS * steps)


def _categories(reference: np.ndarray, current: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the p-value and the counts (2, levels).

    Levels that are rare in both samples together are pooled: if the reference alone decided which
    are rare, levels that are new by chance would look like drift.
    """
    levels, codes = np.unique(np.concatenate([reference, current]), return_inverse=True)
    split = np.split(codes, [len(reference)])
    table = np.array([np.bincount(part, minlength=len(levels)) for part in split])
    expected = table.sum(axis=0) * min(len(reference), len(current)) / len(codes)
    rare = expected < EXPECTED
    if rare.any():
        table = np.hstack([table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)])
    if table.shape[1] < 2:
        return 1.0, table
    return float(stats.chi2_contingency(table, correction=False).pvalue), table


def _psi(table: np.ndarray) -> float:
    """Return the PSI of counts (2, bins); half a row is added to each bin to avoid log 0."""
    table = table[:, np.argsort(-table.sum(axis=0))]
    if table.shape[1] > BINS:
        table = np.hstack([table[:, : BINS - 1], table[:, BINS - 1 :].sum(axis=1, keepdims=True)])
    shares = (table + 0.5) / (table + 0.5).sum(axis=1, keepdims=True)
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
