"""Texts as the input of an exported model: needs numpy only."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..texts import padding, terms, tokens
from .contract import Contract, Input

if TYPE_CHECKING:
    from ..tables.schema import Schema

ROWS = tokens.ROWS  # per call
BATCHES = (1, 100)  # rows that are timed
REFERENCE = 5000  # rows that `monitor` compares with: more would hardly raise its power


def describe(schema: "Schema") -> list[Input]:
    """Return the inputs of a contract: one, the text; `tokens` describes how it is encoded."""
    return [
        {
            "name": column.name,
            "type": "text",
            "dtype": "string",
            "shape": [None],
            "missing": False,
        }
        for column in schema.columns
    ]


def feed(inputs: Any, contract: Contract) -> dict[str, np.ndarray]:
    """Return the arrays that the model takes; `inputs` maps the name to (rows,) str."""
    (text,) = contract["inputs"]
    place = {key: contract.get(key) for key in ("folder", "sha256")}
    encoding = {**contract["tokens"], **place}
    encode = (padding if "file" in encoding else terms).encode  # by the framework of the model
    return encode(list(inputs[text["name"]]), encoding)


def to_numpy(inputs: Any, contract: Contract) -> dict[str, Any]:
    """Return the inputs without pandas, for a process that does not import it."""
    return {i["name"]: list(inputs[i["name"]]) for i in contract["inputs"]}


def request_view(inputs: Any) -> Any:
    """Return the columns of a table that a client sends: all of them."""
    return inputs
