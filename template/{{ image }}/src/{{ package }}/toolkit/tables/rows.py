"""The rows of a set of pictures: found, decoded once, checked, with their labels encoded."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..images.duplicates import grouped
from ..images.files import listed, located
from ..images.packed import EXAMPLES, pack
from ..images.prepared import prepare
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

SHOWN = 3  # broken files that an error names


def load_rows(config: BaseConfig) -> Rows:
    """Return every usable picture of data.path that has a label.

    `inputs` holds `image`, what the model reads, `file`, where it came from, and the properties.
    """
    settings, source = config.data, config.data.path
    told: list[str] = []
    raw = listed(source, config.paths.processed, settings, told)
    check_names(raw.columns, [(key, getattr(settings, key)) for key in settings.NAMES], source)
    labelled = raw[raw[settings.target].notna()]
    if labelled.empty:
        raise UserError(f"{source}: no picture has a label, which is the name of its folder.")
    made = _prepared(labelled[settings.image], source, config)
    sound = (made["reason"] == "").to_numpy()
    left_out = _left_out(made[~sound], len(made), config)
    table, made = labelled[sound].reset_index(drop=True), made[sound].reset_index(drop=True)
    label = pd.Series(keys_of(cells_of(table, settings.target)), name=settings.target, dtype="str")
    columns, known = validate(made[[*NAMES]].assign(label=label), config, {"label"}, [])
    targets, labels = encode(label, config)
    ids = np.array([int(digits, 16) for digits in made["id"]], np.uint64)
    alike = grouped(ids, made["look"].tolist())
    keys, relatives = ids, alike
    if settings.group is not None:
        keys = relatives = pd.util.hash_array(keys_of(cells_of(table, settings.group)))
    compared = pd.DataFrame({"id": ids, "near": alike, "label": label, "shown": made["file"]})
    facts = {
        "files": {source.as_posix(): {"sha256": _digest(made), "rows": len(raw)}},
        "columns": [column.model_dump() for column in columns],
        "rows_without_target": len(raw) - len(labelled),
        "left_out": len(labelled) - len(table),
        "notes": told + left_out + notes(compared, "pictures"),
    }
    image = Column(name="image", kind="image", size=settings.size)
    schema = Schema(target=settings.target, labels=labels, columns=[image], properties=columns)
    return Rows(
        made[["image", "file"]].join(known), targets, ids, keys, relatives, None, schema, facts
    )


def load_new(path: Path, columns: list[Column], config: BaseConfig) -> pd.DataFrame:
    """Return new pictures and their properties, but no broken ones; UserError if none is there."""
    raw = listed(path, config.paths.processed, config.data)
    check_names(raw.columns, [("image", config.data.image)], path)
    made = _prepared(raw[config.data.image], path, config)
    sound = made[made["reason"] == ""].reset_index(drop=True)
    if len(sound) < len(made):
        say("monitor", f"no usable picture in {len(made) - len(sound):,} of {len(made):,} files")
    return sound[["image"]].join(canonical(sound, columns, str(path)))


def to_json_rows(inputs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a few rows that a client in any language can read from JSON."""
    return [{"image": pack(file, row)} for row, file in enumerate(inputs["image"][:EXAMPLES])]


def _prepared(images: pd.Series, source: Path, config: BaseConfig) -> pd.DataFrame:
    files = [located(str(image), source) for image in images.fillna("")]
    made = prepare(files, config.data.size, config.paths.processed)
    return made.assign(file=[Path(file).as_posix() for file in files])


def _left_out(broken: pd.DataFrame, rows: int, config: BaseConfig) -> list[str]:
    """Say which files are no pictures; UserError unless they may be left out."""
    if broken.empty:
        return []
    named = "; ".join(f"{row.file} {row.reason}" for row in broken.head(SHOWN).itertuples())
    more = "; …" if len(broken) > SHOWN else ""
    text = f"no usable picture in {len(broken):,} of {rows:,} files: {named}{more}."
    if not config.data.skip_broken:
        raise UserError(f"{text} Mend them, or leave them out: --data.skip_broken true.")
    return [f"left out: {text}"]


def _digest(made: pd.DataFrame) -> str:
    """Name a set of pictures by their bytes, wherever they lie."""
    return hashlib.sha256("".join(sorted(made["sha256"])).encode()).hexdigest()
