"""Figures of a classifier on the test set."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from scipy.stats import beta
from sklearn.metrics import PrecisionRecallDisplay, RocCurveDisplay, confusion_matrix

from .figures import BLUE, COLOURS, INK, ORANGE, draw
from .metrics import decide, reliability

# The angular transform stretches an axis near 0 and 1, which separates the dots of a rare class.
ANGULAR = (lambda p: np.arcsin(np.sqrt(np.clip(p, 0, 1))), lambda angle: np.sin(angle) ** 2)
MAX_CLASSES = 8  # the most frequent ones are plotted
MAX_LETTERS = 27  # of names beside each other under a figure


def figures(
    targets: np.ndarray, predictions: np.ndarray, threshold: float | None, labels: list[str] | None
) -> dict[str, str]:
    """Return {caption: SVG}; targets (rows,) int64 codes, predictions (rows, classes) float32."""
    names = [label if len(label) <= 18 else f"{label[:17]}…" for label in labels or []]
    common = np.argsort(-np.bincount(targets, minlength=len(names)), kind="stable")
    kept = sorted(common[:MAX_CLASSES].tolist())
    shown = [1] if len(names) == 2 else kept
    occurs = np.bincount(targets, minlength=len(names)) % len(targets) > 0  # with another class
    curves = [(names[c], targets == c, predictions[:, c]) for c in shown if occurs[c]]
    most = f" ({MAX_CLASSES} of {len(names)} classes)" if len(names) > MAX_CLASSES else ""
    return {
        f"Precision and recall; dashed: random guessing{most}": draw(
            "precision and recall", lambda axes: _precision_recall(axes, curves, threshold)
        ),
        f"ROC; dashed: random guessing{most}": draw("ROC", lambda axes: _roc(axes, curves)),
        "Calibration: each dot is a tenth of the rows; dashed: perfect calibration; "
        "axes stretched near 0 and 1": draw(
            "calibration", lambda axes: _calibration(axes, targets, predictions)
        ),
        "Predicted probabilities, by class": draw(
            "scores", lambda axes: _scores(axes, targets, predictions, threshold, names)
        ),
        f"Confusion matrix: rows are the ground truth, percentages are of each row{most}": draw(
            "confusion matrix",
            lambda axes: _confusion(axes, targets, decide(predictions, threshold), names, kept),
        ),
    }


def _precision_recall(axes: Axes, curves: list, threshold: float | None) -> None:
    for colour, (name, actual, scores) in zip(COLOURS, curves, strict=False):
        PrecisionRecallDisplay.from_predictions(
            actual, scores, drop_intermediate=True, name=name, ax=axes
        )
        axes.axhline(actual.mean(), color=colour, linestyle="--", linewidth=0.8)
        if threshold is not None:
            chosen = scores >= np.float32(threshold)
            hits = (chosen & actual).sum()
            point = hits / actual.sum(), hits / max(1, chosen.sum())
            axes.plot(*point, "o", color=ORANGE, label=f"at the threshold {threshold:.3g}")
    axes.set(xlabel="recall", ylabel="precision", aspect="auto")
    if curves:
        axes.legend(loc="best" if len(curves) == 1 else "lower left")  # "best" is slow with many


def _roc(axes: Axes, curves: list) -> None:
    for name, actual, scores in curves:
        RocCurveDisplay.from_predictions(actual, scores, name=name, ax=axes)
    axes.plot([0, 1], [0, 1], color=INK, linestyle="--", linewidth=0.8)
    axes.set(xlabel="false positive rate", ylabel="true positive rate", aspect="auto")


def _calibration(axes: Axes, targets: np.ndarray, predictions: np.ndarray) -> None:
    observed, predicted, bins = reliability(targets, predictions)
    groups = [(observed[bins == b], predicted[bins == b]) for b in np.unique(bins)]
    hits, mean, size = np.array([(o.sum(), p.mean(), len(o)) for o, p in groups]).T
    share = hits / size
    bars = beta.ppf([[0.025], [0.975]], hits + 0.5, size - hits + 0.5)  # Jeffreys' interval
    axes.plot([0, 1], [0, 1], color=INK, linestyle="--", linewidth=0.8)
    axes.vlines(mean, *bars, color=BLUE, linewidth=0.8)
    axes.plot(mean, share, "o-", color=BLUE, markersize=4, clip_on=False)
    axes.set_xscale("function", functions=ANGULAR)
    axes.set_yscale("function", functions=ANGULAR)
    angles = ANGULAR[0]([mean, share, *bars])
    even = ANGULAR[1](np.linspace(angles.min(), angles.max(), 5))
    ticks = sorted({float(f"{tick:.{1 if even[0] < 0.5 else 2}g}") for tick in even})
    axes.set(xlabel="predicted probability", xticks=ticks, xlim=even[[0, -1]])
    axes.set(ylabel="observed frequency", yticks=ticks, ylim=even[[0, -1]])


def _scores(
    axes: Axes,
    targets: np.ndarray,
    predictions: np.ndarray,
    threshold: float | None,
    names: list[str],
) -> None:
    binary = predictions.shape[1] == 2
    scores = predictions[:, 1] if binary else predictions.max(axis=1)
    groups = targets if binary else (predictions.argmax(axis=1) == targets).astype(int)
    edges = np.linspace(0, scores.max(), 31).tolist()
    for group, name in enumerate(names if binary else ["wrong", "right"]):
        rows = scores[groups == group]
        shares = np.full(len(rows), 1 / max(1, len(rows)))
        colour = [BLUE, ORANGE][group]
        axes.hist(rows, edges, weights=shares, label=name, color=colour, alpha=0.55)
    if threshold is not None:
        axes.axvline(threshold, color=INK, linewidth=0.9, linestyle=":", label="threshold")
    label = f"probability of {names[1]}" if binary else "probability of the most likely class"
    axes.set(xlabel=label, ylabel="share of the class's rows")
    axes.legend()


def _confusion(
    axes: Axes, targets: np.ndarray, decided: np.ndarray, names: list[str], kept: list[int]
) -> None:
    counts = confusion_matrix(targets, decided, labels=range(len(names)))
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    for y, row in enumerate(kept):
        for x, column in enumerate(kept):
            alpha = 0.06 + 0.6 * shares[row, column]
            axes.add_patch(Rectangle((x - 0.48, y - 0.48), 0.96, 0.96, color=BLUE, alpha=alpha))
            text = f"{counts[row, column]:,}\n{shares[row, column]:.0%}"
            axes.text(x, y, text, ha="center", va="center", fontsize=9 if len(kept) < 5 else 6)
    kept_names = [names[c] for c in kept]
    fits = len("".join(kept_names)) <= MAX_LETTERS
    axes.set_xticks(range(len(kept)), kept_names, rotation=0 if fits else 45)
    axes.set_yticks(range(len(kept)), kept_names)
    end = len(kept) - 0.5
    axes.set(xlabel="decision", ylabel="truth", xlim=(-0.5, end), ylim=(end, -0.5))
    axes.grid(visible=False)
