"""Suppress the output of converters, some of which comes from C++."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quietly() -> Iterator[None]:
    """Suppress warnings and output to the terminal; exceptions pass."""
    sys.stdout.flush()
    sys.stderr.flush()
    devnull = os.open(os.devnull, os.O_WRONLY)
    saved = {stream: os.dup(stream) for stream in (1, 2)}  # file descriptors, not sys.stdout
    try:
        for stream in saved:
            os.dup2(devnull, stream)
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for stream, copy in saved.items():
            os.dup2(copy, stream)
            os.close(copy)
        os.close(devnull)
