"""Conversations as inputs of an exported model. Needs numpy alone."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from ..chats.special_tokens import escape_special_tokens
from .contract import Contract, Input

if TYPE_CHECKING:
    from ..tables.schema import Schema

ROWS = 8  # per batch
BATCHES = (1, 8)  # batch sizes that are timed
REFERENCE = 64  # rows that `monitor` compares with: few, since each is answered by the model


def describe(schema: "Schema") -> list[Input]:
    """Return the inputs of a contract: one, the messages before the answer."""
    return [
        {
            "name": "messages",
            "type": "chat",
            "dtype": "string",
            "shape": [None],
            "missing": False,
        }
    ]


def feed(inputs: Any, contract: Contract) -> dict[str, np.ndarray]:
    """Return (rows,) lists of messages whose content contains no special token."""
    special = contract["tokens"]["special"]
    chats = [
        [
            {**message, "content": escape_special_tokens(message["content"], special)}
            for message in chat
        ]
        for chat in to_numpy(inputs, contract)["messages"]
    ]
    return {"messages": np.fromiter(chats, object, len(chats))}


def to_numpy(inputs: Any, contract: Contract) -> dict[str, Any]:
    """Return the inputs without pandas, for processes that do not import it.

    In a table, the column `prompt` has the messages as JSON.
    """
    if "messages" in inputs:
        return {"messages": list(inputs["messages"])}
    return {"messages": [json.loads(prompt) for prompt in inputs["prompt"]]}


def request_view(inputs: Any) -> Any:
    """Return a table as clients send it, without answers."""
    return inputs.drop(columns="answer")
