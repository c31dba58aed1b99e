"""Which columns of a table differ from those of another beyond chance.

Numbers and dates: two-sample Kolmogorov-Smirnov. Categories: chi-square. Gaps: Fisher's exact test.
Benjamini & Hochberg (1995) bound the share of false alarms over all of these tests.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

EXPECTED = 5  # counts below this are too few for chi-square


@dataclass(frozen=True)
class Finding:
    """One test of one column; `q` is p after the correction, `psi` the size of the change.

    A population stability index (PSI) of 0.1 is usually called small, of 0.25 large. It is shown and
    not tested: with few rows it is large by chance, and a real shift of a quarter sigma is below it.
    """

    column: str
    test: str
    p: float
    psi: float
    q: float = 1.0
    drifted: bool = False


def compare(reference: pd.DataFrame, current: pd.DataFrame, q: float) -> list[Finding]:
    """Test each column of `reference` and return the findings, the surest drift first.

    Float columns hold numbers (NaN is missing), others str ("" is missing). Of the findings that are
    called drift, a share of `q` is expected to be chance.
    """
    found = [f for name in reference for f in _column(name, reference[name], current[name])]
    adjusted = stats.false_discovery_control([finding.p for finding in found])
    found = [
        Finding(f.column, f.test, f.p, f.psi, float(value), bool(value < q))
        for f, value in zip(found, adjusted, strict=True)
    ]
    return sorted(found, key=lambda finding: (finding.q, finding.p, -finding.psi))


def gaps(values: pd.Series) -> pd.Series:
    """Return which cells are missing."""
    return values.isna() if pd.api.types.is_float_dtype(values) else values == ""


def _column(name: str, reference: pd.Series, current: pd.Series) -> list[Finding]:
    gone, missing = gaps(reference), gaps(current)
    found = []
    if gone.any() or missing.any():
        table = np.array([[gone.sum(), (~gone).sum()], [missing.sum(), (~missing).sum()]])
        found.append(Finding(name, "missing", float(stats.fisher_exact(table).pvalue), _psi(table)))
    if gone.all() or missing.all():
        return found
    test = _numbers if pd.api.types.is_float_dtype(reference) else _categories
    p, table = test(reference[~gone].to_numpy(), current[~missing].to_numpy())
    return [*found, Finding(name, "values", p, _psi(table))]


def _numbers(reference: np.ndarray, current: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the p-value and the counts (2, bins) between the deciles of the reference."""
    cuts = np.unique(np.quantile(reference, np.arange(0.1, 1, 0.1)))
    rows = [np.bincount(np.searchsorted(cuts, v), minlength=len(cuts) + 1) for v in (reference, current)]
    return float(stats.ks_2samp(reference, current, method="asymp").pvalue), np.array(rows)


def _categories(reference: np.ndarray, current: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the p-value and the counts (2, levels).

    Levels that are rare in both samples together are one level: who is rare must not depend on the
    reference alone, or the rare levels that are new by chance would look like drift.
    """
    levels, codes = np.unique(np.concatenate([reference, current]), return_inverse=True)
    split = np.split(codes, [len(reference)])
    table = np.array([np.bincount(part, minlength=len(levels)) for part in split])
    fewest = table.sum(axis=0) * min(len(reference), len(current)) / len(codes)
    rare = fewest < EXPECTED
    lumped = table[:, rare].sum(axis=1, keepdims=True)
    table = np.hstack([table[:, ~rare], lumped[:, np.array([fewest[rare].sum() >= EXPECTED])]])
    if table.shape[1] < 2:
        return 1.0, table
    return float(stats.chi2_contingency(table, correction=False).pvalue), table


def _psi(table: np.ndarray) -> float:
    """Return the population stability index of counts (2, bins); half a row in each avoids log 0."""
    shares = (table + 0.5) / (table + 0.5).sum(axis=1, keepdims=True)
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
