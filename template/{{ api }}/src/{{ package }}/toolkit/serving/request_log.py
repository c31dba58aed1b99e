"""Append answered rows to a JSON-lines file for `monitor`, without holding up any request."""

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

from ..runs import UserError
from .payload import Payload

SECONDS = 0.5  # between two writes
ROWS = 100_000  # waiting at most, should the disk be slow
encode = msgspec.json.Encoder(enc_hook=str).encode


class RequestLog:
    """Collects rows and writes them twice a second; a failing disk costs rows, never requests.

    Without a path it keeps nothing. `model` is told in each line; `dropped`, how many were lost.
    """

    def __init__(
        self, path: Path | None, model: str, payload: Payload, dropped: Callable[[int], None]
    ) -> None:
        self.path = path or Path(os.devnull)
        self.keeps = path is not None
        self.model = model
        self.payload = payload
        self.dropped = dropped
        self.lines: deque[bytes] = deque()
        self.writing = threading.Lock()
        if path:
            _check(path)

    def add(self, rows: list[Any], answers: list[dict[str, Any]]) -> None:
        """Remember the rows of a request and what it was answered."""
        if not self.keeps:
            return
        if len(self.lines) + len(rows) > ROWS:
            self.dropped(len(rows))
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
        for row, answer in zip(rows, answers, strict=True):
            inputs = self.payload.as_written(row)
            line = {"time": now, "model": self.model, "inputs": inputs, **answer}
            if "probabilities" in answer:
                line["probabilities"] = list(answer["probabilities"].values())
            self.lines.append(encode(line) + b"\n")

    async def run(self) -> None:
        """Write again and again, until cancelled; what is left then is for `write`."""
        while True:
            await asyncio.sleep(SECONDS)
            await asyncio.to_thread(self.write)

    def write(self) -> None:
        """Write the rows that wait, after those that are being written."""
        with self.writing:
            lines = [self.lines.popleft() for _ in range(len(self.lines))]
            try:
                with self.path.open("ab") as file:
                    file.write(b"".join(lines))
            except OSError as error:
                self.dropped(len(lines))
                logging.getLogger("uvicorn.error").error("%s: %s", self.path, error.strerror)


def _check(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise UserError(
            f"serve.request_log: {path}: {error.strerror}; or set it to null."
        ) from None
