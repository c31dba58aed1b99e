"""Compare a project's server with the field's model servers on the same exported model, with wrk.

    python bench_servers.py EXPORT_FOLDER [--rounds 3] [--seconds 5] [--connections 32]

Runs in the environment of a tabular classification project. Each peer lives in an environment
of its own, with one worker and its request log off; all take turns. Triton's server is the binary
inside nvidia-pytriton with its Python backend, the only one that a package registry has: its stub
needs a Python with a shared library, and its clients send a tensor a column. Triton's native
backends are not measured, so a row says which backend it is of, and NOTE what is missing.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench_api import HTTP, WRK, Result, measure, one_row, processes

HERE = Path(__file__).parent / "servers"
PINS = dict(line.split("==") for line in (HERE / "requirements.txt").read_text().split())
RUNTIME = f"onnxruntime=={PINS['onnxruntime']}"
TRITON = "tritonserver/bin/tritonserver"
NOTE = """\
The peers run the exported model by Python code of this bench, in one process with one thread.
Triton: its Python backend, fed one tensor a column, {columns} a request; it pays for each tensor. Its
native backends, such as the one for ONNX Runtime, are in no package registry and were not in the
comparison. They are faster: measured once, separately from this table, the ONNX Runtime backend answered
1.3 to 2.5 times as many requests per second as the project's server, for 0.6 of its processor time.
It checks types and shapes alone, and keeps no request log. Fed one tensor that holds the row as
JSON, the Python backend was about as fast as the project's server: that was 0.98 to 1.10 times as fast."""


class Server:
    """A peer: the package it comes in, how it starts, its URL and its requests."""

    def __init__(self, package: str, command: list[Any], path: str, body: Any) -> None:
        self.package, self.command, self.path, self.body = package, command, path, body


def environment(packages: list[str], folder: Path) -> Path:
    """Make a virtual environment of this Python and return its bin folder."""
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, folder], check=True)
    command = ["uv", "pip", "install", "--quiet", "--python", folder / "bin/python", *packages]
    subprocess.run(command, check=True)
    return folder / "bin"


def peers(row: dict[str, Any], bins: dict[str, Path], scratch: Path) -> dict[str, Server]:
    """Return each peer, ready to start on the port that stands for {port}."""
    saved = scratch / "saved"
    mlflow, litserve = bins["mlflow"], bins["litserve"]
    python(mlflow, "-c", SAVE, str(saved))
    script, bare = HERE / "litserve_server.py", ["--host", "127.0.0.1", "--port", "{port}"]
    served = ["serve", "bentoml_service:Model", "--working-dir", HERE, *bare]
    models = ["models", "serve", "--model-uri", saved, "--env-manager", "local", "--workers", "1"]
    triton, tensors = triton_server(row, bins["nvidia-pytriton"], scratch / "triton")
    return {
        "BentoML, its own endpoint": Server(
            "bentoml", [bins["bentoml"] / "bentoml", *served], "predict", {"row": row}
        ),
        "LitServe, rows one by one": Server(
            "litserve", [litserve / "python", script, "{port}", "1"], "predict", row
        ),
        "LitServe, batches of 32": Server(
            "litserve", [litserve / "python", script, "{port}", "32"], "predict", row
        ),
        "MLflow, models serve": Server(
            "mlflow",
            [mlflow / "mlflow", *models, *bare],
            "invocations",
            {"dataframe_records": [row]},
        ),
        f"Triton, Python backend, {len(row)} tensors": Server(
            "nvidia-pytriton", triton, "v2/models/model/infer", tensors
        ),
    }


def triton_server(row: dict[str, Any], bins: Path, folder: Path) -> tuple[list[Any], Any]:
    """Lay out a model repository and its backend; return the command and the request."""
    [package] = bins.parent.glob("lib/python*/site-packages/pytriton")
    backend, version = folder / "backends/python", f"{sys.version_info[0]}.{sys.version_info[1]}"
    shutil.copytree(package / "tritonserver/backends/python", backend)
    stubs = package / "tritonserver/python_backend_stubs" / version
    shutil.copytree(stubs, backend, dirs_exist_ok=True)
    code = folder / "models/model/1"
    code.mkdir(parents=True)
    shutil.copy(HERE / "triton_model.py", code / "model.py")
    shutil.copy(HERE / "scoring.py", code)
    tensors = json.loads(python(bins, "-c", TENSORS, json.dumps(row)))
    (code.parent / "config.pbtxt").write_text(tensors["config"], encoding="utf-8")
    where = ["--http-address", "127.0.0.1", "--http-port", "{port}"]
    off = ["--allow-grpc=false", "--allow-metrics=false", "--log-info=false"]
    folders = ["--model-repository", code.parent.parent, "--backend-directory", backend.parent]
    return [package / TRITON, *folders, *where, *off], {"inputs": tensors["inputs"]}


