"""Compare both paths of a project's server with the obvious FastAPI app on one model, with wrk.

    python bench_api.py EXPORT_FOLDER [--package my_model] [--slow] [--rounds 5] [--seconds 5]

Runs in the project's environment. All take turns, so that a busy machine is fair to each, and each
figure is the median of the rounds. `--slow` adds a dense layer that makes the model cost about
0.3 ms. `plain ASGI` is the server as it is without serving/protocol.py. Exit code 1 if the
project's server is not 9 times as fast as the obvious app (4 times with `--slow`), its p99 is
worse, or, without `--slow`, its processor time a request is more than .7 of plain ASGI's.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

HTTP = "{}.toolkit.serving.protocol:Protocol"  # of the project's server, as `serve` runs it
WRK = (
    'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[{}]==]\n'
)


def obvious() -> Any:
    """Return the app one writes first: a pydantic model, a `def` endpoint, a default session."""
    import numpy as np
    import onnxruntime
    from fastapi import FastAPI
    from pydantic import Field, create_model

    folder = Path(os.environ["BENCH_FOLDER"])
    contract = json.loads((folder / "contract.json").read_text(encoding="utf-8"))
    types = {"number": float, "date": date, "category": str}
    fields: dict[str, Any] = {}
    for number, column in enumerate(contract["inputs"]):
        kind, required = types[column["type"]], not column["missing"]
        default = Field(... if required else None, alias=column["name"])
        fields[f"column{number}"] = (kind if required else kind | None, default)
    row_type = create_model("Row", **fields)
    session = onnxruntime.InferenceSession(folder / contract["model"])
    labels = contract["outputs"]["labels"]
    app = FastAPI()

    @app.post("/predict")
    def predict(row: row_type) -> dict[str, Any]:
        feed = {}
        for number, column in enumerate(contract["inputs"]):
            value = getattr(row, f"column{number}")
            if column["type"] == "category":
                feed[column["name"]] = np.array([["" if value is None else value]], object)
                continue
            if isinstance(value, date):
                value = (value - date(1970, 1, 1)).days
            feed[column["name"]] = np.array([[np.nan if value is None else value]], np.float32)
        answer, *label = session.run(None, feed)
        if not label:
            return {"value": float(answer[0])}
        probabilities = dict(zip(labels, answer[0].tolist(), strict=True))
        return {"label": label[0][0], "probabilities": probabilities}

    return app


def ours() -> Any:
    """Return the project's app, with its request log."""
    package, folder = os.environ["BENCH_PACKAGE"], Path(os.environ["BENCH_FOLDER"])
    settings = import_module(f"{package}.toolkit.settings.serve").Serve(
        request_log=folder / "requests.jsonl", max_batch=int(os.environ.get("BENCH_BATCH", "64"))
    )
    return import_module(f"{package}.toolkit.serving.app").create_app(folder, settings)


@dataclass
class Result:
    """One run of wrk: requests per second, latencies in ms, processor time per request in us."""

    rate: float
    p50: float
    p99: float
    cpu: float


@contextmanager
def served(app: str, port: int, environment: dict[str, str], http: str = "auto") -> Iterator[str]:
    """Run an app of this file in one uvicorn process and give its address."""
    target = [f"bench_api:{app}", "--factory", "--port", str(port), "--http", http]
    quiet = ["--no-access-log", "--log-level", "warning", "--app-dir", str(Path(__file__).parent)]
    command = [sys.executable, "-m", "uvicorn", *target, *quiet]
    url = f"http://127.0.0.1:{port}/predict"
    process = subprocess.Popen(command, env=os.environ | environment | {"BENCH_URL": url})
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(url.replace("predict", "openapi.json"), timeout=5).read()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise SystemExit(f"{app} did not start")
        yield url
    finally:
        process.terminate()
        process.wait()


def measure(url: str, script: Path, connections: int, seconds: int) -> Result:
    """Load an app with wrk; SystemExit if any answer is not 200."""
    before = cpu_seconds(url)
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)]
    command = ["wrk", *options, url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(text)
    requests = int(re.search(r"(\d+) requests in", text)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    p50, p99 = (latency(text, share) for share in (50, 99))
    return Result(rate, p50, p99, (cpu_seconds(url) - before) / requests * 1e6)


def cpu_seconds(url: str) -> float:
    """Return the processor time that the processes of a server have used (Linux)."""
    fields = [(path / "stat").read_text().rsplit(")", 1)[1].split() for path in processes(url)]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


def processes(url: str) -> list[Path]:
    """Return a folder of /proc for each process of a server: those started with its address."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended since
            found += [path] * (f"BENCH_URL={url}\0".encode() in (path / "environ").read_bytes())
    return found


def latency(text: str, share: int) -> float:
    """Return a percentile of wrk's output in ms."""
    number, unit = re.search(rf"^\s+{share}%\s+([\d.]+)(us|ms|s)$", text, re.MULTILINE).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def post(url: str, body: str) -> Any:
    """Return the answer to a row, without its rounding."""
    request = urllib.request.Request(url, body.encode())
    request.add_header("Content-Type", "application/json")
    answer = json.load(urllib.request.urlopen(request, timeout=30))
    probabilities = answer.get("probabilities", {"value": answer.get("value")})
    return answer.get("label"), {name: f"{value:.5g}" for name, value in probabilities.items()}


def slow_down(folder: Path, width: int = 1800) -> None:
    """Add a dense layer whose result, times zero, is added to the predictions."""
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    contract = json.loads((folder / "contract.json").read_text(encoding="utf-8"))
    path = folder / contract["model"]
    model = onnx.load(path)
    graph, output = model.graph, model.graph.output[0].name
    number = next(i["name"] for i in contract["inputs"] if i["dtype"] == "float32")
    at = next(i for i, node in enumerate(graph.node) if output in node.output)
    producer = graph.node[at]
    producer.output[list(producer.output).index(output)] = "bench_fast"
    rng = np.random.default_rng(0)
    weights = {"bench_a": (1, width), "bench_b": (width, width)}
    constants = {name: rng.normal(size=shape).astype(np.float32) for name, shape in weights.items()}
    constants |= {"bench_zero": np.float32(0), "bench_axis": np.array([1])}
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()
    )
    keep = int(contract["outputs"]["labels"] is not None)
    layers = [
        helper.make_node("IsNaN", [number], ["bench_1"]),
        helper.make_node("Cast", ["bench_1"], ["bench_2"], to=onnx.TensorProto.FLOAT),
        helper.make_node("MatMul", ["bench_2", "bench_a"], ["bench_3"]),
        helper.make_node("MatMul", ["bench_3", "bench_b"], ["bench_4"]),
        helper.make_node("ReduceMax", ["bench_4", "bench_axis"], ["bench_5"], keepdims=keep),
        helper.make_node("Mul", ["bench_5", "bench_zero"], ["bench_6"]),
        helper.make_node("Add", ["bench_fast", "bench_6"], [output]),
    ]
    for offset, layer in enumerate(layers, start=1):
        graph.node.insert(at + offset, layer)
    onnx.save(model, path)
    contract["sha256"][contract["model"]] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "contract.json").write_text(json.dumps(contract), encoding="utf-8")


