"""An encoder as a Core ML package for iPhone and Mac (iOS 17, macOS 14 and later).

Conversion works on any system; running it takes a Mac, or `mil/interpreter.py` as a stand-in.
"""

from pathlib import Path
from typing import Any

from ..tables.schema import Schema
from . import encode
from .apple import ct
from .coreml_package import save, translate

PACKAGES = ("coremltools", "tokenizers", "torch", "transformers")  # whose versions are noted


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.mlpackage, which takes the matrix of the contract, 1 to MAX_ROWS rows."""
    save(translate(model, schema, ct.precision.FLOAT32), folder)


def accompany(model: Any, folder: Path) -> None:
    """Write the tokenizer into the folder, and what Swift has to know of it."""
    encode.accompany(model, folder)


def describe(model: Any) -> dict[str, Any]:
    """Return what the contract says besides: how a text becomes the matrix."""
    return encode.describe(model)
