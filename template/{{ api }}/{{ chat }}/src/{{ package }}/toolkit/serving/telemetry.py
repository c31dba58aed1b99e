"""The metrics of /metrics, in the text format of Prometheus."""

from collections.abc import Iterator
from functools import cache, partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import Metric

SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100]


class Telemetry:
    """The metrics of one app; counters of labels are cached, since looking them up is slow."""

    def __init__(self) -> None:
        self.open = 0
        self.registry = CollectorRegistry()
        counter = partial(Counter, registry=self.registry)
        times = partial(Histogram, buckets=SECONDS, registry=self.registry)
        self.status = cache(counter("chat_requests", "Requests by status.", ["status"]).labels)
        self.tokens = cache(counter("chat_tokens", "Tokens read and written.", ["kind"]).labels)
        self.unlogged = counter("chat_unlogged", "Answers not logged.")
        waiting = "Requests being answered or waiting."
        Gauge("chat_open", waiting, registry=self.registry).set_function(lambda: self.open)
        self.seconds = times("chat_seconds", "Time taken.")
        self.first_token = times("chat_first_token_seconds", "Time to the first token.")
        ProcessCollector(registry=self.registry)

    def request(self, status: int, seconds: float) -> None:
        """Count a request, answered or not."""
        self.status(status).inc()
        self.seconds.observe(seconds)

    def count_tokens(self, usage: dict[str, int]) -> None:
        """Count the tokens of an answered request, as reported by the engine."""
        for kind in ("prompt", "completion"):
            self.tokens(kind).inc(usage.get(f"{kind}_tokens", 0))

    def lost(self, rows: int) -> None:
        """Count answers that could not be written to the request log."""
        self.unlogged.inc(rows)

    def text(self) -> str:
        """Return all metrics as text."""
        return generate_latest(self).decode()

    def collect(self) -> Iterator[Metric]:
        """Yield all but `_created`, which the library can only switch off for a whole process."""
        for metric in self.registry.collect():
            metric.samples = [each for each in metric.samples if not each.name.endswith("_created")]
            yield metric
