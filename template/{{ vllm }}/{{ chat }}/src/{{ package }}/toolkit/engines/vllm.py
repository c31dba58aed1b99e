"""vLLM's own server over the trained model, in a process and an environment of its own.

It needs another PyTorch than training does: deploy/vllm/ says which, for an NVIDIA GPU or, where
there is none, for the CPU. uv installs it when it is first asked for, some 5 GB.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..chats.web import direct
from ..runs import UserError
from ..settings.serve import Serve
from .engine import Engine

DEPLOY = Path("deploy/vllm")
SECONDS = 0.5  # between two looks
# On a CPU: exact, without a compiler, and sharing its cores with others.
CPU = ["--dtype", "float32", "--enforce-eager"]
SHARED = {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_CPU_KVCACHE_SPACE": "1"}  # gigabytes
LOOKUP = {"method": "ngram", "num_speculative_tokens": 8, "prompt_lookup_max": 3}


@contextmanager
def start(run: Path, settings: Serve, host: str, port: int, key: str | None) -> Iterator[Engine]:
    """Serve a run's model until the block ends; UserError if it is missing or vLLM ends."""
    if not (run / "model/config.json").exists():
        raise UserError(f"{run / 'model'} holds no model: run `train` first.")
    name = str(__package__).split(".")[0].replace("_", "-")
    environment = SHARED | os.environ | ({"VLLM_API_KEY": key} if key else {})
    environment.pop("VIRTUAL_ENV", None)
    log = run / "vllm.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *_python(),
                *_words(run / "model", settings, name),
                f"--host={host}",
                f"--port={port}",
            ],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that all of its processes can be ended together
        )
    try:
        place = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host
        engine = Engine(f"http://{place}:{port}", name, key, process)
        _wait(engine, log)
        yield engine
    finally:
        _end(process)


def _python() -> list[str]:
    """Return what runs a Python module of vLLM's environment."""
    kind = "gpu" if shutil.which("nvidia-smi") else "cpu"
    if not (DEPLOY / kind).is_dir() or not shutil.which("uv"):
        raise UserError(f"{DEPLOY / kind}: vllm needs this folder, and uv: run in the project's.")
    python = ["uv", "run", "--quiet", "--project", str(DEPLOY / kind), "python", "-m"]
    return [*python, "vllm.entrypoints.openai.api_server", *(CPU if kind == "cpu" else [])]


def _words(model: Path, settings: Serve, name: str) -> list[str]:
    """Return vLLM's options; what clients leave open is as in `predict`: the likeliest word."""
    tokenizer = json.loads((model / "tokenizer_config.json").read_text(encoding="utf-8"))
    words = {
        "model": model,
        "served-model-name": name,
        "max-model-len": tokenizer["model_max_length"],
        "max-num-seqs": settings.parallel,
        "override-generation-config": json.dumps({"temperature": 0}),
    }
    if settings.lookup:
        words["speculative-config"] = json.dumps(LOOKUP)
    return [f"--{option}={value}" for option, value in words.items()]


def _wait(engine: Engine, log: Path) -> None:
    """Return when the engine is ready, which may take minutes."""
    assert engine.process
    while engine.process.poll() is None:
        try:
            direct(f"{engine.address}/health", timeout=10).close()
            return
        except OSError:
            time.sleep(SECONDS)
    raise UserError(f"vLLM has ended, with code {engine.process.returncode}: {log} says why.")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it has started."""
    for kind, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, kind)
            process.wait(seconds)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
