"""What /metrics tells about /predict, in the text format of Prometheus."""

from collections import Counter as Tally
from collections.abc import Sequence
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)

SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]


class Telemetry:
    """Counts requests, rows and labels, and how long answers took."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter("predict_requests", "By status.", ["status"], registry=registry)
        self.seconds = Histogram(
            "predict_seconds", "Time taken.", buckets=SECONDS, registry=registry
        )
        self.rows = Counter("predict_rows", "Rows answered.", registry=registry)
        self.labels = Counter("predict_labels", "Rows by label.", ["label"], registry=registry)
        self.unlogged = Counter("predict_unlogged_rows", "Missing in the log.", registry=registry)

    def request(self, status: int, seconds: float) -> None:
        """Count a request, whatever became of it."""
        self.requests.labels(status).inc()
        self.seconds.observe(seconds)

    def answers(self, answers: Sequence[dict[str, Any]]) -> None:
        """Count the rows of an answered request."""
        self.rows.inc(len(answers))
        for label, rows in Tally(a["label"] for a in answers if "label" in a).items():
            self.labels.labels(label).inc(rows)

    def text(self) -> str:
        """Return all counts."""
        return generate_latest(self.registry).decode()
