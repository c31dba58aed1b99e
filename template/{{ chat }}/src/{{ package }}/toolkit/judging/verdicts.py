"""What a judge was asked and has replied: a line of JSON each, so that nothing is asked twice."""

import json
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..runs import UserError, write_text
from .comparisons import Pair

PLACES = {"A": ("model", "base"), "B": ("base", "model"), "C": ("tie", "tie")}


@dataclass(frozen=True)
class Question:
    """A pair, whose answer comes first, and what is sent where."""

    pair: Pair
    first: str
    url: str
    request: dict[str, Any]

    @property
    def key(self) -> str:
        """Return what tells questions apart: all that the reply depends on."""
        return _key(self.url, self.request)


class Verdicts:
    """The lines of a file; threads may add some. A line that a crash has cut off is dropped."""

    def __init__(self, path: Path, pattern: str) -> None:
        self.path, self.pattern, self.lock = path, pattern, threading.Lock()
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else [""]
        try:
            self.replies = dict(map(_answered, lines[:-1]))
        except (ValueError, LookupError, TypeError) as error:
            raise UserError(f"{path}: a line is broken ({error}): remove it.") from None
        if lines[-1] or not path.exists():
            write_text(path, "".join(f"{line}\n" for line in lines[:-1]))

    def __contains__(self, question: Question) -> bool:
        return question.key in self.replies

    def add(self, question: Question, reply: str) -> None:
        """Keep a reply, at once on disk."""
        self.replies[question.key] = reply
        told = {
            "pair": question.pair.name,
            "first": question.first,
            "url": question.url,
            "request": question.request,
            "reply": reply,
            "verdict": self.verdict(question),
        }
        with self.lock, self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(told, ensure_ascii=False) + "\n")

    def reply(self, question: Question) -> str:
        """Return what the judge has said, "" if it has not been asked."""
        return self.replies.get(question.key, "")

    def verdict(self, question: Question) -> str | None:
        """Return who is better, "model", "base" or "tie"; None if the reply does not say."""
        found = re.findall(self.pattern, self.reply(question))
        places = PLACES.get(found[-1]) if found else None
        return places[question.first == "base"] if places else None


def _answered(line: str) -> tuple[str, str]:
    told = json.loads(line)
    return _key(told["url"], told["request"]), str(told["reply"])


def _key(url: str, request: dict[str, Any]) -> str:
    return json.dumps([url, request], sort_keys=True)
