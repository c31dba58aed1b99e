"""What a prediction costs on this machine, and which versions it was made with."""

import os
import platform
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from importlib.metadata import packages_distributions, version
from typing import Any

import numpy as np
import pandas as pd

BATCHES = (1, 1000)  # rows
REPEATS = 100
SECONDS = 0.5  # enough for slow models


def measure(predict: Callable[[pd.DataFrame], np.ndarray], inputs: pd.DataFrame) -> dict[str, Any]:
    """Return median latency of 1 and 1,000 rows, peak memory, the machine and its packages.

    Memory is what Python and numpy allocate for 1,000 rows; libraries' own allocations don't show.
    """
    batches = {rows: inputs.iloc[np.arange(rows) % len(inputs)] for rows in BATCHES}
    tracemalloc.start()
    predict(batches[BATCHES[-1]])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "latency_ms": {str(rows): _median_ms(predict, batches[rows]) for rows in BATCHES},
        "peak_memory_bytes": peak,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "packages": {"python": platform.python_version()} | _packages(),
    }


def _median_ms(predict: Callable[[pd.DataFrame], np.ndarray], inputs: pd.DataFrame) -> float:
    times: list[float] = []
    while len(times) < 3 or (len(times) < REPEATS and sum(times) < SECONDS):
        start = time.perf_counter()
        predict(inputs)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def _packages() -> dict[str, str]:
    """Return the versions of all packages that are loaded."""
    known = packages_distributions().items()
    loaded = {name for module, names in known if module in sys.modules for name in names}
    return {name: version(name) for name in sorted(loaded, key=str.lower)}
