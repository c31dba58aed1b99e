"""Run the exported file with llama.cpp in this process; needs numpy and the standard library."""

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

PARALLEL = 8  # conversations that are answered at once
SILENT = -1


class Predictor:
    """An exported model: call it with inputs, as `feed.feed` takes them."""

    executed_by = "llama.cpp"

    def __init__(self, folder: Path, contract: Contract, threads: int | None) -> None:
        self.contract, self.key = contract, secrets.token_hex()
        self.max_tokens = contract["tokens"]["max_tokens"]
        self.new_tokens = contract["tokens"]["new_tokens"]
        params = xllamacpp.CommonParams()
        params.model.path = str(folder / contract["model"])
        params.n_parallel, params.n_ctx = PARALLEL, PARALLEL * self.max_tokens
        params.verbosity = SILENT
        params.api_keys = [self.key]
        count = threads or int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = count
        self.server = xllamacpp.Server(params)
        # A server that is deleted before its first request hangs: send one.
        self.post("/completion", prompt=[contract["tokens"]["first"]], n_predict=1)

    def __call__(self, inputs: Any) -> np.ndarray:
        """Return (rows,) object: the answer to each conversation by greedy decoding."""
        return self.decide(inputs)[0]

    def decide(self, inputs: Any) -> tuple[np.ndarray, None]:
        """Return the answers; there are no labels."""
        rows = feed(inputs, self.contract)["messages"]
        with ThreadPoolExecutor(PARALLEL) as pool:
            return np.array([*pool.map(self.answer, rows)], object), None

    def answer(self, messages: Sequence[dict[str, str]], **options: Any) -> str:
        """Return the answer to a conversation; without messages, a new text.

        `options` go to llama.cpp, such as json_schema, which constrains the answer.
        A prompt that leaves no room for an answer is truncated at its beginning.
        """
        ids = self.prompt_tokens(messages)[-max(1, self.max_tokens - self.new_tokens) :]
        return str(self.post("/completion", prompt=ids, **options)["content"]).strip()

    def prompt_tokens(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """Return the token ids of the prompt."""
        if any(message["role"] != "assistant" for message in messages):
            return self.tokens(self.post("/apply-template", messages=list(messages))["prompt"])
        text = "".join(message["content"] for message in messages)
        return [self.contract["tokens"]["first"], *self.tokens(text)]

    def tokens(self, text: str) -> list[int]:
        """Return the token ids of a text."""
        return self.post("/tokenize", content=text, parse_special=True)["tokens"]

    def log_probabilities(self, ids: Sequence[int], tokens: int) -> np.ndarray:
        """Return (tokens,) float64, the log-probability of each token to follow `ids`."""
        # llama.cpp returns them as they are before the bias, and only if the sampled token is text:
        # not the end of a turn, nor part of a character. The bias makes it sample such a token.
        bias = [[self.tokens("a")[0], 1e6]]
        options = {"n_predict": 1, "n_probs": tokens, "logit_bias": bias}
        completion = self.post("/completion", prompt=list(ids), **options)
        values = np.full(tokens, -np.inf)
        for each in completion["completion_probabilities"][0]["top_logprobs"]:
            values[each["id"]] = each["logprob"]
        return values

    def post(self, path: str, **options: Any) -> Any:
        """Return the reply of llama.cpp's server, which does not depend on earlier requests."""
        body = {"n_predict": self.new_tokens, "temperature": 0, "cache_prompt": False} | options
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        address = self.server.listening_address + path
        request = urllib.request.Request(address, json.dumps(body).encode(), headers)
        with direct(request) as reply:
            return json.load(reply)


def load(folder: Path, threads: int | None = None) -> Predictor:
    """Return the model of an export folder, with files verified; `threads` None means all cores."""
    return Predictor(folder, load_contract(folder), threads)
