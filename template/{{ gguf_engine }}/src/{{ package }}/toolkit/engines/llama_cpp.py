"""llama.cpp's own server, in this process, over the exported GGUF file.

Conversations are answered side by side: a new one joins the others at the next token (continuous
batching), so eight cost little more time than one.
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
SEEN, GUESSED = 3, 8  # tokens: if so many have occurred before, so many that followed are tried


@contextmanager
def start(run: Path, settings: Serve, host: str, port: int, key: str | None) -> Iterator[Engine]:
    """Serve a run's export until the block ends; UserError if it is not intact or won't start."""
    folder = run / "export" / "gguf"
    contract = load(folder)
    told = _told(contract, settings)
    told.model.path = str(folder / contract["model"])
    told.hostnames, told.port = [host], port
    told.api_keys = [key] if key else []
    try:
        server = xllamacpp.Server(told)
    except RuntimeError as error:
        raise UserError(f"{told.model.path}: llama.cpp can't serve it: {error}") from None
    engine = Engine(server.listening_address, contract["project"], key)
    _work(engine, contract)
    yield engine


def _told(contract: Contract, settings: Serve) -> xllamacpp.CommonParams:
    """Return what the server is told: each conversation has room for all that the model reads.

    What clients leave open is as in `predict`: the likeliest word always, and nothing left over
    from earlier requests, which would round otherwise.
    """
    told = xllamacpp.CommonParams()
    told.model_alias = {contract["project"]}
    told.n_parallel = settings.parallel
    told.n_ctx = settings.parallel * contract["tokens"]["max_tokens"]
    # A thread for each request that is open or waits, so that they don't keep others from asking.
    told.n_threads_http = settings.parallel + settings.max_queue + 4
    told.n_predict, told.sampling.temp = contract["tokens"]["new_tokens"], 0
    told.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
    told.cache_prompt, told.ui, told.verbosity = False, False, SILENT
    count = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    told.cpuparams.n_threads = told.cpuparams_batch.n_threads = count
    if settings.lookup:
        told.speculative.types = [LOOKUP]
        words = told.speculative.ngram_simple
        words.size_n, words.size_m = SEEN, GUESSED
    return told


def _work(engine: Engine, contract: Contract) -> None:
    """Let a server answer once: one that is dropped before it has begun to work would hang."""
    words = {"prompt": [contract["tokens"]["first"]], "n_predict": 1}
    headers = {"Content-Type": "application/json"} | engine.headers
    address = f"{engine.address}/completion"
    request = urllib.request.Request(address, json.dumps(words).encode(), headers)
    with direct(request) as answer:
        answer.read()
