"""Run the rows of concurrent requests together: what has arrived goes, without waiting for more."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

Predict = Callable[[list[Any]], list[Any]]  # rows -> as many answers
# The rows of a request, and where its answers go.
Part = tuple[list[Any], asyncio.Future[list[Any]]]
BLOCK = 0.002  # seconds for which a full batch may stop the event loop


class Batcher:
    """Answers rows in batches of at most `size`; up to `queue` rows wait, or one larger request.

    A fast model runs on the event loop, since a switch of threads would cost more than it takes.
    A slow one runs in a thread, while the loop reads requests.
    """

    def __init__(self, predict: Predict, size: int, queue: int) -> None:
        self.predict = predict
        self.size = size
        self.queue = queue
        self.slow = True
        self.rows = 0  # accepted and not yet answered
        self.waiting: deque[Part] = deque()
        self.worker: asyncio.Task[None] | None = None

    def warm_up(self, row: Any) -> None:
        """Predict full batches of a row, and decide by their time where the model runs."""
        seconds = []
        for _ in range(5):
            started = time.perf_counter()
            self.predict([row] * self.size)
            seconds.append(time.perf_counter() - started)
        self.slow = min(seconds) > BLOCK

    async def __call__(self, rows: list[Any]) -> list[Any]:
        """Return the answers of a request; asyncio.QueueFull if there is no room for it.

        A large request goes in pieces, so that others get their turn in between.
        """
        if self.rows and self.rows + len(rows) > self.queue:
            raise asyncio.QueueFull
        self.rows += len(rows)
        try:
            if len(rows) <= self.size:
                return await self._submit(rows)
            starts = range(0, len(rows), self.size)
            pieces = [await self._submit(rows[start : start + self.size]) for start in starts]
            return [answer for piece in pieces for answer in piece]
        finally:
            self.rows -= len(rows)

    def _submit(self, rows: list[Any]) -> asyncio.Future[list[Any]]:
        loop = asyncio.get_running_loop()
        answers: asyncio.Future[list[Any]] = loop.create_future()
        self.waiting.append((rows, answers))
        if self.worker is None:
            self.worker = loop.create_task(self._work())
        return answers

    async def _work(self) -> None:
        while self.waiting:
            await self._answer(self._take())
        self.worker = None

    def _take(self) -> list[Part]:
        batch = [self.waiting.popleft()]
        room = self.size - len(batch[0][0])
        while self.waiting and len(self.waiting[0][0]) <= room:
            batch.append(self.waiting.popleft())
            room -= len(batch[-1][0])
        return batch

    async def _answer(self, batch: list[Part]) -> None:
        rows = [row for part, _ in batch for row in part]
        try:
            run = asyncio.to_thread(self.predict, rows) if self.slow else None
            found = iter(self.predict(rows) if run is None else await run)
        except Exception as error:
            await self._blame(batch, error)
            return
        for part, answers in batch:
            own = [next(found) for _ in part]
            if not answers.done():  # its request may have been cancelled
                answers.set_result(own)

    async def _blame(self, batch: list[Part], error: Exception) -> None:
        """Pass an error on; in a batch of several requests it must only reach those at fault."""
        if len(batch) > 1:
            for part in batch:
                await self._answer([part])
        elif not batch[0][1].done():
            batch[0][1].set_exception(error)
