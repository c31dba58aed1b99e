"""Converters talk, some from C++: what they say is kept off the terminal."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quietly() -> Iterator[None]:
    """Swallow warnings and what is written to the terminal within; exceptions pass."""
    sys.stdout.flush()
    sys.stderr.flush()
    nothing = os.open(os.devnull, os.O_WRONLY)
    kept = {stream: os.dup(stream) for stream in (1, 2)}  # of the process, not of Python
    try:
        for stream in kept:
            os.dup2(nothing, stream)
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for stream, before in kept.items():
            os.dup2(before, stream)
            os.close(before)
        os.close(nothing)
