"""A network as a Core ML package for iPhone and Mac (iOS 17, macOS 14 and later).

Conversion works on any system; running it needs a Mac, or `mil/interpreter.py` instead.
"""

from pathlib import Path
from typing import Any

from ..tables.schema import Schema
from .apple import ct
from .coreml_package import save, translate
from .encode import describe as describe
from .program import TENSORFLOW

PACKAGES = ("coremltools", "keras", TENSORFLOW)  # their versions go into the contract


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.mlpackage, which takes the matrix of the contract, 1 to MAX_ROWS rows."""
    save(translate(model, schema, ct.precision.FLOAT32), folder)
