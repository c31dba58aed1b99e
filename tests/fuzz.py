"""Send an API requests that its own description allows and forbids, with schemathesis.

    python tests/fuzz.py [--requests 2500] [--soak SECONDS] [tables numbers pictures texts chats]

Renders a project for each kind of input, trains and exports a small model, and serves it. Counts
responses by status, and the faults that schemathesis reports: an undocumented status, a response
that does not match its schema, an invalid request that is accepted ... Then follow slow clients,
and with --soak 32 concurrent connections, with the server's memory over time. Exit code 1 if there
is a fault.
"""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from render import ROOT, render, snapshot

QUICK = {"train.rounds": 20, "evaluate.resamples": 100, "serve.request_log": "null"}
TINY = {"train.epochs": 1, "train.batch_size": 8, "model.width": 32, "model.vocabulary": 300}
TINY |= {"model.max_tokens": 64, "model.new_tokens": 8, "export.formats": "[gguf]"}
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "tables": ({}, QUICK),
    "numbers": ({"task": "tabular-regression"}, QUICK),
    "pictures": ({"task": "image-classification"}, QUICK),
    "texts": ({"task": "text-classification"}, QUICK),
    "chats": ({"task": "text-generation"}, TINY | {"serve.request_log": "null"}),
}
# What no schema can say: that bytes are a picture, that user and assistant take turns.
RULES = {"pictures", "chats"}
CONNECTIONS = 32
TIMEOUT = 45  # seconds after which the server closes an incomplete request
SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
CHECKS = """[checks]  # a body that breaks a rule and is too long may be refused for its length
negative_data_rejection.expected-statuses = [400, 401, 404, 405, 408, 413, 415, 422, 503]
"""
LUA = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[{}]==]'


def main() -> int:
    """Test the selected kinds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], default=[])
    parser.add_argument("--requests", type=int, default=2500, help="of each kind, at least")
    parser.add_argument("--soak", type=int, default=0, metavar="SECONDS")
    args = parser.parse_args()
    faults = 0
    with tempfile.TemporaryDirectory() as scratch:
        template = snapshot(Path(scratch) / "template")
        for kind in args.kinds or KINDS:
            answers, settings = KINDS[kind]
            folder = ROOT / ".nox/fuzz" / kind
            shutil.rmtree(folder, ignore_errors=True)
            render(template, folder, answers | {"targets": ["api"]})
            options = [f"--{key}={value}" for key, value in settings.items()]
            faults += project(kind, folder, options, args.requests, args.soak)
    return 1 if faults else 0


def project(kind: str, folder: Path, options: list[str], requests: int, soak: int) -> int:
    """Train, serve and test a project; return the number of faults."""
    command = ["uv", "run", "--directory", str(folder), "my-model"]
    for word in ("train", "export"):
        subprocess.run([*command, word, *options], check=True, stdout=subprocess.DEVNULL)
    command = [str(folder / ".venv/bin/my-model"), "serve", "--serve.port=0", *options]
    with serving(command, folder) as (address, pid):  # without uv, whose memory is irrelevant
        faults = fuzz(kind, address, requests, folder.parent)
        faults += slow_clients(kind, address)
        if soak:
            faults += endure(kind, address, pid, soak, folder.parent)
    return faults


@contextmanager
def serving(command: list[str], folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the address of a server and the id of the listening process."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        address = re.search(r"http://[\d.:]+", line)[0]
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


def fuzz(kind: str, address: str, requests: int, folder: Path) -> int:
    """Run schemathesis until enough requests were sent."""
    statuses: Counter[int] = Counter()
    faults: Counter[str] = Counter()
    settings = folder / "schemathesis.toml"
    settings.write_text(CHECKS, "utf-8")
    for seed in range(1, 20):
        report = folder / f"{kind}-{seed}.ndjson"
        words = [f"--config-file={settings}", "run", f"{address}/openapi.json"]
        words += ["--checks=all", "--no-shrink", "--workers=4"]
        words += [f"--seed={seed}", "--max-examples=500", "--continue-on-failure", "--no-color"]
        if kind in RULES:
            words += ["--exclude-checks=positive_data_acceptance"]
        words += ["--suppress-health-check=all", f"--report-ndjson-path={report}"]
        own = folder / kind  # schemathesis caches what failed there, for the next seed only
        done = subprocess.run([SCHEMATHESIS, *words], cwd=own, capture_output=True, text=True)
        (folder / f"{kind}-{seed}.txt").write_text(done.stdout + done.stderr, "utf-8")
        note(report, statuses, faults)
        if sum(statuses.values()) >= requests:
            break
    summary = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
    print(f"{kind}: {sum(statuses.values())} requests: {summary}; faults: {dict(faults) or 'none'}")
    return sum(faults.values())


def note(report: Path, statuses: Counter[int], faults: Counter[str]) -> None:
    """Count the responses and the failed checks in a report."""
    for line in report.read_text("utf-8").splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder")
        for each in recorder.get("interactions", {}).values() if recorder else ():
            statuses[(each["response"] or {}).get("status_code", 0)] += 1
        checks = recorder.get("checks", {}).values() if recorder else ()
        faults.update(c["name"] for each in checks for c in each if c["status"] == "failure")


def slow_clients(kind: str, address: str) -> int:
    """Open connections that never complete a header; return how many were not closed."""
    host, port = address.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(100)]
    started, letters = time.monotonic(), iter("POST / HTTP/1.1\r\nHost: x\r\nX-Slow: " + "x" * 999)
    while slow and time.monotonic() - started < TIMEOUT:
        letter = next(letters).encode()
        slow = [client for client in slow if alive(client, letter)]
        time.sleep(1)
    urllib.request.urlopen(f"{address}/health", timeout=10).read()
    took = time.monotonic() - started
    print(
        f"{kind}: of 100 clients that send a letter a second, {len(slow)} stay after {took:.0f} s"
    )
    return len(slow)


def alive(client: socket.socket, letter: bytes) -> bool:
    """Send a letter, and return whether the connection is still open."""
    try:
        client.sendall(letter)
        client.settimeout(0.001)
        return client.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def endure(kind: str, address: str, pid: int, seconds: int, folder: Path) -> int:
    """Load the server; return 1 if its memory still grows by a tenth after a fifth of the time."""
    with urllib.request.urlopen(f"{address}/openapi.json") as answer:
        described = json.load(answer)["paths"]
    path, operation = next(
        (path, methods["post"]) for path, methods in described.items() if "post" in methods
    )
    content = operation["requestBody"]["content"]["application/json"]
    body = content.get("example") or next(iter(content["examples"].values()))["value"]
    script = folder / f"{kind}.lua"
    script.write_text(LUA.format(json.dumps(body)), "utf-8")
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), address + path]
    load = subprocess.Popen(["wrk", *options], stdout=subprocess.PIPE, text=True)
    seen = [memory(pid)]
    for _ in range(10):
        time.sleep(seconds / 10)
        seen.append(memory(pid))
    output, _ = load.communicate()
    lines = [
        line.strip()
        for line in output.splitlines()
        if re.search(r"requests in|Non-2xx|errors", line)
    ]
    print(f"{kind}: {'; '.join(lines)}; MB: {', '.join(f'{size:.0f}' for size in seen)}")
    grown = max(seen[3:]) > 1.1 * seen[2]
    return int(grown or "Non-2xx" in output)


def memory(pid: int) -> float:
    """Return the resident memory of a process in MB (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    sys.exit(main())
