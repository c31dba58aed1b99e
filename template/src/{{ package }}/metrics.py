"""Metrics of your own, computed with intervals beside the toolkit's: see "Make it yours".

def mcc(targets, predictions, decisions, weights):
    return matthews_corrcoef(targets, decisions, sample_weight=weights)

OWN = {"mcc": Metric(mcc)}
"""

from .toolkit.settings.common import Metric

OWN: dict[str, Metric] = {}
