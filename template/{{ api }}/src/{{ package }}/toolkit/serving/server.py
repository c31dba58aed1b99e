"""A server that closes idle connections, as each takes up a slot."""

import time
from typing import Any

import uvicorn

SECONDS = 20  # from the connection, or from the last response, to the end of the headers


class Server(uvicorn.Server):
    """uvicorn has no timeout for clients that send nothing, or a byte now and then."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.waiting: dict[tuple[Any, Any], float] = {}  # start times

    async def on_tick(self, counter: int) -> bool:
        """Check once a second; uvicorn calls this ten times."""
        if counter % 10 == 0:
            self._close_idle(time.monotonic())
        return await super().on_tick(counter)

    def _close_idle(self, now: float) -> None:
        """Close connections that are idle for too long; a new request makes a new pair."""
        connections: set[Any] = self.server_state.connections  # of HTTP/1.1
        pairs = [(each, each.cycle) for each in connections]
        idle = [pair for pair in pairs if pair[1] is None or pair[1].response_complete]
        self.waiting = {pair: self.waiting.get(pair, now) for pair in idle}
        for (connection, _), since in self.waiting.items():
            if now - since > SECONDS:
                connection.transport.close()
