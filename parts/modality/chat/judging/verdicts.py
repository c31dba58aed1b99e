"""What a judge was asked and has replied: a line of JSON each, so that nothing is asked twice."""

import json
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..runs import write_text
from .pairs import Pair

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
        return json.dumps([self.url, self.request], sort_keys=True)


class Verdicts:
    """The lines of a file; threads may add some. A line that a crash has cut off is dropped."""

    def __init__(self, path: Path, pattern: str) -> None:
        self.path, self.pattern, self.lock = path, pattern, threading.Lock()
        self.replies: dict[str, str] = {}
        lines = path.read_text(encoding="utf-8").splitlines(True) if path.exists() else []
        whole = [line for line in lines if line.endswith("\n")]
        for told in map(json.loads, whole):
            self.replies[json.dumps([told["url"], told["request"]], sort_keys=True)] = told["reply"]
        if whole != lines or not path.exists():
            write_text(path, "".join(whole))

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
