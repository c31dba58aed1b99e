"""Latency and memory of a model, measured in a process of its own."""

import gc
import json
import os
import pickle
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import numpy as np

from . import feed

Predict = Callable[[Any], Any]
REPEATS = 100
SECONDS = 0.3  # time limit for slow models, which vary less
UNKNOWN = {"latency_ms": dict.fromkeys(map(str, feed.BATCHES)), "peak_memory_bytes": None}


def of_model(load: Callable[[Path], Predict], run: Path, inputs: Any) -> dict[str, Any]:
    """Return size, latency and memory of a run's trained model; `inputs` is a canonical table.

    `load` opens the folder of a model; it is pickled and called in a subprocess.
    """
    folder = run / "model"
    size = sum(path.stat().st_size for path in folder.iterdir())
    return {"bytes": size, **_in_subprocess(partial(load, folder), batches_of(inputs))}


def of_export(name: str, folder: Path, inputs: Any, artifact: Any) -> dict[str, Any]:
    """Return the same for an export to format `name`, whose inputs are given without pandas."""
    contract = artifact.contract
    size = sum((folder / file).stat().st_size for file in contract["sha256"])
    if artifact.executed_by == "interpreter":  # its latency is not that of a device
        return {"bytes": size, **UNKNOWN}
    arrays = {count: feed.to_numpy(rows, contract) for count, rows in batches_of(inputs).items()}
    return {"bytes": size, **_in_subprocess(partial(exported, name, folder), arrays)}


def batches_of(inputs: Any) -> dict[int, Any]:
    """Return tables of one row and of many, as a client would send them."""
    rows = feed.request_view(inputs)
    return {count: rows.iloc[np.arange(count) % len(rows)] for count in feed.BATCHES}


def exported(name: str, folder: Path) -> Any:
    """Open the model exported to format `name`: callable, and with `decide`."""
    return import_module(f".{name.split('-')[0]}_runtime", __package__).load(folder)


def _in_subprocess(load: Callable[[], Predict], batches: dict[int, Any]) -> dict[str, Any]:
    """Call `_cost` in a new interpreter; multiprocessing would import the caller again."""
    job = pickle.dumps((load, batches))
    done = subprocess.run([sys.executable, "-m", __name__], input=job, stdout=subprocess.PIPE)
    if done.returncode == -9:  # the system kills a process if memory runs out
        raise MemoryError
    done.check_returncode()
    return json.loads(done.stdout.splitlines()[-1])


def _cost(load: Callable[[], Predict], batches: dict[int, Any]) -> dict[str, Any]:
    """Return the median latency, and the peak memory of the process."""
    predict = load()
    gc.enable()
    return {"latency_ms": latency(predict, batches), "peak_memory_bytes": peak_memory()}


def latency(predict: Predict, batches: dict[int, Any]) -> dict[str, float]:
    """Return the median milliseconds of each batch."""
    return {str(rows): _median_ms(predict, inputs) for rows, inputs in batches.items()}


def _median_ms(predict: Predict, inputs: Any) -> float:
    predict(inputs)  # the first call prepares buffers and threads
    times: list[float] = []
    while len(times) < REPEATS and sum(times) < SECONDS:
        start = time.perf_counter()
        predict(inputs)
        times.append(time.perf_counter() - start)
    return round(1000 * statistics.median(times), 4)


def peak_memory() -> int | None:
    """Return bytes; None on Windows, where the standard library has no such measurement."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux: getrusage would count the parent's peak too
        peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        return int(peak[1]) * 1024 if peak else None
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def machine() -> dict[str, Any]:
    """Return the machine, and the versions of all loaded packages."""
    known = packages_distributions().items()
    loaded = {name for module, names in known if module in sys.modules for name in names}
    versions = {name: version(name) for name in sorted(loaded, key=str.lower)}
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "packages": {"python": platform.python_version()} | versions,
    }


if __name__ == "__main__":
    gc.disable()  # while libraries are imported: what they make, stays
    print(json.dumps(_cost(*pickle.load(sys.stdin.buffer))), flush=True)
    os._exit(0)  # to free all objects of a framework would take half a second