def one_row(folder: Path, package: str) -> tuple[str, float]:
    """Return a row as JSON, and how long the model takes for it in microseconds."""
    model = import_module(f"{package}.toolkit.export.onnx_runtime").load(folder, threads=1)
    payload = import_module(f"{package}.toolkit.serving.payload").Payload(model.contract)
    row = payload.example(model.contract)
    columns = payload.columns([payload.decode(json.dumps(row).encode())])
    times = []
    for _ in range(200):
        started = time.perf_counter()
        model.decide(columns)
        times.append(time.perf_counter() - started)
    return json.dumps(row), statistics.median(times) * 1e6


def bench(
    folder: Path, package: str, connections: int, rounds: int, seconds: int
) -> tuple[float, bool, float]:
    """Print the tables; return the times as fast as the obvious app, whether p99 is as low, and
    the processor time of a request compared with plain ASGI.
    """
    body, microseconds = one_row(folder, package)
    script = folder / "post.lua"
    script.write_text(WRK.format(body), encoding="utf-8")
    environment = {"BENCH_FOLDER": str(folder), "BENCH_PACKAGE": package}
    apps = {"obvious": "obvious", "plain ASGI": "ours", "ours": "ours"}
    results: dict[str, list[Result]] = {name: [] for name in apps}
    with ExitStack() as stack:
        urls = {}
        for port, (name, app) in enumerate(apps.items(), start=8931):
            http = HTTP.format(package) if name == "ours" else "auto"
            urls[name] = stack.enter_context(served(app, port, environment, http))
        if len({str(post(url, body)) for url in urls.values()}) > 1:
            raise SystemExit("the apps disagree")
        for number in range(rounds + 1):
            for name, url in urls.items():
                length = seconds if number else 1  # the first round warms up
                result = measure(url, script, connections, length)
                results[name] += [result] * (number > 0)
    medians = {
        name: {k: statistics.median(vars(r)[k] for r in found) for k in vars(found[0])}
        for name, found in results.items()
    }
    print(f"\n{connections} connections, a model of {microseconds:.0f} us a row\n")
    print("| app | requests/s | p50 ms | p99 ms | CPU us a request |\n|---|---|---|---|---|")
    for name, m in medians.items():
        print(f"| {name} | {m['rate']:.0f} | {m['p50']:.1f} | {m['p99']:.1f} | {m['cpu']:.0f} |")
    print("\n| ours, compared with | requests/s | CPU a request |\n|---|---|---|")
    rates, costs = (ratios(results, figure) for figure in ("rate", "cpu"))
    for name in ("obvious", "plain ASGI"):
        print(f"| {name} | {shown(rates[name])} times | {shown(costs[name])} |")
    quick = medians["ours"]["p99"] <= medians["obvious"]["p99"]
    return statistics.median(rates["obvious"]), quick, statistics.median(costs["plain ASGI"])


def ratios(results: dict[str, list[Result]], figure: str) -> dict[str, list[float]]:
    """Return a figure of `ours` divided by that of each app, round by round."""
    own = [getattr(each, figure) for each in results["ours"]]
    return {
        name: [a / getattr(b, figure) for a, b in zip(own, found, strict=True)]
        for name, found in results.items()
    }


def shown(values: list[float]) -> str:
    """Return the median with the range."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main() -> int:
    """Read the arguments and measure a copy of the export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="an export folder: runs/<run>/export/onnx")
    parser.add_argument("--package", default="my_model")
    parser.add_argument("--slow", action="store_true")
    for name, default in {"connections": 32, "rounds": 5, "seconds": 5}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("wrk is not installed (apt-get install wrk)")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "export"
        shutil.copytree(args.folder, folder)
        if args.slow:
            slow_down(folder)
        times, quick, cost = bench(
            folder, args.package, args.connections, args.rounds, args.seconds
        )
    return int(not (quick and times >= (4 if args.slow else 9) and (args.slow or cost <= 0.7)))


if __name__ == "__main__":
    sys.exit(main())
