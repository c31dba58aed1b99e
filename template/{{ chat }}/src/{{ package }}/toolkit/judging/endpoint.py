"""Ask a server with OpenAI's HTTP API, by the standard library; time, size and tries are bounded.

The key, JUDGE_API_KEY of the environment, goes to that server and nowhere else: no redirection is
followed, and no message holds it.
"""

import http.client
import json
import os
import threading
import time
import urllib.request
from typing import Any
from urllib.error import HTTPError

from ..chats.web import Stay
from ..runs import UserError
from ..settings.evaluate import Judge

PAUSES = (1, 5, 20)  # seconds before it is asked again, where that may help
BUSY = (408, 429, 500, 502, 503, 504)
BROKEN = (TimeoutError, ConnectionResetError, http.client.IncompleteRead)
WRONG = (400, 413, 422)  # the question, such as one that is too long
BLOCK = 1 << 16
MOST = 1 << 24  # bytes of an answer


class RefusedError(UserError):
    """This question is refused; another one may be answered."""


class Endpoint:
    """A judge; several threads may ask at once."""

    def __init__(self, settings: Judge) -> None:
        self.address = f"{str(settings.url).rstrip('/')}/chat/completions"
        self.seconds = settings.seconds
        self.key = os.environ.get("JUDGE_API_KEY", "").strip()
        self.opener = urllib.request.build_opener(Stay)
        self.stopped = threading.Event()  # it has failed, or nobody waits for it any more

    def ask(self, request: dict[str, Any]) -> str:
        """Return the text of the reply; UserError says why there is none."""
        for pause in (*PAUSES, None):
            try:
                return _text(self._post(request))
            except HTTPError as error:
                again, told = error.code in BUSY, f"it answers {error.code}: {_reason(error)}"
                told = told.replace(self.key, "***") if self.key else told
                if error.code in WRONG:
                    raise RefusedError(f"a question is refused: {told}") from None
            except (OSError, http.client.HTTPException) as error:
                cause = getattr(error, "reason", error)
                again, told = isinstance(cause, BROKEN), str(cause) or type(cause).__name__
            except (ValueError, LookupError, TypeError):
                again, told = False, "what it answers is no chat completion of OpenAI's API"
            if pause is None or not again or self.stopped.wait(pause):
                break
        self.stopped.set()
        way = "what was judged is kept, and the same command goes on"
        raise UserError(f"evaluate.judge.url: {self.address}: {told}; {way}.")

    def _post(self, request: dict[str, Any]) -> bytes:
        """Return the body of the answer; the limit is for all of it, and not for each piece."""
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {self.key}"} if self.key else {}
        end = time.monotonic() + self.seconds
        told = urllib.request.Request(self.address, json.dumps(request).encode(), headers)
        with self.opener.open(told, timeout=self.seconds) as answer:
            body = b""
            while block := answer.read1(BLOCK):
                body += block
                if len(body) > MOST:
                    raise ValueError
                if time.monotonic() > end:
                    raise TimeoutError(f"no whole answer in {self.seconds:g} seconds")
        return body


def _text(body: bytes) -> str:
    return str(json.loads(body)["choices"][0]["message"]["content"] or "").strip()


def _reason(error: HTTPError) -> str:
    """Return the server's reason in one line, as far as it gives one."""
    try:
        told = json.loads(error.read(BLOCK))["error"]
        told = told["message"] if isinstance(told, dict) else told
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        told = error.reason
    return " ".join(str(told).split())[:300].rstrip(".")
