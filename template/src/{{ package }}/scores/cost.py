"""What a prediction costs on this machine, and which versions it was made with."""

import os
import platform
import sys
import tracemalloc
from importlib.metadata import packages_distributions, version
from typing import Any

import pandas as pd

from ..formats.feed import BATCHES
from ..formats.measure import Predict, batches_of, latency


def measure(predict: Predict, inputs: pd.DataFrame) -> dict[str, Any]:
    """Return median latency of one row and of many, peak memory, the machine and its packages.

    Memory is what Python and numpy allocate for the many; libraries' own allocations don't show.
    """
    batches = batches_of(inputs)
    tracemalloc.start()
    predict(batches[BATCHES[-1]])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "latency_ms": latency(predict, batches),
        "peak_memory_bytes": peak,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "packages": {"python": platform.python_version()} | _packages(),
    }


def _packages() -> dict[str, str]:
    """Return the versions of all packages that are loaded."""
    known = packages_distributions().items()
    loaded = {name for module, names in known if module in sys.modules for name in names}
    return {name: version(name) for name in sorted(loaded, key=str.lower)}
