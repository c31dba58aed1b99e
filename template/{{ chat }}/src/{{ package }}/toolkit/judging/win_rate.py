"""Win rate of a model against its base model, and inter-annotator agreement."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sklearn.metrics import cohen_kappa_score

from ..runs import write_text

RESULT = "evaluation/judging.json"  # of a run; removed by `evaluate`, whose answers are new
OUTCOMES = ("model", "tie", "base")  # which answer is better
Z = 1.96  # for a 95 % interval


def rate(outcomes: Mapping[str, str]) -> dict[str, Any]:
    """Return wins, ties and losses of the model, and its win rate with a 95 % interval.

    A tie counts as half a win. The interval is Wilson's (1927), which is accurate for few pairs and
    for rates near 0 or 1; ties vary less than it assumes, so it is conservative with many ties.
    """
    values = [*outcomes.values()]
    wins, ties, losses = (values.count(each) for each in OUTCOMES)
    n = len(values)
    share = (wins + ties / 2) / n
    center = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    counts = {"pairs": n, "wins": wins, "ties": ties, "losses": losses}
    interval = [max(0.0, center - half), min(1.0, center + half)]  # against rounding errors
    return counts | {"win_rate": share, "interval": interval}


def agreement(judge: Mapping[str, str], person: Mapping[str, str]) -> dict[str, Any]:
    """Return raw agreement and Cohen's kappa (1960) on the pairs that both judged.

    Kappa is None if there is a single outcome: chance agreement is then 1.
    """
    both = sorted({*judge} & {*person})
    if not both:
        return {"pairs": 0, "raw": None, "kappa": None}
    one, other = [judge[name] for name in both], [person[name] for name in both]
    raw = sum(a == b for a, b in zip(one, other, strict=True)) / len(both)
    constant = len({*one, *other}) == 1
    return {
        "pairs": len(both),
        "raw": raw,
        "kappa": None if constant else float(cohen_kappa_score(one, other, labels=[*OUTCOMES])),
    }


def save(run: Path, who: str, outcomes: Mapping[str, str], facts: Mapping[str, Any]) -> str:
    """Add the outcomes of "judge" or "person" to RESULT, and return a summary."""
    path, rates = run / RESULT, rate(outcomes)
    result = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    result[who] = {**facts, **rates, "outcomes": dict(outcomes)}
    if {"judge", "person"} <= set(result):
        result["agreement"] = agreement(result["judge"]["outcomes"], result["person"]["outcomes"])
    write_text(path, json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    low, high = rates["interval"]
    counts = f"{rates['wins']} wins, {rates['ties']} ties, {rates['losses']} losses"
    if facts.get("position_decided"):
        counts += f"; {facts['position_decided']} of the ties were decided by position"
    share = f"win rate {rates['win_rate']:.3g} ({low:.3g} to {high:.3g})"
    return f"{share} against the base model: {counts}"
