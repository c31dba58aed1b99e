"""Add a model's predictions to a table of pictures; needs the export folder and nothing else."""

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

AT_ONCE = 64  # pictures that go through the model together
Answer = tuple[str | None, np.ndarray | None, str | None]  # label, probabilities, reason


def scorer(
    folder: Path, source: Path, config: BaseConfig, counts: Counter[str]
) -> Callable[[pa.Table, int], pa.Table]:
    """Return a function that appends predictions to a table, given how many rows came before it.

    Appended are `label`, `probability_LABEL`, of two labels that of the last one, and `reason`: why
    a file is no usable picture. Such a row has no prediction, and stops nothing; `counts` has them.
    A name that the table has gains an underscore.
    """
    model = onnx_runtime.load(folder)
    size = model.contract["inputs"][0]["shape"][1] or 0
    image, labels = config.data.image, model.contract["outputs"]["labels"] or []

    def score(table: pa.Table, first: int) -> pa.Table:
        files = table[image].to_pylist()
        groups = [files[start : start + AT_ONCE] for start in range(0, len(files), AT_ONCE)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            parts = [_predict(model, list(pool.map(partial(_open, size), some))) for some in groups]
        counts["broken"] += sum(reason is not None for part in parts for *_, reason in part)
        for name, values in _named(parts, labels).items():
            table = table.append_column(free_name(name, table.column_names), values)
        return table

    return score


def notes(counts: Counter[str], rows: int, source: Path, allow_unseen: bool) -> list[str]:
    """Say how many rows have no prediction."""
    told = f"rows of {source} are no usable pictures: they have no prediction."
    return [f"{count:,} of {rows:,} {told}" for count in counts.values() if count]


def _open(size: int, file: str) -> np.ndarray | str:
    """Return pixels, or the reason why there are none."""
    try:
        return load(file, size)
    except BrokenError as error:
        return str(error)


def _predict(model: onnx_runtime.Predictor, found: list[np.ndarray | str]) -> list[Answer]:
    pictures = [each for each in found if not isinstance(each, str)]
    answers: list[Answer] = []
    if pictures:
        predictions, chosen = model.decide({"image": np.stack(pictures)})
        names = [] if chosen is None else chosen.tolist()
        answers = [(label, row, None) for label, row in zip(names, predictions, strict=True)]
    sound = iter(answers)
    return [(None, None, each) if isinstance(each, str) else next(sound) for each in found]


def _named(parts: list[list[Answer]], labels: list[str]) -> dict[str, pa.Array]:
    chosen, rows, reasons = zip(*(answer for part in parts for answer in part), strict=True)
    shown = labels[1:] if len(labels) == 2 else labels
    codes = {f"probability_{name}": labels.index(name) for name in shown}
    return {
        "label": pa.array(chosen, pa.string()),
        **{
            name: pa.array([None if row is None else row[code] for row in rows], pa.float32())
            for name, code in codes.items()
        },
        "reason": pa.array(reasons, pa.string()),
    }
