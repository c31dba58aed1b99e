"""What an exported model takes and gives, written beside it: contract.json."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, cast

from ..runs import UserError, sha256

if TYPE_CHECKING:
    from ..tables.cells import Column

Shape = list[int | None]  # None is the number of rows


class Input(TypedDict):
    """One input, named as the raw column; a date is a number of days, "" is a missing category.

    How a cell is read stands in the keys that `tables/cells.py` explains; the model takes a number,
    or the days of a date, less its `offset`.
    """

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
    boolean: NotRequired[bool]
    decimal: NotRequired[str]
    thousands: NotRequired[str]
    sign: NotRequired[str]
    offset: NotRequired[float]
    missing_values: NotRequired[list[str]]
    color: NotRequired[str]
    resize: NotRequired[str]
    words: NotRequired[list[str]]


class Outputs(TypedDict):
    """Probabilities of `labels`, the last of two being called from `threshold` on; or values.

    `offset` is to be added to values: float32 can't hold them whole.
    """

    target: str
    name: str
    shape: Shape
    dtype: str
    labels: list[str] | None
    threshold: float | None
    offset: NotRequired[float]


class Contract(TypedDict):
    """The whole file; `sha256` maps the name of each file of the model to its hash.

    `properties` are measured of inputs that are no table, and looked at by `monitor` alone.
    """

    project: str
    task: str
    format: str
    model: str
    inputs: list[Input]
    properties: NotRequired[list[Input]]
    outputs: Outputs
    versions: dict[str, str]
    sha256: dict[str, str]
    matrix: NotRequired[dict[str, Any]]  # how a client encodes a row, where the format can't
    tokens: NotRequired[dict[str, Any]]  # how a client makes tokens of an input
    folder: NotRequired[str]  # where it was found: the file itself doesn't say


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
    found = {n: sha256(folder / n) if (folder / n).is_file() else None for n in expected}
    lost = [name for name, digest in found.items() if digest is None]
    changed = [name for name in expected if found[name] not in (None, expected[name])]
    if lost or changed:
        what = ", ".join([f"{n} is missing" for n in lost] + [f"{n} was changed" for n in changed])
        raise UserError(f"{folder}: {what}; run `export` again.")
    return {**contract, "folder": str(folder)}


def version(contract: Contract) -> str:
    """Return what tells one exported model from another: the start of its SHA-256."""
    return contract["sha256"][contract["model"]][:12]


def free_name(name: str, columns: list[str]) -> str:
    """Return the name of an output, lengthened until no column is called so."""
    while name in columns:
        name += "_"
    return name


def described(contract: Contract) -> list[Input]:
    """Return what `monitor` compares: the properties, or else the inputs."""
    return contract.get("properties") or contract["inputs"]


def describe_column(column: "Column") -> Input:
    """Return a column of a table as an input; `column_of` gives the column again."""
    own = column.model_dump(exclude={"name", "kind", "missing"}, exclude_defaults=True)
    told: Any = {
        "name": column.name,
        "type": column.kind,
        "dtype": "string" if column.kind == "category" else "float32",
        "shape": [None, 1],
        "missing": column.missing,
    }
    if column.kind == "category":
        told["categories"] = None
    elif column.kind in ("number", "date"):
        told |= {"low": None, "high": None}
    if column.kind == "date":
        told["unit"] = "days since 1970-01-01"
    return cast("Input", told | own)


def column_of(described: Input) -> "Column":
    """Return the column that an input describes."""
    from ..tables.cells import Column

    shared = {key: value for key, value in described.items() if key in Column.model_fields}
    return Column.model_validate(shared | {"kind": described["type"]})
