"""Requests to a judge and its replies, as JSON lines, so that no request is sent twice."""

import json
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..runs import UserError, write_text
from .comparisons import Pair

OUTCOMES = {  # verdict: the outcome if the model's answer is first, and if its base's is
    "A": ("model", "base"),
    "B": ("base", "model"),
    "C": ("tie", "tie"),
}


@dataclass(frozen=True)
class Question:
    """A request about a pair, the answer of `first` ("model" or "base") first."""

    pair: Pair
    first: str
    url: str
    request: dict[str, Any]

    @property
    def key(self) -> str:
        """Return everything that the reply depends on, as JSON."""
        return _key(self.url, self.request)


class Verdicts:
    """The lines of a file; thread-safe. A line that was truncated by a crash is dropped."""

    def __init__(self, path: Path, pattern: str) -> None:
        self.path, self.pattern, self.lock = path, pattern, threading.Lock()
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else [""]
        try:
            self.replies = dict(map(_parse, lines[:-1]))
        except (ValueError, LookupError, TypeError) as error:
            raise UserError(f"{path}: a line is invalid ({error}): remove it.") from None
        if lines[-1] or not path.exists():
            write_text(path, "".join(f"{line}\n" for line in lines[:-1]))

    def __contains__(self, question: Question) -> bool:
        return question.key in self.replies

    def add(self, question: Question, reply: str) -> None:
        """Add a reply and write it to disk at once."""
        self.replies[question.key] = reply
        record = {
            "pair": question.pair.name,
            "first": question.first,
            "url": question.url,
            "request": question.request,
            "reply": reply,
            "verdict": self.verdict(question),
        }
        with self.lock, self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def reply(self, question: Question) -> str:
        """Return the judge's reply, "" if there is none yet."""
        return self.replies.get(question.key, "")

    def verdict(self, question: Question) -> str | None:
        """Return which answer is better, "model", "base" or "tie"; None without a verdict."""
        found = re.findall(self.pattern, self.reply(question))
        outcomes = OUTCOMES.get(found[-1]) if found else None
        return outcomes[question.first == "base"] if outcomes else None


def _parse(line: str) -> tuple[str, str]:
    record = json.loads(line)
    return _key(record["url"], record["request"]), str(record["reply"])


def _key(url: str, request: dict[str, Any]) -> str:
    return json.dumps([url, request], sort_keys=True)
