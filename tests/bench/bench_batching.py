"""Requests per second of a project's server with dynamic batching and without, with wrk.

    python bench_batching.py EXPORT_FOLDER [--package my_model] [--connections 64]

Runs in the project's environment. Without batching means serve.max_batch 1. The two take turns, and
each ratio is of one round. Exit code 1 if batching is slower.
"""

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from bench_api import HTTP, WRK, measure, one_row, post, served
from tables import ratio

SIZES = {"batches of 64": 64, "one by one": 1}
ROUNDS, SECONDS = 6, 2


def main() -> int:
    """Measure a copy of the export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="an export folder: runs/<run>/export/onnx")
    parser.add_argument("--package", default="my_model")
    parser.add_argument("--connections", type=int, default=64)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = shutil.copytree(args.folder, Path(scratch) / "export")
        body, microseconds = one_row(folder, args.package)
        script = folder / "post.lua"
        script.write_text(WRK.format(body), encoding="utf-8")
        known = {"BENCH_FOLDER": str(folder), "BENCH_PACKAGE": args.package}
        servers = []
        for port, size in enumerate(SIZES.values(), start=8941):
            environment = known | {"BENCH_BATCH": str(size)}
            http = HTTP.format(args.package)
            servers.append(stack.enter_context(served("ours", port, environment, http)))
        if len({str(post(url, body)) for url in servers}) > 1:
            raise SystemExit("the two servers disagree")
        lengths = [1, *[SECONDS] * ROUNDS]  # the first round warms up
        found = [[measure(url, script, args.connections, n) for url in servers] for n in lengths][
            1:
        ]
    print(f"\n{args.connections} connections, a model of {microseconds:.0f} us a row\n")
    print(f"{'':>14} {'requests/s':>10} {'p50 ms':>8} {'p99 ms':>8} {'CPU us a request':>17}")
    table = np.array([[[r.rate, r.p50, r.p99, r.cpu] for r in turn] for turn in found])
    for name, (rate, p50, p99, cpu) in zip(SIZES, np.median(table, axis=0), strict=True):
        print(f"{name:>14} {rate:>10.0f} {p50:>8.1f} {p99:>8.1f} {cpu:>17.0f}")
    faster = table[:, 0, 0] / table[:, 1, 0]
    print(f"\nbatching: {ratio(faster)} times the requests per second")
    return int(np.median(faster) < 1)


if __name__ == "__main__":
    sys.exit(main())
