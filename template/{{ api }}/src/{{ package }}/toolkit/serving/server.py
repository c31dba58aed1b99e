"""A server that closes idle connections, as each takes up a slot."""

import time
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import APIRouter, Depends, FastAPI

from ..runs import UserError

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


def include(app: FastAPI, router: APIRouter, check: Callable[..., Any], path: str) -> None:
    """Add the project's own endpoints, each behind `check`; UserError if a path is taken.

    `path` is that of the requests that middleware answers.
    """
    taken = {path, *(getattr(route, "path", "") for route in app.routes)}
    for route in router.routes:
        if (wanted := getattr(route, "path", "")) in taken:
            raise UserError(f"api.py: {wanted} is taken: use another path.")
    app.include_router(router, dependencies=[Depends(check)])
