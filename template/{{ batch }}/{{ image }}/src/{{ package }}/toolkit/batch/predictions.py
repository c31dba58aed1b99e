"""Add a model's predictions to a table of images; needs only the export folder."""

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from ..config import BaseConfig
from ..export import onnx_runtime
from ..export.contract import free_name
from ..images.pixels import BrokenError, load
from ..runs import UserError

BATCH = 64  # images
SEVERAL = "several frames"  # of the counts; the others are reasons
Prediction = tuple[str | None, np.ndarray | None, str | None]  # label, probabilities, reason


def scorer(
    folder: Path, source: Path, config: BaseConfig, counts: Counter[str]
) -> Callable[[pa.Table, int], pa.Table]:
    """Return a function that appends predictions to a table, given how many rows came before it.

    It appends `label`, `probability_LABEL` (of two labels, that of the last one) and `reason`: why
    a file is not a usable image. Such a row has no prediction, and `counts` gains the reason. A
    name that is taken gets an underscore.
    """
    model = onnx_runtime.load(folder)
    described = model.contract["inputs"][0]
    opened = partial(_open, described["shape"][1] or 0, described.get("bits"))
    image, labels = config.data.image, model.contract["outputs"]["labels"] or []

    def score(table: pa.Table, first: int) -> pa.Table:
        files = table[image].to_pylist()
        batches = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            loaded = (list(pool.map(opened, batch)) for batch in batches)
            parts = [_predict(model, images, counts) for images in loaded]
        counts.update(reason for part in parts for *_, reason in part if reason is not None)
        for name, values in _named(parts, labels).items():
            table = table.append_column(free_name(name, table.column_names), values)
        return table

    return score


def notes(counts: Counter[str], rows: int, source: Path, allow_unseen: bool) -> list[str]:
    """Report how many rows have no prediction, and how many one for a part of their file.

    UserError if no row has a prediction.
    """
    reasons = Counter({key: count for key, count in counts.items() if key != SEVERAL})
    if rows and reasons.total() == rows:
        ((reason, count),) = reasons.most_common(1)
        raise UserError(
            f"{source}: none of its {rows:,} images is usable, so nothing was written "
            f"({count:,} times: {reason})."
        )
    found = {
        "are not usable images: they have no prediction": reasons.total(),
        "have more frames or pages, of which only the first was predicted": counts[SEVERAL],
    }
    return [
        f"{count:,} of {rows:,} rows of {source} {text}." for text, count in found.items() if count
    ]


def _open(size: int, bits: int | None, file: str) -> tuple[np.ndarray | str, bool]:
    """Return pixels or the reason for a failure, and whether the file has more frames or pages."""
    try:
        return load(file, size, bits)
    except BrokenError as error:
        return str(error), False


def _predict(
    model: onnx_runtime.Predictor,
    opened: list[tuple[np.ndarray | str, bool]],
    counts: Counter[str],
) -> list[Prediction]:
    counts[SEVERAL] += sum(several for _, several in opened)
    loaded = [each for each, _ in opened]
    images = [each for each in loaded if not isinstance(each, str)]
    predicted: list[Prediction] = []
    if images:
        probabilities, chosen = model.decide({"image": np.stack(images)})
        labels = [] if chosen is None else chosen.tolist()
        predicted = [(label, row, None) for label, row in zip(labels, probabilities, strict=True)]
    remaining = iter(predicted)
    return [(None, None, each) if isinstance(each, str) else next(remaining) for each in loaded]


def _named(parts: list[list[Prediction]], labels: list[str]) -> dict[str, pa.Array]:
    chosen, rows, reasons = zip(*(each for part in parts for each in part), strict=True)
    names = labels[1:] if len(labels) == 2 else labels
    codes = {f"probability_{name}": labels.index(name) for name in names}
    return {
        "label": pa.array(chosen, pa.string()),
        **{
            name: pa.array([None if row is None else row[code] for row in rows], pa.float32())
            for name, code in codes.items()
        },
        "reason": pa.array(reasons, pa.string()),
    }
