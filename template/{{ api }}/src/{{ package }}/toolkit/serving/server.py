"""A server that closes the connections on which no request comes: each holds a place."""

import time
from typing import Any

import uvicorn

SECONDS = 20  # from the connection, or from the last answer, to the end of a request's headers


class Server(uvicorn.Server):
    """Of uvicorn's limits, none is for clients that send nothing, or a letter now and then."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.waiting: dict[tuple[Any, Any], float] = {}  # since when

    async def on_tick(self, counter: int) -> bool:
        """Look once a second; uvicorn asks ten times."""
        if counter % 10 == 0:
            self._cut_off(time.monotonic())
        return await super().on_tick(counter)

    def _cut_off(self, now: float) -> None:
        """Close what has waited too long; a request that comes makes another pair."""
        connections: set[Any] = self.server_state.connections  # HTTP/1.1, as nothing else is set
        found = [(each, each.cycle) for each in connections]
        idle = [pair for pair in found if pair[1] is None or pair[1].response_complete]
        self.waiting = {pair: self.waiting.get(pair, now) for pair in idle}
        for (connection, _), since in self.waiting.items():
            if now - since > SECONDS:
                connection.transport.close()
