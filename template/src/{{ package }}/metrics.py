"""Metrics of your own, computed with confidence intervals beside the toolkit's (see README.md)."""

from .toolkit.settings.common import Metric

OWN: dict[str, Metric] = {}
