"""Figures of a classifier's held-out rows."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

from .figures import BLUE, COLOURS, INK, ORANGE, draw
from .metrics import decide, reliability

POINTS = 400  # a curve needs no more
MOST_CLASSES = 8  # the most frequent ones have curves, cells and colours


def figures(
    targets: np.ndarray, predictions: np.ndarray, threshold: float | None, labels: list[str] | None
) -> dict[str, str]:
    """Return {caption: SVG}; targets (rows,) int64 codes, predictions (rows, classes) float32."""
    names = [label if len(label) <= 18 else f"{label[:17]}…" for label in labels or []]
    common = np.argsort(-np.bincount(targets, minlength=len(names)), kind="stable")
    kept = sorted(common[:MOST_CLASSES].tolist())
    shown = [1] if len(names) == 2 else kept
    curves = [(names[c], targets == c, predictions[:, c]) for c in shown if (targets == c).any()]
    most = f" ({MOST_CLASSES} of {len(names)} classes)" if len(names) > MOST_CLASSES else ""
    return {
        f"Precision against recall; dashed: picking rows blindly{most}": draw(
            "precision and recall", lambda axes: _precision_recall(axes, curves, threshold)
        ),
        f"ROC; dashed: picking rows blindly{most}": draw("ROC", lambda axes: _roc(axes, curves)),
        "Calibration: a dot for a tenth of the rows; dashed: probabilities come true": draw(
            "calibration", lambda axes: _calibration(axes, targets, predictions)
        ),
        "Probabilities given to each class's rows": draw(
            "scores", lambda axes: _scores(axes, targets, predictions, threshold, names)
        ),
        f"Confusion: rows are the truth, shares are of each row{most}": draw(
            "confusion matrix",
            lambda axes: _confusion(axes, targets, decide(predictions, threshold), names, kept),
        ),
    }


def _thin(values: np.ndarray) -> np.ndarray:
    return values[np.unique(np.linspace(0, len(values) - 1, POINTS).astype(int))]


def _precision_recall(axes: Axes, curves: list, threshold: float | None) -> None:
    for colour, (name, actual, scores) in zip(COLOURS, curves, strict=False):
        precision, recall, _ = precision_recall_curve(actual, scores)
        axes.step(_thin(recall), _thin(precision), where="post", color=colour, label=name)
        axes.axhline(actual.mean(), color=colour, linestyle="--", linewidth=0.8)
        if threshold is not None:
            chosen = scores >= np.float32(threshold)
            hits = (chosen & actual).sum()
            point = hits / actual.sum(), hits / max(1, chosen.sum())
            axes.plot(*point, "o", color=ORANGE, label=f"at the threshold {threshold:.3g}")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend()


def _roc(axes: Axes, curves: list) -> None:
    for colour, (name, actual, scores) in zip(COLOURS, curves, strict=False):
        alarms, hits, _ = roc_curve(actual, scores)
        axes.plot(_thin(alarms), _thin(hits), color=colour, label=name)
    axes.plot([0, 1], [0, 1], color=INK, linestyle="--", linewidth=0.8)
    axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="lower right")


def _calibration(axes: Axes, targets: np.ndarray, predictions: np.ndarray) -> None:
    observed, predicted, bins = reliability(targets, predictions)
    groups = [(observed[bins == b], predicted[bins == b]) for b in np.unique(bins)]
    share, mean, size = np.array([(o.mean(), p.mean(), len(o)) for o, p in groups]).T
    end = max(share.max(), mean.max()) * 1.1
    axes.plot([0, end], [0, end], color=INK, linestyle="--", linewidth=0.8)
    bars = np.minimum(1.96 * np.sqrt(share * (1 - share) / size), [share, 1 - share])
    axes.errorbar(mean, share, bars, color=BLUE, marker="o", markersize=4, elinewidth=0.8)
    axes.set(xlabel="probability", ylabel="share that came true", xlim=(0, end), ylim=(0, None))


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
    label = f"probability of {names[1]}" if binary else "probability of the likeliest class"
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
    axes.set_xticks(range(len(kept)), kept_names, rotation=0 if len(kept) < 4 else 45)
    axes.set_yticks(range(len(kept)), kept_names)
    end = len(kept) - 0.5
    axes.set(xlabel="decision", ylabel="truth", xlim=(-0.5, end), ylim=(end, -0.5))
    axes.grid(visible=False)
