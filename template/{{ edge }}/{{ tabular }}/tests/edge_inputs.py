"""Inputs of the C++ program: rows as lines of JSON."""

import json
from typing import Any

MISTAKES = {b"{}\n": "the row has no column"}


def as_given(rows: list[dict[str, Any]]) -> bytes:
    """Return rows of examples.json as the program reads them."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
