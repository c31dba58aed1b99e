"""Rows per second and peak memory of `predict` on 0.1, 1 and (with --huge) 10 million rows.

    python bench_batch.py EXPORT_FOLDER [--package my_model] [--huge]

Runs in the project's environment; EXPORT_FOLDER is runs/<run>/export/onnx. The files are resampled
training rows. Exit code 1 if memory grows by more than a quarter from the smallest to the largest.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

SIZES = [100_000, 1_000_000, 10_000_000]
BLOCK = 100_000  # rows made at once

MAKE = """
import json, sys
from pathlib import Path
import numpy as np, pandas as pd, pyarrow as pa, pyarrow.parquet as pq
from pyarrow import csv

folder, path, rows, block = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
table = pd.read_parquet(folder / "reference.parquet")
for column in json.loads((folder / "contract.json").read_text(encoding="utf-8"))["inputs"]:
    if column["type"] == "date":
        dates = pd.Timestamp(0) + pd.to_timedelta(table[column["name"]].astype(float), unit="D")
        code = column.get("format") or "ISO8601"
        table[column["name"]] = dates.dt.strftime("%Y-%m-%d" if code == "ISO8601" else code)
table = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
write = pq.ParquetWriter if path.endswith(".parquet") else csv.CSVWriter
rng = np.random.default_rng(0)
with write(path, table.schema) as writer:
    for start in range(0, rows, block):
        some = rng.integers(0, len(table), min(block, rows - start))
        writer.write_table(table.take(pa.array(some)))
"""

SCORE = """
import json, resource, sys, time
from importlib import import_module
from pathlib import Path

package, run, source, output = sys.argv[1], *map(Path, sys.argv[2:])
config = import_module(f"{package}.config").load(run / "config.yaml", {})
score = import_module(f"{package}.toolkit.batch.score").score
started = time.perf_counter()
score(config, run, source, output)
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([seconds, peak]))
"""


def main() -> int:
    """Print a row for each size and kind of file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--package", default="my_model")
    parser.add_argument("--huge", action="store_true", help="also 10 million rows")
    args = parser.parse_args()
    peaks: dict[str, list[float]] = {}
    print(f"{'rows':>11} {'file':>8} {'MB':>6} {'seconds':>8} {'rows/s':>9} {'peak MB':>8}")
    for rows in SIZES if args.huge else SIZES[:2]:
        for kind in ("csv", "parquet"):
            size, seconds, peak = measure(args.folder.resolve(), args.package, rows, kind)
            peaks.setdefault(kind, []).append(peak)
            speed = f"{seconds:>8.1f} {rows / seconds:>9,.0f}"
            print(f"{rows:>11,} {kind:>8} {size:>6.0f} {speed} {peak:>8.0f}", flush=True)
    grown = [kind for kind, values in peaks.items() if values[-1] > 1.25 * values[0]]
    if grown:
        print(f"memory grows with the file: {', '.join(grown)}")
    return int(bool(grown))


def measure(folder: Path, package: str, rows: int, kind: str) -> tuple[float, float, float]:
    """Return the file's MB, the seconds to score it, and the peak resident MB of the child."""
    with tempfile.TemporaryDirectory() as made:
        source, output = Path(made) / f"in.{kind}", Path(made) / f"out.{kind}"
        child(MAKE, folder, source, rows, BLOCK)
        run = folder.parents[1]
        seconds, peak = json.loads(child(SCORE, package, run, source, output).splitlines()[-1])
        return source.stat().st_size / 1e6, seconds, peak


def child(code: str, *words: object) -> str:
    """Run code in a process of its own, so that this one stays small, and return what it prints."""
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
