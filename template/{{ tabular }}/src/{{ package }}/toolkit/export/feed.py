"""The columns of a table as inputs of an exported model. Needs only numpy."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .contract import Contract, Input, describe_column

if TYPE_CHECKING:
    from ..tables.schema import Schema

ROWS = 50_000  # per batch, since text columns take much memory
BATCHES = (1, 1000)  # batch sizes that are timed
REFERENCE = 5000  # rows that `monitor` compares with; more would hardly add power


def describe(schema: "Schema") -> list[Input]:
    """Return the inputs of a contract, one per column."""
    return [describe_column(column) for column in schema.columns]


def feed(inputs: Any, contract: Contract) -> dict[str, np.ndarray]:
    """Return {name: (rows, 1)}, float32 or for categories str objects.

    `inputs` maps each name to its (rows,) values: a canonical table, or a dict of arrays or lists,
    where None or NaN is a missing number and "" a missing category.
    """
    return {i["name"]: _column(inputs[i["name"]], i["dtype"])[:, None] for i in contract["inputs"]}


def to_numpy(inputs: Any, contract: Contract) -> dict[str, Any]:
    """Return the inputs as arrays, for a process without pandas."""
    return {name: values[:, 0] for name, values in feed(inputs, contract).items()}


def _column(values: Any, dtype: str) -> np.ndarray:
    if dtype != "string":
        return np.asarray(values, np.float32)
    if not hasattr(values, "cat"):
        return np.asarray(values, object)
    levels = np.array([*values.cat.categories, ""], object)  # a missing value has code -1
    return levels[values.cat.codes.to_numpy()]


def request_view(inputs: Any) -> Any:
    """Return the inputs that a client sends: here all of them."""
    return inputs
