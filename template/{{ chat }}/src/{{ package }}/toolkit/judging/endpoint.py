"""A client of OpenAI's HTTP API, by the standard library, with bounded time, size and retries.

The key, the environment variable JUDGE_API_KEY, is sent to that server only: redirects are not
followed, and no message contains it.
"""

import http.client
import json
import os
import threading
import time
import urllib.request
from typing import Any
from urllib.error import HTTPError

from ..chats.web import NoRedirect
from ..runs import UserError
from ..settings.evaluate import Judge

PAUSES = (1, 5, 20)  # seconds before each retry
RETRIED = (408, 429, 500, 502, 503, 504)
TRANSIENT = (TimeoutError, ConnectionResetError, http.client.IncompleteRead)
REFUSED = (400, 413, 422)  # this request only, for instance because it is too long
BLOCK = 1 << 16
MAX_BYTES = 1 << 24  # of a reply


class RefusedError(UserError):
    """The server refused this request; others may succeed."""


class Endpoint:
    """The server of a judge; several threads may use it at once."""

    def __init__(self, settings: Judge) -> None:
        self.address = f"{str(settings.url).rstrip('/')}/chat/completions"
        self.seconds = settings.seconds
        self.key = os.environ.get("JUDGE_API_KEY", "").strip()
        self.opener = urllib.request.build_opener(NoRedirect)
        self.stopped = threading.Event()  # after a failure, or when nobody waits any more

    def ask(self, request: dict[str, Any]) -> str:
        """Return the text of the reply; UserError says why there is none."""
        for pause in (*PAUSES, None):
            try:
                return _text(self._post(request))
            except HTTPError as error:
                retry, reason = error.code in RETRIED, f"status {error.code}: {_reason(error)}"
                reason = reason.replace(self.key, "***") if self.key else reason
                if error.code in REFUSED:
                    raise RefusedError(f"a request was refused: {reason}") from None
            except (OSError, http.client.HTTPException) as error:
                cause = getattr(error, "reason", error)
                retry, reason = isinstance(cause, TRANSIENT), str(cause) or type(cause).__name__
            except (ValueError, LookupError, TypeError):
                retry, reason = False, "the reply is not a chat completion of OpenAI's API"
            if pause is None or not retry or self.stopped.wait(pause):
                break
        self.stopped.set()
        advice = "verdicts so far are kept; run the same command to continue"
        raise UserError(f"evaluate.judge.url: {self.address}: {reason}; {advice}.")

    def _post(self, request: dict[str, Any]) -> bytes:
        """Return the body of the reply; the time limit is for all of it, not for each block."""
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {self.key}"} if self.key else {}
        end = time.monotonic() + self.seconds
        post = urllib.request.Request(self.address, json.dumps(request).encode(), headers)
        with self.opener.open(post, timeout=self.seconds) as reply:
            body = b""
            while block := reply.read1(BLOCK):
                body += block
                if len(body) > MAX_BYTES:
                    raise ValueError
                if time.monotonic() > end:
                    raise TimeoutError(f"no complete reply in {self.seconds:g} seconds")
        return body


def _text(body: bytes) -> str:
    return str(json.loads(body)["choices"][0]["message"]["content"] or "").strip()


def _reason(error: HTTPError) -> str:
    """Return the reason that the server gives, in one line; by default that of the status."""
    try:
        reason = json.loads(error.read(BLOCK))["error"]
        reason = reason["message"] if isinstance(reason, dict) else reason
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        reason = error.reason
    return " ".join(str(reason).split())[:300].rstrip(".")
