"""How often the model's answer is better than its base's, and how far judge and person agree."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sklearn.metrics import cohen_kappa_score

from ..runs import write_text

RESULT = "evaluation/judging.json"  # of a run; `evaluate`, which answers anew, takes it away
OUTCOMES = ("model", "tie", "base")  # which answer is better
Z = 1.96  # of a 95 % interval


def rate(outcomes: Mapping[str, str]) -> dict[str, Any]:
    """Return wins, ties and losses of the model, and its win rate with a 95 % interval.

    A tie is half a win. The interval is Wilson's (1927), which holds for few pairs and for rates
    near 0 or 1; ties vary less than it assumes, so with many of them it is wider than it need be.
    """
    found = [*outcomes.values()]
    wins, ties, losses = (found.count(each) for each in OUTCOMES)
    n = len(found)
    share = (wins + ties / 2) / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    counts = {"pairs": n, "wins": wins, "ties": ties, "losses": losses}
    interval = [max(0.0, middle - half), min(1.0, middle + half)]  # but for rounding
    return counts | {"win_rate": share, "interval": interval}


def agreement(judge: Mapping[str, str], person: Mapping[str, str]) -> dict[str, Any]:
    """Return the share of the pairs that both saw on which they agree, and Cohen's kappa (1960).

    Kappa is None where both call all the same, since chance would too.
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


def tell(run: Path, who: str, outcomes: Mapping[str, str], facts: Mapping[str, Any]) -> str:
    """Put into RESULT what "judge" or "person" found, and return it in a sentence."""
    path, found = run / RESULT, rate(outcomes)
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known[who] = {**facts, **found, "outcomes": dict(outcomes)}
    if {"judge", "person"} <= set(known):
        known["agreement"] = agreement(known["judge"]["outcomes"], known["person"]["outcomes"])
    write_text(path, json.dumps(known, indent=2, ensure_ascii=False) + "\n")
    low, high = found["interval"]
    counts = f"{found['wins']} wins, {found['ties']} ties, {found['losses']} losses"
    if facts.get("position_decided"):
        counts += f"; {facts['position_decided']} of the ties are decided by position"
    return f"win rate {found['win_rate']:.3g} ({low:.3g} to {high:.3g}) against the base: {counts}"
