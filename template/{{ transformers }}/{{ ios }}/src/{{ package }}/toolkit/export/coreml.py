"""Export an encoder as a Core ML package for iPhone and Mac (iOS 17, macOS 14 and later).

Conversion works on any system; running needs a Mac, or `mil/interpreter.py` as a substitute.
"""

from pathlib import Path
from typing import Any

from ..tables.schema import Schema
from . import encode
from .apple import ct
from .coreml_package import save, translate

PACKAGES = ("coremltools", "tokenizers", "torch", "transformers")  # whose versions are recorded


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.mlpackage, whose input is the contract's matrix of 1 to MAX_ROWS rows."""
    save(translate(model, schema, ct.precision.FLOAT32), folder)


def accompany(model: Any, folder: Path) -> None:
    """Write the tokenizer and its configuration for Swift into the folder."""
    encode.accompany(model, folder)


def describe(model: Any) -> dict[str, Any]:
    """Return what the contract adds: how a text becomes the matrix."""
    return encode.describe(model)
