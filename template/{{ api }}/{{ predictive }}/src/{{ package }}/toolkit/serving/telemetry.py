"""What /metrics tells about /predict, in the text format of Prometheus."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
BOUNDS = [*map(str, SECONDS), "+Inf"]


class Telemetry:
    """Plain counts, so that a request costs little; Prometheus gets its types when it asks."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.labels: Counter[str] = Counter()
        self.unseen: Counter[str] = Counter()  # by column
        self.durations: Counter[int] = Counter()  # by position in SECONDS
        self.seconds = 0.0
        self.rows = 0
        self.unlogged = 0
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def request(self, status: int, seconds: float) -> None:
        """Count a request, whatever became of it."""
        self.statuses[status] += 1
        self.durations[bisect_left(SECONDS, seconds)] += 1
        self.seconds += seconds

    def answers(self, answers: Sequence[dict[str, Any]]) -> None:
        """Count the rows of an answered request."""
        self.rows += len(answers)
        for answer in answers:
            if "label" in answer:
                self.labels[answer["label"]] += 1

    def lost(self, rows: int) -> None:
        """Count rows that are missing in the request log."""
        self.unlogged += rows

    def text(self) -> str:
        """Return all counts."""
        return generate_latest(self.registry).decode()

    def collect(self) -> Iterator[Metric]:
        """Yield the counts as Prometheus' types."""
        yield _counter("requests", "Requests by status.", self.statuses, "status")
        yield _counter("labels", "Rows by predicted label.", self.labels, "label")
        told = "Cells whose category no training row had."
        yield _counter("unseen", told, self.unseen, "column")
        yield CounterMetricFamily("predict_rows", "Rows answered.", self.rows)
        yield CounterMetricFamily("predict_unlogged_rows", "Rows not logged.", self.unlogged)
        counts = accumulate(self.durations[position] for position in range(len(BOUNDS)))
        buckets = list(zip(BOUNDS, counts, strict=True))
        yield HistogramMetricFamily("predict_seconds", "Time taken.", buckets, self.seconds)


def _counter(name: str, text: str, counts: Counter[Any], label: str) -> Metric:
    family = CounterMetricFamily(f"predict_{name}", text, labels=[label])
    for value, count in counts.items():
        family.add_metric([str(value)], count)
    return family
