"""Save, load and predict, apart from training. A saved model holds no pickle."""

import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io

from .config import Config
from .estimators import ESTIMATORS
from .model import Model
from .toolkit.runs import UserError, replacing

TRUSTED = [
    f"{__package__}.features.Features",
    f"{__package__}.model.Model",
    "numpy.dtype",
    *(name for entry in ESTIMATORS.values() for name in entry.types),
]

ID = r'(?<="__id__": )\d+|(?<=")[0-9a-f-]{10,}(?=\.[a-z]+")'  # of an object, or of its file


def predict(model: Model, inputs: pd.DataFrame) -> np.ndarray:
    """Return (rows, classes) probabilities or (rows,) values, float32; inputs are canonical."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba(inputs).astype(np.float32)
    return model.predict(inputs).astype(np.float32)


def save(model: Model, folder: Path) -> None:
    """Write model.skops; the same model gives the same bytes."""
    with replacing(folder / "model.skops") as scratch:
        raw = scratch.with_suffix(".raw")
        skops.io.dump(model, raw)
        _check_types(raw, "the model")
        _write_reproducibly(raw, scratch)


def _check_types(file: Path, name: object) -> None:
    if unknown := sorted({*skops.io.get_untrusted_types(file=file)} - {*TRUSTED}):
        raise UserError(
            f"{name} holds types that no entry of estimators.py lists: {unknown}; if you trust "
            "them, add them to the `types` of the estimator."
        )


def _write_reproducibly(raw: Path, path: Path) -> None:
    """Copy a skops archive with counted ids instead of memory addresses, and a fixed time stamp."""
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w") as target:
        schema = source.read("schema.json").decode()
        count = {token: str(n) for n, token in enumerate(dict.fromkeys(re.findall(ID, schema)))}
        members = {"schema.json": re.sub(ID, lambda match: count[match[0]], schema).encode()}
        for name in source.namelist()[:-1]:  # the schema comes last
            stem, suffix = name.split(".")
            members[f"{count[stem]}.{suffix}"] = source.read(name)
        for name, content in members.items():
            target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def load(folder: Path) -> Model:
    """Return the model that `save` wrote; only the types of `TRUSTED` are built."""
    path = folder / "model.skops"
    if not path.exists():
        raise UserError(f"{folder} holds no model.skops: run `train` first.")
    _check_types(path, path)
    try:
        return skops.io.load(path, trusted=TRUSTED)
    except ModuleNotFoundError as error:
        way = f"`uv sync --group {error.name}` adds it"
        raise UserError(f"{path} needs {error.name}, which is not installed: {way}.") from None


def lineage(config: Config) -> dict[str, Path]:
    """Return the runs that a model comes from, by the setting that names each: none."""
    return {}
