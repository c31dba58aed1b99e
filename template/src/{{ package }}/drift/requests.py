"""Read back the rows that `serve` has answered."""

import json
from collections import deque
from pathlib import Path
from typing import Any

from ..runs import UserError, say


def answered(path: Path, window: int, model: str) -> list[dict[str, Any]]:
    """Return what a model answered of the newest `window` lines of a request log.

    None if the file is something else; UserError if another model answered all of them.
    """
    if path.suffix != ".jsonl":
        return []
    with path.open("rb") as file:  # the server may be writing its last line
        lines = deque((line for line in file if line.endswith(b"\n")), window)
    try:
        requests = [json.loads(line) for line in lines]
    except ValueError as error:
        raise UserError(f"{path}: a line is not JSON ({error}); mend or delete it.") from None
    if not all(isinstance(r, dict) and isinstance(r.get("inputs"), dict) for r in requests):
        return []
    own = [each for each in requests if each.get("model", model) == model]
    if others := len(requests) - len(own):
        say("monitor", f"{path}: {others:,} of {len(requests):,} rows are another model's")
    if requests and not own:
        raise UserError(f"{path}: this run answered none of it: name the one that did by --run.")
    return own
