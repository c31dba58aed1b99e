"""The change of a column, as text and as a figure."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from ..evaluation.figures import BLUE, ORANGE, draw
from ..tables.schema import moment
from .statistics import Columns, Finding, gaps

BARS = 8  # levels drawn
BINS = 24
TICKS = 5  # dates that fit below a figure


def describe(finding: Finding, reference: Columns, current: Columns) -> dict[str, str]:
    """Return a summary of `before` and `now`: share missing, median, or share of a level."""
    pair = [reference[finding.column], current[finding.column]]
    if finding.test == "missing":
        before, now = (f"{gaps(values).mean():.1%} missing" for values in pair)
    elif finding.kind == "category":
        shares = _shares(*pair)
        level = (shares["now"] - shares["reference"]).abs().idxmax()
        before, now = (f"{level}: {share:.1%}" for share in shares.loc[level])
    elif finding.kind == "date":
        moments = [moment(float(values.median())) for values in pair]
        length = 10 if moments[0][:10] != moments[1][:10] or moments[0] == moments[1] else None
        before, now = (f"median {text[:length]}" for text in moments)
    else:
        before, now = (f"median {values.median():.4g}" for values in pair)
    return {"before": before, "now": now}


def figure(finding: Finding, reference: Columns, current: Columns) -> str:
    """Return both distributions of a column as inline SVG."""
    pair = (reference[finding.column], current[finding.column])

    def paint(axes: Axes) -> None:
        _bars(axes, *pair) if finding.kind == "category" else _histograms(axes, *pair)
        if finding.kind == "date":
            place = AutoDateLocator(minticks=2, maxticks=TICKS)
            axes.xaxis.set(major_locator=place, major_formatter=ConciseDateFormatter(place))
        axes.legend()

    return draw(f"{finding.column}, reference and now", paint)


def _shares(reference: pd.Series, current: pd.Series) -> pd.DataFrame:
    """Return the share of each level in both, the most frequent first."""
    counted = [
        values[~gaps(values)].value_counts(normalize=True) for values in (reference, current)
    ]
    shares = pd.concat(counted, axis=1, keys=["reference", "now"]).fillna(0.0)
    return shares.loc[shares.sum(axis=1).sort_values(ascending=False, kind="stable").index]


def _bars(axes: Axes, reference: pd.Series, current: pd.Series) -> None:
    shares = _shares(reference, current)
    changed = (shares["now"] - shares["reference"]).abs().nlargest(BARS).index
    shares = shares.loc[shares.index.isin(changed)].iloc[::-1]
    rows = np.arange(len(shares))
    axes.barh(rows + 0.2, shares["reference"], 0.4, color=BLUE, label="reference")
    axes.barh(rows - 0.2, shares["now"], 0.4, color=ORANGE, label="now")
    names = [level if len(level) <= 22 else level[:21] + "…" for level in shares.index]
    axes.set_yticks(rows, names)
    axes.set_xlabel("share of rows")
    axes.grid(axis="y", visible=False)


def _histograms(axes: Axes, reference: pd.Series, current: pd.Series) -> None:
    edges = np.histogram_bin_edges(pd.concat([reference, current]).dropna().astype(float), BINS)
    for values, colour, label in ((reference, BLUE, "reference"), (current, ORANGE, "now")):
        shares = np.histogram(values.dropna(), edges)[0] / values.notna().sum()
        axes.stairs(shares, edges, fill=True, color=colour, alpha=0.25)
        axes.stairs(shares, edges, color=colour, linewidth=1.2, label=label)
    axes.set_ylabel("share of rows")