SAVE = """
import sys
from mlflow.pyfunc import save_model
save_model(sys.argv[1], python_model="mlflow_model.py", code_paths=["scoring.py"])
"""
TENSORS = """
import json, sys
from scoring import Scorer
scorer, row = Scorer(), json.loads(sys.argv[1])
feed, parts = scorer.feed([row]), ['backend: "python"', "max_batch_size: 64", "dynamic_batching {}"]
def part(way, name, kind, width):
    return f"{way} {{ name: {json.dumps(name)} data_type: TYPE_{kind} dims: [{width}] }}"
inputs = []
for name, kind in scorer.columns.items():
    text = kind == "category"
    parts.append(part("input", name, "STRING" if text else "FP32", 1))
    values = {"data": feed[name].ravel().tolist(), "datatype": "BYTES" if text else "FP32"}
    inputs.append({"name": name, "shape": [1, 1]} | values)
for output in scorer.session.get_outputs():
    text, width = "string" in output.type, output.shape[1] if len(output.shape) > 1 else 1
    parts.append(part("output", output.name, "STRING" if text else "FP32", width))
print(json.dumps({"config": "\\n".join(parts), "inputs": inputs}))
"""


def python(bins: Path, *words: str) -> str:
    """Run a program in a peer's environment and return what it prints."""
    command = [bins / "python", *words]
    return subprocess.run(command, check=True, cwd=HERE, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def running(server: Server, port: int, bins: Path) -> Iterator[str]:
    """Start a server, wait for its first answer, give its address, and end all its processes."""
    [packages] = bins.parent.glob("lib/python*/site-packages")
    url = f"http://127.0.0.1:{port}/{server.path}"
    settings = {
        "BENCH_URL": url,
        "PATH": f"{bins}:{os.environ['PATH']}",  # MLflow calls uvicorn by name
        "PYTHONPATH": f"{HERE}:{packages}",
        "LD_LIBRARY_PATH": f"{packages / 'nvidia_pytriton.libs'}:{Path(sys.base_prefix) / 'lib'}",
        "BENTOML_DO_NOT_TRACK": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = [str(word).replace("{port}", str(port)) for word in server.command]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=os.environ | settings, cwd=HERE, **quiet)
    try:
        for _ in range(120):
            try:
                ask(server, url)
                break
            except OSError:
                time.sleep(1)
        else:
            raise SystemExit(f"{server.command[0]} did not start")
        yield url
    finally:
        for folder in processes(url):
            os.kill(int(folder.name), signal.SIGKILL)
        process.wait()


def ask(server: Server, url: str) -> str:
    """Return the answer to the row."""
    request = urllib.request.Request(url, json.dumps(server.body).encode())
    request.add_header("Content-Type", "application/json")
    return urllib.request.urlopen(request, timeout=30).read().decode()


def bench(servers: dict[str, Server], bins: dict[str, Path], scratch: Path, args: Any) -> None:
    """Let all take turns, and print medians and how many times as fast the project's is."""
    results: dict[str, list[Result]] = {name: [] for name in servers}
    with ExitStack() as stack:
        urls = {}
        for port, (name, server) in enumerate(servers.items(), start=8941):
            home = bins.get(server.package, Path(sys.executable).parent)
            urls[name] = stack.enter_context(running(server, port, home))
        answers = {name: ask(server, urls[name]) for name, server in servers.items()}
        chance = re.search(r"0\.\d{5}", answers["ours"])[0]
        if wrong := [name for name, answer in answers.items() if chance not in answer]:
            raise SystemExit(f"{', '.join(wrong)}: not the answer {answers['ours']}")
        for number in range(args.rounds + 1):
            for name, server in servers.items():
                script = (scratch / name).with_suffix(".lua")
                script.write_text(WRK.format(json.dumps(server.body)), encoding="utf-8")
                seconds = args.seconds if number else 2  # the first round warms up
                result = measure(urls[name], script, args.connections, seconds)
                results[name] += [result] * (number > 0)
    print("| server | requests/s | p50 ms | p99 ms | CPU us a request | ours, times as fast |")
    print("|---|---|---|---|---|---|")
    for name, found in results.items():
        rate, p50, p99, cpu = (
            statistics.median(getattr(each, key) for each in found)
            for key in ("rate", "p50", "p99", "cpu")
        )
        ratios = sorted(a.rate / b.rate for a, b in zip(results["ours"], found, strict=True))
        times = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"| {name} | {rate:.0f} | {p50:.1f} | {p99:.1f} | {cpu:.0f} | {times} |")


def main() -> None:
    """Install the peers in separate environments and measure them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="an export folder: runs/<run>/export/onnx")
    for name, default in {"connections": 32, "rounds": 3, "seconds": 5}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    os.environ |= {"BENCH_FOLDER": str(args.folder.resolve()), "BENCH_PACKAGE": "my_model"}
    text, microseconds = one_row(args.folder, "my_model")
    row = json.loads(text)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        bins = {
            package: environment([f"{package}=={PINS[package]}", RUNTIME], scratch / package)
            for package in PINS.keys() - {"onnxruntime"}
        }
        uvicorn = [sys.executable, "-m", "uvicorn", "--factory", "--port", "{port}"]
        quiet = ["--no-access-log", "--log-level", "warning", "--app-dir", HERE.parent]
        own = {
            app: Server("", [*uvicorn, *quiet, f"bench_api:{app}", "--http", http], "predict", row)
            for app, http in {"ours": HTTP.format("my_model"), "obvious": "auto"}.items()
        }
        servers = own | peers(row, bins, scratch)
        print(f"\n{args.connections} connections, a model of {microseconds:.0f} us a row\n")
        bench(servers, bins, scratch, args)
        print("\n" + NOTE.format(columns=len(row)))


if __name__ == "__main__":
    main()
