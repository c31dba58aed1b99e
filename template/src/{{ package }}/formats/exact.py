"""The judge of an exact export: the same answers as the model's, on every row that there is."""

from typing import Any

from ..config import Config
from ..data import Split, Splits
from .parity import Exported, Predict, compare


def check(
    predict: Predict,
    exported: Exported,
    splits: Splits,
    test: Split,
    threshold: float | None,
    config: Config,
) -> dict[str, Any]:
    """Return what parity.json holds; UserError if the two disagree on any row that there is."""
    parts = {"test": test.inputs, "validation": splits.val.inputs, "training": splits.train.inputs}
    labels, tolerance = splits.schema.labels, config.export.tolerance
    return compare(predict, exported, parts, labels, threshold, tolerance)


def tell(agreed: dict[str, Any]) -> str:
    """Say it in words."""
    rows, most = agreed["rows"], agreed["max_scaled_diff"]
    return f"same answers on {rows:,} rows (differences up to {most:.0e})"
