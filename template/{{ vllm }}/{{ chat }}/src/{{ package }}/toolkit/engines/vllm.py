"""vLLM's own server with the trained model, in a separate process and environment.

It needs a different PyTorch than training: deploy/vllm/ declares it, for an NVIDIA GPU or, without
one, for the CPU. uv installs it on first use, about 5 GB.
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
SECONDS = 0.5  # between health checks
# On a CPU: float32, without compilation, and without binding threads to cores.
CPU = ["--dtype", "float32", "--enforce-eager"]
CPU_ENVIRONMENT = {
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_CPU_KVCACHE_SPACE": "1",
}  # gigabytes
LOOKUP = {"method": "ngram", "num_speculative_tokens": 8, "prompt_lookup_max": 3}


@contextmanager
def start(run: Path, settings: Serve, host: str, port: int, key: str | None) -> Iterator[Engine]:
    """Serve a run's model until the block ends; UserError if it is missing or vLLM exits."""
    if not (run / "model/config.json").exists():
        raise UserError(f"{run / 'model'} holds no model: run `train` first.")
    name = str(__package__).split(".")[0].replace("_", "-")
    environment = CPU_ENVIRONMENT | os.environ | ({"VLLM_API_KEY": key} if key else {})
    environment.pop("VIRTUAL_ENV", None)
    log = run / "vllm.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *_command(),
                *_options(run / "model", settings, name),
                f"--host={host}",
                f"--port={port}",
            ],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a process group, which can be ended as one
        )
    try:
        address = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host
        engine = Engine(f"http://{address}:{port}", name, key, process)
        _wait(engine, log)
        yield engine
    finally:
        _end(process)


def _command() -> list[str]:
    """Return the command that starts the server in vLLM's environment."""
    kind = "gpu" if shutil.which("nvidia-smi") else "cpu"
    if not (DEPLOY / kind).is_dir() or not shutil.which("uv"):
        raise UserError(
            f"{DEPLOY / kind}: vllm needs this folder and uv: run in the project folder."
        )
    python = ["uv", "run", "--quiet", "--project", str(DEPLOY / kind), "python", "-m"]
    return [*python, "vllm.entrypoints.openai.api_server", *(CPU if kind == "cpu" else [])]


def _options(model: Path, settings: Serve, name: str) -> list[str]:
    """Return vLLM's options; the default of requests is greedy decoding, as in `predict`."""
    tokenizer = json.loads((model / "tokenizer_config.json").read_text(encoding="utf-8"))
    options = {
        "model": model,
        "served-model-name": name,
        "max-model-len": tokenizer["model_max_length"],
        "max-num-seqs": settings.parallel,
        "override-generation-config": json.dumps({"temperature": 0}),
    }
    if settings.lookup:
        options["speculative-config"] = json.dumps(LOOKUP)
    return [f"--{option}={value}" for option, value in options.items()]


def _wait(engine: Engine, log: Path) -> None:
    """Wait until the engine is ready, which may take minutes."""
    assert engine.process
    while engine.process.poll() is None:
        try:
            direct(f"{engine.address}/health", timeout=10).close()
            return
        except OSError:
            time.sleep(SECONDS)
    raise UserError(f"vLLM exited with code {engine.process.returncode}: see {log}.")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all its children."""
    for kind, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, kind)
            process.wait(seconds)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
