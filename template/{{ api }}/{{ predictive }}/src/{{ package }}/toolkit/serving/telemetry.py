"""The metrics of /predict for /metrics, in the text format of Prometheus."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from threading import Lock
from typing import Any

from prometheus_client import ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]


class Telemetry:
    """The metrics of one app, as plain numbers: only `lost` is called from another thread.

    The counters of prometheus_client lock, which takes a tenth of the time of a request.
    """

    def __init__(self) -> None:
        self.requests: Counter[int] = Counter()
        self.labels: Counter[str] = Counter()
        self.unseen: Counter[str] = Counter()
        self.rows = self.unlogged = 0
        self.durations = [0] * (len(SECONDS) + 1)
        self.seconds = 0.0
        self.losing = Lock()
        self.process = ProcessCollector(registry=None)

    def request(self, status: int, seconds: float) -> None:
        """Count a request, whatever its status."""
        self.requests[status] += 1
        self.durations[bisect_left(SECONDS, seconds)] += 1
        self.seconds += seconds

    def answers(self, answers: Sequence[dict[str, Any]], unseen: Sequence[list[str]]) -> None:
        """Count the rows of an answered request, and their columns with unseen categories."""
        self.rows += len(answers)
        for answer in answers:
            if "label" in answer:
                self.labels[answer["label"]] += 1
        for name in chain.from_iterable(unseen):
            self.unseen[name] += 1

    def lost(self, rows: int) -> None:
        """Count rows that are missing from the request log."""
        with self.losing:
            self.unlogged += rows

    def text(self) -> str:
        """Return all metrics."""
        return generate_latest(self).decode()

    def collect(self) -> Iterator[Metric]:
        """Yield each metric, as prometheus_client asks of a registry."""
        yield _counter("predict_requests", "Requests by status.", "status", self.requests)
        yield _counter("predict_labels", "Rows by predicted label.", "label", self.labels)
        yield _counter("predict_unseen", "Values with an unseen category.", "column", self.unseen)
        yield CounterMetricFamily("predict_rows", "Rows answered.", self.rows)
        yield CounterMetricFamily("predict_unlogged_rows", "Rows not logged.", self.unlogged)
        bounds = [*map(str, map(float, SECONDS)), "+Inf"]
        buckets = list(zip(bounds, accumulate(self.durations), strict=True))
        yield HistogramMetricFamily("predict_seconds", "Time taken.", buckets, self.seconds)
        yield from self.process.collect()


def _counter(name: str, text: str, label: str, counts: Counter[Any]) -> Metric:
    metric = CounterMetricFamily(name, text, labels=[label])
    for value, count in counts.items():
        metric.add_metric([str(value)], count)
    return metric
