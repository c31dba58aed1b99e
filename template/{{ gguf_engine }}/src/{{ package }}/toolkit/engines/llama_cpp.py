"""llama.cpp's own server, in this process, with the exported GGUF file.

Conversations are batched: a new one joins the others at the next token (continuous batching), so
eight take little more time than one.
"""

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import xllamacpp

from ..chats.web import direct
from ..export.contract import Contract, load
from ..runs import UserError
from ..settings.serve import Serve
from .engine import Engine

SILENT = -1
LOOKUP = xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE
NGRAM, DRAFT = 3, 8  # tokens that have to repeat, and tokens drafted from what followed them


@contextmanager
def start(run: Path, settings: Serve, host: str, port: int, key: str | None) -> Iterator[Engine]:
    """Serve a run's export until the block ends; UserError if it is damaged or can't start."""
    folder = run / "export" / "gguf"
    contract = load(folder)
    params = _params(contract, settings)
    params.model.path = str(folder / contract["model"])
    params.hostnames, params.port = [host], port
    params.api_keys = [key] if key else []
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        raise UserError(f"{params.model.path}: llama.cpp can't serve it: {error}") from None
    engine = Engine(server.listening_address, contract["project"], key)
    _warm_up(engine, contract)
    yield engine


def _params(contract: Contract, settings: Serve) -> xllamacpp.CommonParams:
    """Return the server's parameters; each conversation has a full context.

    The defaults of requests are as in `predict`: greedy decoding, and no prompt cache, which
    would change the rounding.
    """
    params = xllamacpp.CommonParams()
    params.model_alias = {contract["project"]}
    params.n_parallel = settings.parallel
    params.n_ctx = settings.parallel * contract["tokens"]["max_tokens"]
    # A thread for each open or waiting request, so that they don't block others.
    params.n_threads_http = settings.parallel + settings.max_queue + 4
    params.n_predict, params.sampling.temp = contract["tokens"]["new_tokens"], 0
    params.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
    params.cache_prompt, params.ui, params.verbosity = False, False, SILENT
    count = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = count
    if settings.lookup:
        params.speculative.types = [LOOKUP]
        ngram = params.speculative.ngram_simple
        ngram.size_n, ngram.size_m = NGRAM, DRAFT
    return params


def _warm_up(engine: Engine, contract: Contract) -> None:
    """Send one request: a server that is closed before its first request hangs."""
    body = {"prompt": [contract["tokens"]["first"]], "n_predict": 1}
    headers = {"Content-Type": "application/json"} | engine.headers
    address = f"{engine.address}/completion"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    with direct(request) as answer:
        answer.read()
