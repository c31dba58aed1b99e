"""Inputs and outputs of an exported model, stored with it as contract.json."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, cast

from ..runs import UserError, sha256

if TYPE_CHECKING:
    from ..tables.cells import Column

Shape = list[int | None]  # None is the number of rows


class Input(TypedDict):
    """An input, named after the raw column; a date is a number of days, "" is a missing category.

    `tables/cells.py` explains the keys that describe how a cell is parsed; the model takes numbers,
    and the days of dates, minus `offset`.
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
    bits: NotRequired[int | None]
    words: NotRequired[list[str]]


class Outputs(TypedDict):
    """Probabilities of `labels`, or values; of two labels, the last applies from `threshold` on.

    `offset` has to be added to values, which float32 can't hold exactly.
    """

    target: str
    name: str
    shape: Shape
    dtype: str
    labels: list[str] | None
    threshold: float | None
    offset: NotRequired[float]


class Contract(TypedDict):
    """The file's content; `sha256` maps the name of each file of the model to its hash.

    `properties` are measured on inputs that are not tables, and used by `monitor` only.
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
    matrix: NotRequired[dict[str, Any]]  # how a client encodes a row, if the format can't
    tokens: NotRequired[dict[str, Any]]  # how a client tokenizes an input
    folder: NotRequired[str]  # where it was loaded from; not in the file


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
    missing = [name for name, digest in found.items() if digest is None]
    changed = [name for name in expected if found[name] not in (None, expected[name])]
    if missing or changed:
        problems = [f"{n} is missing" for n in missing] + [f"{n} was changed" for n in changed]
        raise UserError(f"{folder}: {', '.join(problems)}; run `export` again.")
    return {**contract, "folder": str(folder)}


def version(contract: Contract) -> str:
    """Return the version of an exported model: the start of its SHA-256."""
    return contract["sha256"][contract["model"]][:12]


def free_name(name: str, columns: list[str]) -> str:
    """Return the name of an output, extended until no column has it."""
    while name in columns:
        name += "_"
    return name


def described(contract: Contract) -> list[Input]:
    """Return what `monitor` compares: the properties if there are any, else the inputs."""
    return contract.get("properties") or contract["inputs"]


def describe_column(column: "Column") -> Input:
    """Return the input that describes a column; `column_of` is the inverse."""
    own = column.model_dump(exclude={"name", "kind", "missing"}, exclude_defaults=True)
    described: Any = {
        "name": column.name,
        "type": column.kind,
        "dtype": "string" if column.kind == "category" else "float32",
        "shape": [None, 1],
        "missing": column.missing,
    }
    if column.kind == "category":
        described["categories"] = None
    elif column.kind in ("number", "date"):
        described |= {"low": None, "high": None}
    if column.kind == "date":
        described["unit"] = "days since 1970-01-01"
    return cast("Input", described | own)


def column_of(described: Input) -> "Column":
    """Return the column that an input describes."""
    from ..tables.cells import Column

    shared = {key: value for key, value in described.items() if key in Column.model_fields}
    return Column.model_validate(shared | {"kind": described["type"]})
