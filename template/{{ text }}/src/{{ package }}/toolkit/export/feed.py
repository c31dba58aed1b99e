"""Texts as inputs of an exported model. Needs numpy alone."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..texts import padding, terms, tokens
from .contract import Contract, Input

if TYPE_CHECKING:
    from ..tables.schema import Schema

ROWS = tokens.ROWS  # at once
BATCHES = (1, 1000)  # rows that are timed
REFERENCE = 5000  # rows that `monitor` compares with: more would hardly make it see more


def describe(schema: "Schema") -> list[Input]:
    """Return the inputs of a contract: one, the text; `tokens` there says what becomes of it."""
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
    """Return what the model takes of the (rows,) str that `inputs` maps the name to."""
    (text,) = contract["inputs"]
    told = {**contract["tokens"], "folder": contract.get("folder")}
    encode = (padding if "file" in told else terms).encode  # whichever framework trained it
    return encode(list(inputs[text["name"]]), told)


def to_numpy(inputs: Any, contract: Contract) -> dict[str, Any]:
    """Return the inputs without pandas, for a process that is free of it."""
    return {i["name"]: list(inputs[i["name"]]) for i in contract["inputs"]}


def request_view(inputs: Any) -> Any:
    """Return a table as a client sends it: here all of it."""
    return inputs
