"""The named answer sets: every valid cell, with minor answers in turn."""

from functools import cache
from itertools import cycle, product
from typing import Any

import yaml
from jinja2 import Environment

from overlays import PARTS, QUESTIONS, TEMPLATE, files

SUBSETS = [
    ["api", "batch"],
    ["batch", "browser"],
    ["api"],
    [],
    ["browser"],
]  # of the targets that most cells have


def choices(question: str) -> list[str]:
    """Return the values that a question offers."""
    offered = QUESTIONS[question]["choices"]
    values = offered.values() if isinstance(offered, dict) else offered
    return [value["value"] if isinstance(value, dict) else value for value in values]


def modality(task: str) -> str:
    """Return the kind of inputs that a task has."""
    return Environment().from_string(QUESTIONS["modality"]["default"]).render(task=task)


def overlay(choice: str) -> str:
    """Return the name of a choice's overlay."""
    return choice.replace("-", "_")


@cache
def targets(task: str, framework: str) -> list[str]:
    """Return the targets that the task has and whose formats its models are converted to."""
    return [
        target
        for target in choices("targets")
        if _reaches(task, target) and _converts(task, framework, target)
    ]


def _reaches(task: str, target: str) -> bool:
    """Return whether a target supports the task's kind of inputs."""
    folder = TEMPLATE / f"{{{{ {overlay(target)} }}}}"
    kinds = {modality(one) for one in choices("task")}
    own = {kind for kind in kinds if (folder / f"{{{{ {kind} }}}}").exists()}
    return not own or modality(task) in own


def _converts(task: str, framework: str, target: str) -> bool:
    listed = TEMPLATE / f"{{{{ {overlay(target)} }}}}" / PARTS / "formats.yaml"
    names = yaml.safe_load(listed.read_text(encoding="utf-8")) if listed.exists() else []
    laid = files({"task": task, "framework": framework, "targets": [target]})
    return all(f"src/my_model/toolkit/export/{name.partition('-')[0]}.py" in laid for name in names)


@cache
def cells() -> list[tuple[str, str]]:
    """Return each task and framework whose model is in the template."""
    return [
        (task, framework)
        for task, framework in product(choices("task"), choices("framework"))
        if "src/my_model/model.py" in files({"task": task, "framework": framework})
    ]


def answer_sets() -> dict[str, dict[str, Any]]:
    """Return enough answer sets that each cell meets each value of each minor question."""
    minor = {name: choices(name) for name in ("tracker", "versioning", "ci", "license")}
    turns = {name: cycle(values) for name, values in minor.items()}
    sets = {
        "defaults": {},
        "unusual-name": {"project_name": "Zürich"[:1] + "-2 x_Y", "author": "Ø"},
    }
    for task, framework in cells():
        own = [[target] for target in targets(task, framework) if [target] not in SUBSETS]
        shared = [subset for subset in SUBSETS if {*subset} <= {*targets(task, framework)}]
        subsets = shared + own + [targets(task, framework)] * bool(own)
        rounds = max(map(len, [*minor.values(), subsets]))
        for number, subset in zip(range(rounds), cycle(subsets)):
            answers = {name: next(values) for name, values in turns.items()}
            cell = {"task": task, "framework": framework, "targets": subset}
            sets[f"{task}-{framework}-{number}"] = cell | answers
    return sets
