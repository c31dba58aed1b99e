"""Rename a question, or one of its answers, in what a project has answered.

`python rename.py OLD NEW` (a question) and `python rename.py QUESTION OLD NEW` (an answer to it,
also one of several) run in the project before an update. Without them Copier asks anew, and with
`--defaults` quietly takes the default.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

ANSWERS = Path(".copier-answers.yml")


def main(*names: str) -> None:
    """Rewrite the file of answers, whose first line says that nobody edits it."""
    text = ANSWERS.read_text("utf-8")
    *question, old, new = names
    answers: dict[str, Any] = yaml.safe_load(text)
    if question:
        (name,) = question
        answers[name] = _renamed(answers.get(name), old, new)
    else:
        answers = {new if name == old else name: value for name, value in answers.items()}
    answers.pop("fingerprint", None)  # or Copier would take this for a change by hand
    head = text[: text.index("\n") + 1] if text.startswith("#") else ""
    ANSWERS.write_text(head + yaml.safe_dump(answers, allow_unicode=True), "utf-8")


def _renamed(answer: Any, old: str, new: str) -> Any:
    if isinstance(answer, list):
        return [_renamed(one, old, new) for one in answer]
    return new if answer == old else answer


if __name__ == "__main__":
    main(*sys.argv[1:])
