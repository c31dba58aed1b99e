"""What a prediction costs on this machine."""

import os
import platform
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from importlib.metadata import packages_distributions, version
from typing import Any

import numpy as np
import pandas as pd

BUDGET_S = 1.0  # time for one median


def measure(
    predict: Callable[[pd.DataFrame], np.ndarray], inputs: pd.DataFrame
) -> dict[str, Any]:
    """Return the median latency of 1 and 1,000 rows, peak memory, and the machine with its packages.

    Memory is what Python and numpy allocate for 1,000 rows; libraries' own allocations don't show.
    """
    thousand = inputs.iloc[np.arange(1000) % len(inputs)]
    predict(thousand)  # the first call pays for imports and caches
    tracemalloc.start()
    predict(thousand)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "latency_ms": {
            "1": median_ms(partial(predict, inputs.iloc[:1])),
            "1000": median_ms(partial(predict, thousand)),
        },
        "peak_memory_mb": round(peak / 1e6, 3),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "python": platform.python_version(),
        "packages": {
            name: version(name)
            for name in sorted(
                {
                    name
                    for module, names in packages_distributions().items()
                    if module in sys.modules
                    for name in names
                }
            )
        },
    }


def median_ms(call: Callable[[], Any]) -> float:
    """Return the median wall time of up to 100 calls in milliseconds."""
    times: list[float] = []
    end = time.perf_counter() + BUDGET_S
    while len(times) < 3 or (len(times) < 100 and time.perf_counter() < end):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(times), 4)
