"""Tokens per second of a language model: served by llama.cpp, through the gateway, and in transformers.

    python bench_chat.py [--key=value ...]

Runs in the folder of a rendered project of text-generation with the target api, in its environment;
keys are those of its config.yaml. One client asks one question after the other, eight clients ask
theirs at once; transformers answers them one after the other, or as a batch, as `evaluate` does. The
file has weights of 16 bits, transformers computes with 32; the network is not tuned, which costs as
much. All take turns, with one thread. Exit code 1 if eight clients of the gateway don't get twice
what transformers gives to requests that come one after the other.
"""

import json
import logging
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import torch
import uvicorn
from tables import ratio

from my_model import config as configuration
from my_model import data, predict
from my_model.model import build
from my_model.toolkit.engines.engine import Engine, started
from my_model.toolkit.export import convert, gguf
from my_model.toolkit.serving.app import create_app

CLIENTS, ROUNDS = 8, 4
GOAL = "transformers, 1"


def exported(config: Any, splits: Any, run: Path) -> Any:
    """Write the model and its export, as a run has them; return the model."""
    model, folder = build(config, splits), run / "export/gguf"
    predict.save(model, run / "model")
    folder.mkdir(parents=True)
    gguf.convert(model, splits.schema, folder, None)
    described = convert.describe("gguf", folder, gguf, splits.schema, None, config)
    (folder / "contract.json").write_text(json.dumps(described | gguf.describe(model)))
    return model


@contextmanager
def gateway(engine: Engine, run: Path, settings: Any) -> Iterator[int]:
    """Serve in a thread and yield the port."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(run / "export/gguf", settings, engine), log_level="warning")
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def ask(port: int, engine: Engine, messages: list[dict]) -> tuple[str, int]:
    """Return an answer and its number of tokens."""
    connection = HTTPConnection("127.0.0.1", port)
    body = json.dumps({"model": engine.model, "messages": messages})
    headers = {"Content-Type": "application/json"} | engine.headers
    connection.request("POST", "/v1/chat/completions", body, headers)
    response = json.loads(connection.getresponse().read())
    connection.close()
    if "error" in response:
        raise SystemExit(response["error"]["message"])
    answer = response["choices"][0]["message"]["content"].strip()
    return answer, response["usage"]["completion_tokens"]


def served(port: int, engine: Engine, clients: int, chats: list) -> list[tuple[str, int]]:
    """Return the answers to conversations, requested by concurrent clients."""
    with ThreadPoolExecutor(clients) as pool:
        return [*pool.map(partial(ask, port, engine), chats)]


def measure(model: Any, run: Path, config: Any, prompts: Any) -> dict[str, np.ndarray]:
    """Return (rounds,) seconds of each way to answer, and print how long the answers are."""
    chats = [json.loads(prompt) for prompt in prompts["prompt"]]
    with ExitStack() as stack:
        engine = stack.enter_context(started(run, config.serve, "127.0.0.1", 0, "secret"))
        port = stack.enter_context(gateway(engine, run, config.serve))
        bare = int(engine.address.rsplit(":", 1)[1])
        ways: dict[str, Callable[[], Any]] = {
            GOAL: lambda: [
                predict.predict(model, prompts.iloc[[row]])[0] for row in range(CLIENTS)
            ],
            "transformers, 8": lambda: predict.predict(model, prompts).tolist(),
        }
        for name, place in (("llama.cpp", bare), ("gateway", port)):
            for clients in (1, CLIENTS):
                ways[f"{name}, {clients}"] = partial(served, place, engine, clients, chats)
        answers = served(port, engine, 1, chats)
        same = sum(a == b for (a, _), b in zip(answers, ways[GOAL](), strict=True))
        tokens = sum(count for _, count in answers)
        print(f"{CLIENTS} answers of {tokens} tokens together; {same} are the same in transformers")
        found = np.array([[_seconds(way) for way in ways.values()] for _ in range(ROUNDS)])
    return {name: tokens / seconds for name, seconds in zip(ways, found.T, strict=True)}


def _seconds(way: Callable[[], Any]) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def main() -> int:
    """Read the settings, and measure."""
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    options = dict(word.removeprefix("--").split("=", 1) for word in sys.argv[1:])
    config = configuration.load(
        Path("config.yaml"), {"serve.engine": "llama-cpp", "serve.request_log": "null"} | options
    )
    splits = data.load(config)
    prompts = splits.val.inputs[["prompt"]].head(CLIENTS)
    with tempfile.TemporaryDirectory() as folder:
        model = exported(config, splits, Path(folder))
        print(f"\n{sum(w.numel() for w in model.network.parameters()) / 1e6:.1f} M weights")
        speeds = measure(model, Path(folder), config, prompts)
    print(f"\n{'clients':>16} {'tokens/s':>9} {'times ' + GOAL:>26}")
    for name, speed in speeds.items():
        print(f"{name:>16} {np.median(speed):>9,.0f} {ratio(speed / speeds[GOAL]):>26}")
    return int(np.median(speeds["gateway, 8"] / speeds[GOAL]) < 2)


if __name__ == "__main__":
    sys.exit(main())
