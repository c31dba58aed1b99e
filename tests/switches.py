"""Switch an edited project from every answer to every other, and print the results.

`python switches.py` walks through each cell: to the other framework and back, each target removed
and added again; then through the questions that are independent of cells. After each step the
project has to equal a new render with the same edits, except for conflicting lines.
"""

import sys
import tempfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from copier import run_update

from answers import cells, choices, targets
from edits import edits, project
from history import found
from render import commit, snapshot, speed_up_copier

MINOR = ("tracker", "versioning", "ci", "license")
HEAD = """\
| from | switch | changed | conflicts, edited | not edited | edits lost | not as new |
|---|---|---|---|---|---|---|
"""


def walk(task: str, framework: str) -> Iterator[dict[str, Any]]:
    """Yield the cell with all of its targets, without each, with it again; then its neighbours."""
    every = targets(task, framework)
    yield {"task": task, "framework": framework, "targets": every}
    for target in every:
        yield {"targets": [other for other in every if other != target]}
        yield {"targets": every}
    for other in (name for of, name in cells() if of == task and name != framework):
        shared = [target for target in every if target in targets(task, other)]
        yield {"framework": other, "targets": shared}
        yield {"framework": framework}


def minor(question: str) -> Iterator[dict[str, Any]]:
    """Yield answers so that each is followed by each other one."""
    values = choices(question)
    for first, second in combinations(values, 2):
        yield from ({question: first}, {question: second}, {question: first})


def step(
    folder: Path, template: Path, switch: dict[str, Any], answers: dict[str, Any], expected: Path
) -> dict[str, list[str]]:
    """Switch the project and commit it, conflicts resolved; return the result."""
    run_update(folder, data=switch, defaults=True, overwrite=True, quiet=True)
    edits(project(template, expected, answers))
    result = found(folder, expected)
    for name in result["touched"]:
        (folder / name).write_bytes((expected / name).read_bytes())
    commit(folder, str(switch))
    return result


def walks() -> dict[str, list[dict[str, Any]]]:
    """Return the answers that each walk takes one after the other."""
    found = {" ".join(cell): list(walk(*cell)) for cell in cells()}
    return found | {question: list(minor(question)) for question in MINOR}


def main(*wanted: str) -> None:
    """Take all walks, or those whose names begin with one of these words; print a row a step."""
    speed_up_copier()
    print(HEAD, end="", flush=True)
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        template = snapshot(Path(scratch) / "template")
        for name, steps in walks().items():
            if name.startswith(wanted or ""):
                failed |= _take(name, steps, template, Path(scratch) / name)
    sys.exit(failed)


def _take(name: str, steps: list[dict[str, Any]], template: Path, scratch: Path) -> bool:
    answers, *switches = steps
    folder = project(template, scratch / "project", answers)
    edits(folder)
    failed = False
    for number, switch in enumerate(switches):
        before, answers = answers, answers | switch
        if before == answers:
            continue
        result = step(folder, template, switch, answers, scratch / f"expected{number}")
        failed |= any(result[kind] for kind in ("untouched", "lost", "unlike"))
        to = " ".join(f"{question}={answer}" for question, answer in switch.items())
        names = (
            " ".join(result[kind]) or "0" for kind in ("touched", "untouched", "lost", "unlike")
        )
        print(f"| {name} | {to} | {len(result['changed'])} | {' | '.join(names)} |", flush=True)
    return failed


if __name__ == "__main__":
    main(*sys.argv[1:])
