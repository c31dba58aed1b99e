"""The files of template/ that a project has, from the names of its folders, without a render."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined

from render import ROOT

QUESTIONS: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
TEMPLATE = ROOT / "template"
NAME = re.compile(r"\{\{ (\w+) \}\}")
PARTS = "_part"  # fragments of texts, which are not files of a project
EXTRA = {  # of a new project, without the folder and the answers that Copier finds
    "_copier_conf": {"answers_file": ".copier-answers.yml"},
    "project_name": "My Model",
    "package_before": "",
    "answers_changed": False,
    "demo": True,
}
JINJA = Environment(
    undefined=StrictUndefined, extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"]
)  # with Copier's filters


def overlays() -> dict[str, str]:
    """Return the hidden answers that name folders, each with its condition."""
    return {
        name: question["default"]
        for name, question in QUESTIONS.items()
        if isinstance(question, dict) and question.get("choices") == ["", "."]
    }


def files(answers: Mapping[str, Any]) -> dict[str, Path]:
    """Return the template's file for each file of a new project."""
    context = answered(answers)
    found = {}
    for path in walk():
        name = _rendered(path.relative_to(TEMPLATE).as_posix(), context)
        if name:
            found[name] = path
    return found


def walk() -> list[Path]:
    """Return every file of the template that is in some project."""
    found = []
    for folder, folders, names in os.walk(TEMPLATE):
        folders[:] = sorted(name for name in folders if not name.endswith(("cache__", "_cache")))
        if PARTS in folders:
            folders.remove(PARTS)
        found += [Path(folder, name) for name in sorted(names)]
    return found


def nesting(path: Path) -> tuple[str, ...]:
    """Return the overlays that contain a file, from the outermost."""
    names = (NAME.fullmatch(part) for part in path.relative_to(TEMPLATE).parts)
    known = overlays()
    return tuple(name[1] for name in names if name and name[1] in known)


def landing(path: Path) -> str:
    """Return a file's path in a project, with `{{ package }}` for the package."""
    inside = path.relative_to(TEMPLATE).parts[len(nesting(path)) :]
    return "/".join(inside).removesuffix(".jinja")


def answered(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return all answers, including hidden ones, that follow from these."""
    context: dict[str, Any] = {**EXTRA, **answers}
    for name, question in QUESTIONS.items():
        if name.startswith("_") or name in EXTRA or "_copier" in str(question.get("default")):
            continue
        default = question["default"]
        context[name] = _value(default, context) if isinstance(default, str) else default
        context[name] = answers.get(name, context[name])
    return context


def _value(default: str, context: dict[str, Any]) -> Any:
    value = JINJA.from_string(default).render(context)
    return {"True": True, "False": False}.get(value, value)


def _rendered(name: str, context: dict[str, Any]) -> str:
    """Render a path; it is empty if any part of it is."""
    parts = []
    for part in name.removesuffix(".jinja").split("/"):
        text = (
            _value(part, context)
            if "{{ _" in part
            else NAME.sub(lambda m: str(context[m[1]]), part)
        )
        if not text:
            return ""
        parts += [text] if text != "." else []
    return "/".join(parts)
