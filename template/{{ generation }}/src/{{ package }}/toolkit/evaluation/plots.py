"""Figures of a language model's held-out answers."""

import numpy as np
from matplotlib.axes import Axes

from .figures import BLUE, INK, ORANGE, draw
from .metrics import row_loss

POINTS = 800  # dots a scatter plot stays readable with


def figures(
    targets: np.ndarray, predictions: np.ndarray, threshold: float | None, labels: list[str] | None
) -> dict[str, str]:
    """Return {caption: SVG}; targets (rows,) bytes, predictions (rows, 2) nats and tokens."""
    bits = row_loss(targets, predictions)
    return {
        "Bits per byte of each answer; half lie between the dotted lines": draw(
            "bits per byte", lambda axes: _losses(axes, bits)
        ),
        "Bits per byte by length: short answers say little about what they are like": draw(
            "length", lambda axes: _lengths(axes, targets, bits)
        ),
    }


def _losses(axes: Axes, bits: np.ndarray) -> None:
    bins = int(np.clip(np.sqrt(len(bits)) * 2, 8, 50))
    axes.hist(bits, bins, color=BLUE, alpha=0.7)
    for quartile in np.quantile(bits, [0.25, 0.75]):
        axes.axvline(quartile, color=ORANGE, linestyle=":", linewidth=1.2)
    axes.set(xlabel="bits per byte", ylabel="answers")


def _lengths(axes: Axes, targets: np.ndarray, bits: np.ndarray) -> None:
    rows = np.random.default_rng(0).permutation(len(targets))[:POINTS]
    axes.plot(
        targets[rows], bits[rows], "o", color=BLUE, alpha=0.5, markersize=4, markeredgewidth=0
    )
    axes.axhline(np.median(bits), color=INK, linestyle="--", linewidth=0.8)
    axes.set(xlabel="bytes of the answer", ylabel="bits per byte")
