"""Append answered rows to a JSON-lines file for `monitor`, without holding up any request."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ..runs import UserError

SECONDS = 0.5  # between two writes
ROWS = 100_000  # waiting at most, should the disk be slow
encode = msgspec.json.Encoder(enc_hook=str).encode

Answered = tuple[float, list[Any], list[dict[str, Any]]]  # Unix time, rows, answers


class RequestLog:
    """Collects rows and writes them twice a second; a failing disk costs rows, never requests.

    Without a path it keeps nothing. `dropped` is told how many rows were lost.
    """

    def __init__(
        self, path: Path | None, names: Sequence[str], dropped: Callable[[int], None]
    ) -> None:
        self.path = path or Path(os.devnull)
        self.keeps = path is not None
        self.names = names
        self.dropped = dropped
        self.rows = 0
        self.waiting: list[Answered] = []
        if path:
            _check(path)

    def add(self, rows: list[Any], answers: list[dict[str, Any]]) -> None:
        """Remember the rows of a request and what it was answered."""
        if not self.keeps:
            return
        if self.rows + len(rows) > ROWS:
            self.dropped(len(rows))
            return
        self.rows += len(rows)
        self.waiting.append((time.time(), rows, answers))

    async def run(self) -> None:
        """Write again and again, until cancelled; what is left then is for `close`."""
        while True:
            await asyncio.sleep(SECONDS)
            if self.waiting:
                await asyncio.shield(asyncio.to_thread(self._write, self._take()))

    def close(self) -> None:
        """Write the last rows."""
        if self.waiting:
            self._write(self._take())

    def _take(self) -> list[Answered]:
        taken, self.waiting, self.rows = self.waiting, [], 0
        return taken

    def _write(self, requests: list[Answered]) -> None:
        try:
            with self.path.open("ab") as file:
                for request in requests:
                    file.write(b"".join(self._lines(*request)))
        except OSError as error:
            self.dropped(sum(len(rows) for _, rows, _ in requests))
            logging.getLogger("uvicorn.error").error("%s: %s", self.path, error.strerror)

    def _lines(self, moment: float, rows: list[Any], answers: list[dict[str, Any]]) -> list[bytes]:
        stamp = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
        lines = []
        for row, answer in zip(rows, answers, strict=True):
            inputs = dict(zip(self.names, msgspec.structs.astuple(row), strict=True))
            line = {"time": stamp, "inputs": inputs, **answer}
            if "probabilities" in answer:
                line["probabilities"] = list(answer["probabilities"].values())
            lines.append(encode(line) + b"\n")
        return lines


def _check(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise UserError(
            f"serve.request_log: {path}: {error.strerror}; or set it to null."
        ) from None
