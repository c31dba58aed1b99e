"""Conversion of a network to an .mlpackage, written reproducibly."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..tables.schema import Schema
from . import coreml_program
from .apple import ct
from .contract import free_name

SPEC = "Data/com.apple.CoreML/model.mlmodel"


def translate(model: Any, schema: Schema, precision: Any) -> Any:
    """Return the network as an MLModel; inputs and outputs are float32 at any precision."""
    name = "values" if schema.labels is None else "probabilities"
    name = free_name(name, [column.name for column in schema.columns])
    options = {
        "minimum_deployment_target": ct.target.iOS17,
        "compute_precision": precision,
        "outputs": [ct.TensorType(name=name, dtype=np.float32)],
    }
    return coreml_program.translate(model, options)


def save(model: Any, folder: Path) -> None:
    """Write folder/model.mlpackage; the same model gives the same bytes."""
    package = folder / "model.mlpackage"
    model.user_defined_metadata.pop("com.github.apple.coremltools.conversion_date", None)
    model.save(str(package))
    (package / "executorch_debug_handle_mapping.json").unlink(missing_ok=True)
    (package / SPEC).write_bytes(model.get_spec().SerializeToString(deterministic=True))
    _name_items(package / "Manifest.json")


def _name_items(path: Path) -> None:
    """Identify the items of a package by their names instead of random identifiers."""
    manifest = json.loads(path.read_text(encoding="utf-8"))
    entries = manifest["itemInfoEntries"]
    root = entries[manifest["rootModelIdentifier"]]["name"]
    named = {entry["name"]: entry for entry in entries.values()}
    manifest |= {"itemInfoEntries": dict(sorted(named.items())), "rootModelIdentifier": root}
    text = json.dumps(manifest, indent=4) + "\n"  # as coremltools rewrites it when it reads it
    path.write_text(text, encoding="utf-8", newline="\n")
