"""One look for every figure: SVG text without dates or fonts, in the colours of its page."""

import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#010203"  # stands for the page's text colour, light or dark
BLUE, ORANGE, GREEN, PINK = "#0072b2", "#d55e00", "#009e73", "#cc79a7"  # Okabe & Ito 2008
COLOURS = [BLUE, ORANGE, GREEN, PINK, "#e69f00", "#56b4e9", "#8c6bb1", "#7f7f7f"]
DRAWN = re.compile("(?!step$)(?!.*(_per_second|_mb)$)")  # of the columns of history.csv
STYLE: Any = {
    "svg.hashsalt": "figures",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 9,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.prop_cycle": f"cycler('color', {COLOURS})",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": INK,
    "grid.alpha": 0.12,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "path.simplify_threshold": 0.5,  # of a pixel: a curve of a million rows stays small
}


def draw(name: str, paint: Callable[[Axes], None], width: float = 3.7, height: float = 2.7) -> str:
    """Return what `paint` draws on empty axes as inline SVG; the same data gives the same bytes."""
    with rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        paint(figure.add_subplot())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", svg)
    return re.sub(r'<svg .*?(viewBox="[^"]*").*?>', _opening(name), svg, count=1, flags=re.DOTALL)


def _opening(name: str) -> str:
    label = re.sub(r"[^\w ,.()-]", "", name)
    return (
        rf'<svg \1 role="img" aria-label="{label}" xmlns="http://www.w3.org/2000/svg"'
        r' xmlns:xlink="http://www.w3.org/1999/xlink">'
    )


def compare(models: dict[str, Any], metric: str) -> str:
    """Draw a metric and its interval for each model, one row each; see evaluation/details.json."""
    values = {
        name: np.array([model["metrics"][metric], *model["interval"][metric]], float)
        for name, model in models.items()
    }

    def paint(axes: Axes) -> None:
        for row, (name, (value, low, high)) in enumerate(reversed(values.items())):
            colour = BLUE if name == "model" else "#7f7f7f"
            axes.plot([low, high], [row, row], color=colour, solid_capstyle="round", linewidth=2.5)
            axes.plot(value, row, "o", color=colour, markersize=7)
        axes.set_yticks(range(len(values)), list(reversed(values)))
        axes.set_ylim(-0.6, len(values) - 0.4)
        axes.set_xlabel(metric)
        axes.grid(axis="y", visible=False)

    return draw(f"{metric} of each model", paint, 7.6, 0.7 + 0.3 * len(values))


def learning_curves(history: pd.DataFrame) -> dict[str, str]:
    """Draw history.csv: a figure for each metric, its train and val columns together."""
    kinds: dict[str, list[str]] = {}
    if len(history) < 2:
        return {}
    for column in filter(DRAWN.match, history.columns):
        kinds.setdefault(re.sub("^(train|val)_", "", column), []).append(column)
    return {kind.replace("_", " "): _curve(history, kind, kinds[kind]) for kind in kinds}


def _curve(history: pd.DataFrame, kind: str, columns: list[str]) -> str:
    def paint(axes: Axes) -> None:
        for column, colour in zip(columns, COLOURS, strict=False):
            known = history[["step", column]].dropna()
            axes.plot(known["step"], known[column], color=colour, label=column)
            if column.startswith("val_") and kind == "loss":
                best = known.loc[known[column].idxmin()]
                axes.plot(best["step"], best[column], "o", color=colour, label="lowest")
        axes.set_xlabel("step")
        axes.set_ylabel(kind.replace("_", " "))
        if len(columns) > 1:
            axes.legend()

    return draw(f"history of {kind}", paint)
