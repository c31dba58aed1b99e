"""Append predicted rows to a JSON-lines file for `monitor`, without blocking requests."""

import asyncio
import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ..runs import UserError, appending
from .payload import Payload

SECONDS = 0.5  # between two writes
MAX_ROWS = 100_000  # in memory, if the disk is slow
encode = msgspec.json.Encoder(enc_hook=str).encode


class RequestLog:
    """Collects rows and writes them twice a second; a failing disk loses rows, never requests.

    Without a path nothing is logged. `model` is part of each line; `dropped` is called with the
    number of lost rows.
    """

    def __init__(
        self, path: Path | None, model: str, payload: Payload, dropped: Callable[[int], None]
    ) -> None:
        self.path = path or Path(os.devnull)
        self.enabled = path is not None
        self.model = model
        self.payload = payload
        self.dropped = dropped
        self.lines: deque[bytes] = deque()
        self.writing = threading.Lock()
        if path:
            _check(path)

    def add(self, rows: list[Any], answers: list[dict[str, Any]]) -> None:
        """Add the rows of a request and their answers."""
        if not self.enabled:
            return
        if len(self.lines) + len(rows) > MAX_ROWS:
            self.dropped(len(rows))
            return
        now = datetime.now(UTC)
        for row, answer in zip(rows, answers, strict=True):
            inputs = self.payload.as_written(row)
            line = {"time": now, "model": self.model, "inputs": inputs, **answer}
            if "probabilities" in answer:
                line["probabilities"] = list(answer["probabilities"].values())
            self.lines.append(encode(line) + b"\n")

    async def run(self) -> None:
        """Write periodically until cancelled; call `write` for the rest then."""
        while True:
            await asyncio.sleep(SECONDS)
            await asyncio.to_thread(self.write)

    def write(self) -> None:
        """Write the collected rows, after any write that is in progress."""
        with self.writing:
            data = b"".join(self.lines.popleft() for _ in range(len(self.lines)))
            if data:
                self._append(data)

    def _append(self, data: bytes) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with appending(self.path) as file:  # opened anew, since logs are rotated
                while data:
                    data = data[os.write(file.fileno(), data) :]
        except OSError as error:
            self.dropped(data.count(b"\n"))
            logging.getLogger("uvicorn.error").error("%s: %s", self.path, error.strerror)


def _check(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise UserError(
            f"serve.request_log: {path}: {error.strerror}; or set it to null."
        ) from None
