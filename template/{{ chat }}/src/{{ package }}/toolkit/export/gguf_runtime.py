"""Ask the exported file: llama.cpp, in this process, and the standard library."""

import json
import os
import secrets
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import xllamacpp

from ..chats.web import direct
from .contract import Contract
from .contract import load as load_contract
from .feed import feed

DISTRIBUTED = 8  # conversations that are answered side by side
SILENT = -1


class Predictor:
    """An exported model: call it with inputs, as `feed.feed` takes them."""

    executed_by = "llama.cpp"

    def __init__(self, folder: Path, contract: Contract, threads: int | None) -> None:
        self.contract, self.key = contract, secrets.token_hex()
        self.limit, self.most = (contract["tokens"][name] for name in ("max_tokens", "new_tokens"))
        told = xllamacpp.CommonParams()
        told.model.path = str(folder / contract["model"])
        told.n_parallel, told.n_ctx = DISTRIBUTED, DISTRIBUTED * self.limit
        told.verbosity = SILENT
        told.api_keys = [self.key]
        count = threads or int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
        told.cpuparams.n_threads = told.cpuparams_batch.n_threads = count
        self.server = xllamacpp.Server(told)
        # A server that is dropped before it has begun to work would hang: let it work.
        self.post("/completion", prompt=[contract["tokens"]["first"]], n_predict=1)

    def __call__(self, inputs: Any) -> np.ndarray:
        """Return (rows,) object: the likeliest answer to each conversation, token by token."""
        return self.decide(inputs)[0]

    def decide(self, inputs: Any) -> tuple[np.ndarray, None]:
        """Return the answers; there are no labels."""
        rows = feed(inputs, self.contract)["messages"]
        with ThreadPoolExecutor(DISTRIBUTED) as pool:
            return np.array([*pool.map(self.answer, rows)], object), None

    def answer(self, messages: Sequence[dict[str, str]], **words: Any) -> str:
        """Return the answer to a conversation; to an empty one, a text from its beginning.

        `words` go to llama.cpp, such as json_schema, which the answer then follows.
        A prompt that leaves no room for an answer loses its own beginning.
        """
        ids = self.asked(messages)[-max(1, self.limit - self.most) :]
        return str(self.post("/completion", prompt=ids, **words)["content"]).strip()

    def asked(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """Return the tokens that an answer follows."""
        if any(message["role"] != "assistant" for message in messages):
            return self.tokens(self.post("/apply-template", messages=list(messages))["prompt"])
        begun = "".join(message["content"] for message in messages)
        return [self.contract["tokens"]["first"], *self.tokens(begun)]

    def tokens(self, text: str) -> list[int]:
        """Return the numbers of a text's tokens."""
        return self.post("/tokenize", content=text, parse_special=True)["tokens"]

    def chances(self, ids: Sequence[int], tokens: int) -> np.ndarray:
        """Return (tokens,) float64, the log-probability of each to come after `ids`."""
        # They are told before the bias, and only if what is drawn is text: no end of a turn, and no
        # part of a character.
        words = {"n_predict": 1, "n_probs": tokens, "logit_bias": [[self.tokens("a")[0], 1e6]]}
        told = self.post("/completion", prompt=list(ids), **words)
        found = np.full(tokens, -np.inf)
        for each in told["completion_probabilities"][0]["top_logprobs"]:
            found[each["id"]] = each["logprob"]
        return found

    def post(self, path: str, **words: Any) -> Any:
        """Return what llama.cpp's own server answers; deterministic, whatever was asked before."""
        words = {"n_predict": self.most, "temperature": 0, "cache_prompt": False} | words
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        address = self.server.listening_address + path
        request = urllib.request.Request(address, json.dumps(words).encode(), headers)
        with direct(request) as answer:
            return json.load(answer)


def load(folder: Path, threads: int | None = None) -> Predictor:
    """Return the model of an export folder, its files checked; `threads` None means all cores."""
    return Predictor(folder, load_contract(folder), threads)
