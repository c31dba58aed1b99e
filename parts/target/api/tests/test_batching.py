"""Batches keep requests apart, and a full queue refuses."""

import asyncio

import pytest

from my_model.server.batching import Batcher


def double(rows: list[int]) -> list[int]:
    if 13 in rows:
        raise ValueError(rows)
    return [2 * row for row in rows]


@pytest.mark.parametrize("slow", [False, True])
def test_batches_keep_requests_apart(slow: bool) -> None:
    sizes = []

    async def main() -> None:
        batcher = Batcher(lambda rows: sizes.append(len(rows)) or double(rows), size=8, queue=100)
        batcher.slow = slow
        requests = [asyncio.ensure_future(batcher(rows)) for rows in ([1], [13], [2, 3], [4])]
        await asyncio.sleep(0)
        requests[3].cancel()
        found = await asyncio.gather(*requests, return_exceptions=True)
        assert found[0] == [2] and found[2] == [4, 6]
        assert isinstance(found[1], ValueError) and isinstance(found[3], asyncio.CancelledError)
        assert await batcher(list(range(14, 64))) == double(list(range(14, 64)))
        assert batcher.rows == 0 and max(sizes) <= 8

    asyncio.run(main())


def test_a_full_queue_refuses() -> None:
    async def main() -> None:
        batcher = Batcher(double, size=2, queue=3)
        first = asyncio.ensure_future(batcher([1] * 50))  # larger than the queue, but alone
        await asyncio.sleep(0)
        with pytest.raises(asyncio.QueueFull):
            await batcher([1])
        assert await first == [2] * 50
        assert await batcher([1]) == [2]

    asyncio.run(main())
