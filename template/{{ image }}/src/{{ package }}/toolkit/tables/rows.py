"""The rows of a set of images: found, decoded once, validated, with their labels encoded."""

import hashlib
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..images import files
from ..images.duplicates import grouped
from ..images.layouts import Listing, listed
from ..images.packed import EXAMPLES, pack
from ..images.prepared import INDEX, SHALLOW, prepare, remarks
from ..images.properties import NAMES
from ..runs import UserError, say
from ..settings.data import Data
from .cells import Column
from .files import check_names
from .repeats import notes as repeats
from .schema import Schema, canonical, cells_of
from .schema import keys as keys_of
from .schema import labels as labels_of
from .split import PARTS, Rows
from .target import encode
from .validate import validate

MAX_NAMED = 3  # broken files that an error names


def load_rows(config: BaseConfig) -> Rows:
    """Return every usable image of data.path that has a label.

    `inputs` has the columns `image`, the file that the model reads, `file`, the original, and the
    properties.
    """
    settings, source = config.data, config.data.path
    notes: list[str] = []
    found = listed(source, config.paths.processed, settings, notes)
    labelled = _labelled(found, settings, notes)
    names = labelled["file"].tolist()
    prepared = _prepared(names, settings, config.paths.processed).assign(file=names)
    labelled["reason"] = prepared["reason"]
    notes += _left_out(labelled, found.left_out, settings)
    usable = (labelled["reason"] == "").to_numpy()
    table = labelled[usable].reset_index(drop=True)
    prepared = prepared[usable].reset_index(drop=True)
    deepest = int(prepared["bits"].max())
    bits = None if deepest == SHALLOW else deepest
    label = table["label"].rename(settings.target)
    columns, properties = validate(prepared[[*NAMES]].assign(label=label), config, {"label"}, [])
    targets, labels = encode(label, config)
    ids, near = _numbers(prepared["id"]), _near(tuple(prepared["id"]), tuple(prepared["look"]))
    keys, relatives = ids, near
    if settings.group is not None:
        keys = relatives = pd.util.hash_array(table["group"].to_numpy(object))
    known = table.assign(id=ids, near=near, name=table["file"])
    given = None if found.splits is None else _given(known, settings, notes)
    facts = {
        "files": {source.as_posix(): {"sha256": _digest(prepared), "rows": len(found.rows)}},
        "columns": [column.model_dump() for column in columns],
        "rows_without_target": len(found.rows) - len(labelled),
        "left_out": len(found.left_out) + len(labelled) - len(table),
        "notes": notes + remarks(prepared) + repeats(known, "images"),
    }
    columns = [column.model_copy(update={"bits": bits}) for column in columns]
    image = Column(name="image", kind="image", size=settings.size, bits=bits)
    schema = Schema(target=settings.target, labels=labels, columns=[image], properties=columns)
    inputs = prepared[["image"]].assign(file=table["file"]).join(properties)
    return Rows(inputs, targets, ids, keys, relatives, None, schema, facts, given)


def load_new(path: Path, columns: list[Column], config: BaseConfig) -> pd.DataFrame:
    """Return new images and their properties, without broken ones; UserError if there are none."""
    notes: list[str] = []
    found = listed(path, config.paths.processed, config.data, notes)
    for note in notes + files.notes(found.left_out, path):
        say("warning", note)
    names = found.rows[config.data.image].tolist()
    bits = max((column.bits for column in columns if column.bits is not None), default=16)
    prepared = prepare(names, config.data.size, config.paths.processed, bits)
    usable = prepared[prepared["reason"] == ""].reset_index(drop=True)
    if broken := len(prepared) - len(usable):
        say("monitor", f"no usable image in {broken:,} of {len(prepared):,} files")
    return usable[["image"]].join(canonical(usable, columns, str(path)))


