"""The metrics of /predict for /metrics, in the text format of Prometheus."""

from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import chain
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import Metric

SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]


class Telemetry:
    """The metrics of one app; counters of labels are cached, as looking them up is slow."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        counter = partial(Counter, registry=self.registry)
        cells = "Values with an unseen category."
        self.status = cache(counter("predict_requests", "Requests by status.", ["status"]).labels)
        self.label = cache(counter("predict_labels", "Rows by predicted label.", ["label"]).labels)
        self.unseen = cache(counter("predict_unseen", cells, ["column"]).labels)
        self.rows = counter("predict_rows", "Rows answered.")
        self.unlogged = counter("predict_unlogged_rows", "Rows not logged.")
        self.seconds = Histogram(
            "predict_seconds", "Time taken.", buckets=SECONDS, registry=self.registry
        )
        ProcessCollector(registry=self.registry)

    def request(self, status: int, seconds: float) -> None:
        """Count a request, whatever its status."""
        self.status(status).inc()
        self.seconds.observe(seconds)

    def answers(self, answers: Sequence[dict[str, Any]], unseen: Sequence[list[str]]) -> None:
        """Count the rows of an answered request, and their columns with unseen categories."""
        self.rows.inc(len(answers))
        for answer in answers:
            if "label" in answer:
                self.label(answer["label"]).inc()
        for name in chain.from_iterable(unseen):
            self.unseen(name).inc()

    def lost(self, rows: int) -> None:
        """Count rows that are missing from the request log."""
        self.unlogged.inc(rows)

    def text(self) -> str:
        """Return all metrics."""
        return generate_latest(self).decode()

    def collect(self) -> Iterator[Metric]:
        """Yield all samples but `_created`, which can only be disabled for a whole process."""
        for metric in self.registry.collect():
            metric.samples = [each for each in metric.samples if not each.name.endswith("_created")]
            yield metric
