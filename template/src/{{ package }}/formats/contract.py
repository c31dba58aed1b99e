"""What an exported model takes and gives, written beside it: contract.json. Needs numpy alone."""

import json
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np

from ..runs import UserError, sha256

Shape = list[int | None]  # None is the number of rows


class Input(TypedDict):
    """One input, named as the raw column; a date is a number of days, "" is a missing category."""

    name: str
    type: str
    dtype: str
    shape: Shape
    missing: bool
    low: NotRequired[float | None]
    high: NotRequired[float | None]
    unit: NotRequired[str]
    format: NotRequired[str | None]
    categories: NotRequired[list[str] | None]


class Outputs(TypedDict):
    """Probabilities of `labels`, the last of two being called from `threshold` on; or values."""

    target: str
    name: str
    shape: Shape
    dtype: str
    labels: list[str] | None
    threshold: float | None


class Contract(TypedDict):
    """The whole file; `sha256` maps the name of each file of the model to its hash."""

    project: str
    task: str
    format: str
    model: str
    inputs: list[Input]
    outputs: Outputs
    versions: dict[str, str]
    sha256: dict[str, str]


def load(folder: Path) -> Contract:
    """Return the contract of an exported model; UserError names a missing or changed file."""
    path = folder / "contract.json"
    try:
        contract: Contract = json.loads(path.read_text(encoding="utf-8"))
        expected = contract["sha256"]
    except FileNotFoundError:
        raise UserError(f"{folder} holds no exported model: run `export` first.") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: damaged; run `export` again.") from None
    files = {name: folder / name for name in expected}
    lost = [name for name, file in files.items() if not file.is_file()]
    changed = [
        name for name in expected if name not in lost and sha256(files[name]) != expected[name]
    ]
    if lost or changed:
        what = ", ".join([f"{n} is missing" for n in lost] + [f"{n} was changed" for n in changed])
        raise UserError(f"{folder}: {what}; run `export` again.")
    return contract


def free_name(name: str, columns: list[str]) -> str:
    """Return the name of an output, lengthened until no column is called so."""
    while name in columns:
        name += "_"
    return name


def feed(inputs: Any, contract: Contract) -> dict[str, np.ndarray]:
    """Return {name: (rows, 1)}, float32 or for categories str objects.

    `inputs` maps each name to its (rows,) values: a canonical table, or a dict of arrays or lists,
    in which None or NaN is a missing number and "" a missing category.
    """
    return {i["name"]: _column(inputs[i["name"]], i["dtype"])[:, None] for i in contract["inputs"]}


def _column(values: Any, dtype: str) -> np.ndarray:
    if dtype != "string":
        return np.asarray(values, np.float32)
    if not hasattr(values, "cat"):
        return np.asarray(values, object)
    levels = np.array([*values.cat.categories, ""], object)  # a missing value has code -1
    return levels[values.cat.codes.to_numpy()]