def to_json_rows(inputs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the first rows in a form that a client in any language can read from JSON."""
    return [{"image": pack(file, row)} for row, file in enumerate(inputs["image"][:EXAMPLES])]


def _prepared(files: list[str], settings: Data, folder: Path) -> pd.DataFrame:
    """Return `prepare` of files; of the same files again, if none of them has changed."""
    if not (folder / INDEX).exists():  # nor are the copies, perhaps
        _once.cache_clear()
    return _once(tuple(files), tuple(map(_state, files)), settings.size, folder, settings.bits)


def _state(file: str) -> tuple[int, ...]:
    """Return what changes with the content of a file; () if it can't be read."""
    try:
        found = os.stat(file)  # noqa: PTH116 - a Path of each takes as long again
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@lru_cache(maxsize=1)  # every stage of a `run` loads the rows
def _once(
    files: tuple[str, ...],
    states: tuple[tuple[int, ...], ...],
    size: int,
    folder: Path,
    bits: int | None,
) -> pd.DataFrame:
    return prepare([*files], size, folder, bits)


@lru_cache(maxsize=1)
def _near(ids: tuple[str, ...], looks: tuple[bytes, ...]) -> np.ndarray:
    return grouped(_numbers(ids), [*looks])


def _numbers(ids: Iterable[str]) -> np.ndarray:
    return np.array([int(digits, 16) for digits in ids], np.uint64)


def _labelled(found: Listing, settings: Data, notes: list[str]) -> pd.DataFrame:
    """Return `file`, `label`, `split` and `group` of the rows that have a label, as texts."""
    rows, source = found.rows, settings.path
    check_names(rows.columns, [(key, getattr(settings, key)) for key in settings.NAMES], source)
    table = rows[[settings.image]].rename(columns={settings.image: "file"})
    table["label"] = rows[settings.target]
    if found.is_table:
        texts = pd.Series(labels_of(rows, settings.target, source), rows.index, dtype="str")
        table["label"] = texts.mask(texts == "")
    table["split"] = "train" if found.splits is None else found.splits
    if settings.group is not None:
        table["group"] = keys_of(cells_of(rows, settings.group))
    is_outside = table["split"] == ""
    table["reason"] = np.where(is_outside, "images outside of the splits", "images without a label")
    has_label = table["label"].notna() & ~is_outside
    notes += files.notes(table[~has_label], source)
    if not has_label.any():
        raise UserError(
            f"{source}: no image has a label; put the images of each of at least two classes into "
            "a folder of its name, or list them in metadata.csv, with the columns file_name and "
            "label."
        )
    return table[has_label].reset_index(drop=True)


def _left_out(labelled: pd.DataFrame, others: pd.DataFrame, settings: Data) -> list[str]:
    """Return notes on files left out; UserError unless they may be, or if a class would be lost."""
    broken, source = labelled[labelled["reason"] != ""], settings.path
    named = "; ".join(
        f"{row.file} {row.reason}".strip() for row in broken.head(MAX_NAMED).itertuples()
    )
    more = f"; and {len(broken) - MAX_NAMED:,} more" if len(broken) > MAX_NAMED else ""
    text = f"no usable image in {len(broken):,} of {len(labelled):,} files: {named}{more}."
    if len(broken) and not settings.skip_broken:
        raise UserError(f"{text} Fix them, or leave them out: --data.skip_broken true.")
    unread = others[(others["reason"] == files.NO_IMAGE) & others["label"].notna()]
    unusable = pd.concat([broken, unread])
    lost = unusable[~unusable["label"].isin(labelled.loc[labelled["reason"] == "", "label"])]
    if len(lost):
        label = lost["label"].iloc[0]
        files_of = lost[lost["label"] == label]
        raise UserError(
            f"{source}: class {label!r} would be lost, since none of its {len(files_of):,} files "
            f"can be read as an image ({files.named(files_of)}): convert or remove them."
        )
    return files.notes(others, source) + [f"left out: {text}"] * (len(broken) > 0)


def _given(table: pd.DataFrame, settings: Data, notes: list[str]) -> np.ndarray | None:
    """Return the splits that the folders are; `notes` says which, and what of them overlaps.

    UserError if a group is in several splits.
    """
    source, counts = settings.path, table["split"].value_counts()
    sizes = ", ".join(f"{counts[part]:,} {part}" for part in PARTS if part in counts)
    if settings.splits == "random":
        notes.append(f"{source}: its splits ({sizes}) are joined, and split again at random.")
        return None
    drawn = [part for part in PARTS if part not in counts]
    verb = "is" if len(drawn) == 1 else "are"
    more = f"; {' and '.join(drawn)} {verb} drawn from train" if drawn else ""
    notes.append(f"{source}: its folders are the splits: {sizes}{more}; see data.splits.")
    rank = table["split"].map(PARTS.index)
    is_later = {
        key: rank > rank.groupby(table[key]).transform("min")
        for key in ("id", "near", *(["group"] if settings.group else []))
    }
    if settings.group and is_later["group"].any():
        group = table.loc[is_later["group"], "group"].iloc[0]
        raise UserError(
            f"data.group: {group!r} of {settings.group!r} is in several folders of splits: move "
            "its images into one, or draw new splits: --data.splits random."
        )
    again = table[is_later["id"]].assign(reason="images that an earlier split holds too")
    notes += files.notes(again, source)
    close = table[is_later["near"] & ~is_later["id"]]
    if len(close):
        notes.append(
            f"{source}: {len(close):,} images are nearly the same as one of an earlier split, such "
            f"as {close['file'].iloc[0]}: scores may be too good; see data.splits."
        )
    return table["split"].to_numpy(object)


def _digest(prepared: pd.DataFrame) -> str:
    """Return the hash of a set of images, whatever their paths."""
    return hashlib.sha256("".join(sorted(prepared["sha256"])).encode()).hexdigest()
