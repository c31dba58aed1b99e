"""What /metrics tells about the answers, in the text format of Prometheus."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100]
BOUNDS = [*map(str, SECONDS), "+Inf"]


class Times:
    """Durations, counted by position in SECONDS."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        """Count a duration."""
        self.counts[bisect_left(SECONDS, seconds)] += 1
        self.sum += seconds

    def metric(self, name: str, text: str) -> Metric:
        """Return the counts as Prometheus' type."""
        counts = accumulate(self.counts[position] for position in range(len(BOUNDS)))
        return HistogramMetricFamily(name, text, list(zip(BOUNDS, counts, strict=True)), self.sum)


class Telemetry:
    """Plain counts, so that a request costs little; Prometheus gets its types when it asks."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.tokens: Counter[str] = Counter()
        self.whole, self.first = Times(), Times()
        self.unlogged = 0
        self.open = 0
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def request(self, status: int, seconds: float) -> None:
        """Count a request, whatever became of it."""
        self.statuses[status] += 1
        self.whole.add(seconds)

    def used(self, usage: dict[str, int]) -> None:
        """Count the tokens of an answered request, as the engine tells them."""
        for kind in ("prompt", "completion"):
            self.tokens[kind] += usage.get(f"{kind}_tokens", 0)

    def lost(self, rows: int) -> None:
        """Count answers that are missing in the request log."""
        self.unlogged += rows

    def text(self) -> str:
        """Return all counts."""
        return generate_latest(self.registry).decode()

    def collect(self) -> Iterator[Metric]:
        """Yield the counts as Prometheus' types."""
        yield _counter("requests", "Requests by status.", self.statuses, "status")
        yield _counter("tokens", "Tokens read and written.", self.tokens, "kind")
        yield CounterMetricFamily("chat_unlogged", "Answers not logged.", self.unlogged)
        yield GaugeMetricFamily("chat_open", "Requests being answered or waiting.", self.open)
        yield self.whole.metric("chat_seconds", "Time taken.")
        yield self.first.metric("chat_first_token_seconds", "Time to the first token.")


def _counter(name: str, text: str, counts: Counter[int] | Counter[str], label: str) -> Metric:
    family = CounterMetricFamily(f"chat_{name}", text, labels=[label])
    for value, count in counts.items():
        family.add_metric([str(value)], count)
    return family
