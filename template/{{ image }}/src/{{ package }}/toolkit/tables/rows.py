"""The rows of a set of images: found, decoded once, validated, with their labels encoded."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..images.duplicates import grouped
from ..images.files import listed, located
from ..images.packed import EXAMPLES, pack
from ..images.prepared import SHALLOW, prepare, remarks
from ..images.properties import NAMES
from ..runs import UserError, say
from .cells import Column
from .files import check_names
from .repeats import notes
from .schema import Schema, canonical, cells_of
from .schema import keys as keys_of
from .split import Rows
from .target import encode
from .validate import validate

MAX_NAMED = 3  # broken files that an error names


def load_rows(config: BaseConfig) -> Rows:
    """Return every usable image of data.path that has a label.

    `inputs` has the columns `image`, the file that the model reads, `file`, the original, and the
    properties.
    """
    settings, source = config.data, config.data.path
    read_notes: list[str] = []
    raw = listed(source, config.paths.processed, settings, read_notes)
    check_names(raw.columns, [(key, getattr(settings, key)) for key in settings.NAMES], source)
    labelled = raw[raw[settings.target].notna()]
    if labelled.empty:
        raise UserError(
            f"{source}: no image has a label; put the images of each into a folder of its name."
        )
    prepared = _prepared(labelled[settings.image], source, config, settings.bits)
    usable = (prepared["reason"] == "").to_numpy()
    left_out = _left_out(prepared[~usable], len(prepared), config)
    table = labelled[usable].reset_index(drop=True)
    prepared = prepared[usable].reset_index(drop=True)
    deepest = int(prepared["bits"].max())
    bits = None if deepest == SHALLOW else deepest
    label = pd.Series(keys_of(cells_of(table, settings.target)), name=settings.target, dtype="str")
    columns, properties = validate(prepared[[*NAMES]].assign(label=label), config, {"label"}, [])
    targets, labels = encode(label, config)
    ids = np.array([int(digits, 16) for digits in prepared["id"]], np.uint64)
    near = grouped(ids, prepared["look"].tolist())
    keys, relatives = ids, near
    if settings.group is not None:
        keys = relatives = pd.util.hash_array(keys_of(cells_of(table, settings.group)))
    files = pd.DataFrame({"id": ids, "near": near, "label": label, "name": prepared["file"]})
    facts = {
        "files": {source.as_posix(): {"sha256": _digest(prepared), "rows": len(raw)}},
        "columns": [column.model_dump() for column in columns],
        "rows_without_target": len(raw) - len(labelled),
        "left_out": len(labelled) - len(table),
        "notes": read_notes + left_out + remarks(prepared) + notes(files, "images"),
    }
    columns = [column.model_copy(update={"bits": bits}) for column in columns]
    image = Column(name="image", kind="image", size=settings.size, bits=bits)
    schema = Schema(target=settings.target, labels=labels, columns=[image], properties=columns)
    inputs = prepared[["image", "file"]].join(properties)
    return Rows(inputs, targets, ids, keys, relatives, None, schema, facts)


def load_new(path: Path, columns: list[Column], config: BaseConfig) -> pd.DataFrame:
    """Return new images and their properties, without broken ones; UserError if there are none."""
    raw = listed(path, config.paths.processed, config.data)
    check_names(raw.columns, [("image", config.data.image)], path)
    bits = max((column.bits for column in columns if column.bits is not None), default=16)
    prepared = _prepared(raw[config.data.image], path, config, bits)
    usable = prepared[prepared["reason"] == ""].reset_index(drop=True)
    if broken := len(prepared) - len(usable):
        say("monitor", f"no usable image in {broken:,} of {len(prepared):,} files")
    return usable[["image"]].join(canonical(usable, columns, str(path)))


def to_json_rows(inputs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the first rows in a form that a client in any language can read from JSON."""
    return [{"image": pack(file, row)} for row, file in enumerate(inputs["image"][:EXAMPLES])]


def _prepared(
    images: pd.Series, source: Path, config: BaseConfig, bits: int | None
) -> pd.DataFrame:
    files = [located(str(image), source) for image in images.fillna("")]
    prepared = prepare(files, config.data.size, config.paths.processed, bits)
    return prepared.assign(file=[Path(file).as_posix() for file in files])


def _left_out(broken: pd.DataFrame, rows: int, config: BaseConfig) -> list[str]:
    """Return a note about the broken files; UserError unless they may be left out."""
    if broken.empty:
        return []
    named = "; ".join(f"{row.file} {row.reason}" for row in broken.head(MAX_NAMED).itertuples())
    more = "; …" if len(broken) > MAX_NAMED else ""
    text = f"no usable image in {len(broken):,} of {rows:,} files: {named}{more}."
    if not config.data.skip_broken:
        raise UserError(f"{text} Fix them, or leave them out: --data.skip_broken true.")
    return [f"left out: {text}"]


def _digest(prepared: pd.DataFrame) -> str:
    """Return the hash of a set of images, whatever their paths."""
    return hashlib.sha256("".join(sorted(prepared["sha256"])).encode()).hexdigest()
