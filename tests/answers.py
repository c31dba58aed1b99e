"""The named answer sets: every valid cell, with the minor answers taken in turns."""

from itertools import cycle, product
from typing import Any

import yaml

from render import ROOT

QUESTIONS: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
SUBSETS = [["api", "batch"], ["batch", "browser"], ["api"], [], ["browser"]]  # of `targets`


def choices(question: str) -> list[str]:
    """Return the values that a question offers."""
    offered = QUESTIONS[question]["choices"]
    return list(offered.values()) if isinstance(offered, dict) else list(offered)


def cells() -> list[tuple[str, str]]:
    """Return each task and framework whose model exists in parts/."""
    return [
        (task, framework)
        for task, framework in product(choices("task"), choices("framework"))
        if (ROOT / "parts/model" / framework / f"{task.split('-')[0]}.py").exists()
    ]


def answer_sets() -> dict[str, dict[str, Any]]:
    """Return enough answer sets that each cell meets each value of each minor question."""
    minor = {name: choices(name) for name in ("tracker", "versioning", "ci", "license")}
    rounds = max(map(len, [*minor.values(), SUBSETS]))
    turns = {name: cycle(values) for name, values in (minor | {"targets": SUBSETS}).items()}
    sets = {"defaults": {}, "odd-name": {"project_name": "Zürich"[:1] + "-2 x_Y", "author": "Ø"}}
    for (task, framework), number in product(cells(), range(rounds)):
        answers = {name: next(values) for name, values in turns.items()}
        sets[f"{task}-{framework}-{number}"] = {"task": task, "framework": framework, **answers}
    return sets
