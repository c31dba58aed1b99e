"""Dynamic batching of concurrent requests, without waiting for more rows to arrive."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

Predict = Callable[[list[Any]], list[Any]]  # rows -> as many answers
# The rows of a request, and the future of its answers.
Part = tuple[list[Any], asyncio.Future[list[Any]]]
MAX_BLOCKING = 0.002  # seconds for which a full batch may block the event loop


class Batcher:
    """Predicts rows in batches of at most `size`; up to `queue` rows wait, or one larger request.

    A fast model runs on the event loop, since switching threads would take longer than the model.
    A slow one runs in a thread, while the loop reads requests.
    """

    def __init__(self, predict: Predict, size: int, queue: int) -> None:
        self.predict = predict
        self.size = size
        self.queue = queue
        self.slow = True
        self.rows = 0  # accepted but not answered yet
        self.waiting: deque[Part] = deque()
        self.worker: asyncio.Task[None] | None = None

    def warm_up(self, row: Any) -> None:
        """Predict full batches of a row, and decide by their duration where the model runs."""
        seconds = []
        for _ in range(5):
            started = time.perf_counter()
            self.predict([row] * self.size)
            seconds.append(time.perf_counter() - started)
        self.slow = min(seconds) > MAX_BLOCKING

    def __call__(self, rows: list[Any]) -> asyncio.Future[list[Any]]:
        """Return the future answers of a request; asyncio.QueueFull if the queue is full.

        A large request is split, so that others are answered in between.
        """
        if self.rows and self.rows + len(rows) > self.queue:
            raise asyncio.QueueFull
        self.rows += len(rows)
        if len(rows) <= self.size:
            return self._submit(rows)
        return asyncio.ensure_future(self._split(rows))

    async def _split(self, rows: list[Any]) -> list[Any]:
        answers: list[Any] = []
        left = deque(rows[at : at + self.size] for at in range(0, len(rows), self.size))
        try:
            while left:
                answers += await self._submit(left.popleft())
        finally:
            self.rows -= sum(map(len, left))  # will not be predicted
        return answers

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
            predicted = self.predict(rows) if run is None else await run
        except Exception as error:
            await self._isolate(batch, error)
            return
        self.rows -= len(rows)
        start = 0
        for part, answers in batch:
            own = predicted[start : start + len(part)]
            start += len(part)
            if not answers.done():  # its request may have been cancelled
                answers.set_result(own)

    async def _isolate(self, batch: list[Part], error: Exception) -> None:
        """Raise an error in its own request: those of a batch are predicted again, separately."""
        if len(batch) > 1:
            for part in batch:
                await self._answer([part])
            return
        ((rows, answers),) = batch
        self.rows -= len(rows)
        if not answers.done():
            answers.set_exception(error)
