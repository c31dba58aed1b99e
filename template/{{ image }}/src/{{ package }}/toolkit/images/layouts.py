"""What a set of images says by where its files are: their labels and their splits.

Labels are the names of folders, or are listed in a file: `metadata.csv`, `.jsonl` or `.parquet` as
Hugging Face's ImageFolder reads it, `annotations.json` as Create ML does.
"""

import posixpath
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..runs import UserError
from ..settings.data import Data
from ..tables.files import check_names, frame
from .files import EMPTY, LISTING, NO_IMAGE, named, suffix, suffixes, unpack, walk

PARTS = {  # the splits by the names of their folders
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
FILE_NAMES = ("file_name", "image", "filename", "imagefilename")  # columns of paths in a list
LABELS = ("label", "annotation", "annotations")  # columns of labels in annotations.json
UNLISTED = "images that are in no list"
USED = "a list that is used"


@dataclass(frozen=True)
class Listing:
    """The images of a data set, in a fixed order.

    rows      a row per image: `data.image`, its path; and `label` (missing outside of the folders
              of classes), or the columns of a table
    is_table  whether they are those of a table or a list
    splits    (rows,) "train", "val" or "test", "" outside of their folders; None without any
    left_out  a row per file that is left out: `file`, `reason`, and `label`, that of its folder
    """

    rows: pd.DataFrame
    is_table: bool
    splits: pd.Series | None
    left_out: pd.DataFrame


def listed(path: Path, scratch: Path, settings: Data, notes: list[str]) -> Listing:
    """Return the images of a folder, of a .zip, unpacked into `scratch`, or of a table; or one.

    The paths in a table are relative to it. `notes` gains a sentence for what may surprise.
    UserError if there are no images.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file; set data.path to a folder, a .zip or a table.")
    if path.is_dir():
        return _folder(path, path, settings, notes)
    if path.suffix.lower() == ".zip":
        return _folder(unpack(path, scratch), path, settings, notes)
    none = pd.DataFrame({"file": [], "reason": [], "label": []}, dtype="str")
    if suffix(path.name) in suffixes():
        row = pd.DataFrame({settings.image: [str(path)], "label": [None]})
        return Listing(row, False, None, none)
    rows = frame(path, [""], settings, notes)
    check_names(rows.columns, [("image", settings.image)], path)
    files = [_existing(path.parent, str(name)) for name in rows[settings.image].fillna("")]
    return Listing(rows.assign(**{settings.image: files}), True, None, none)


def _existing(folder: Path, name: str) -> str:
    """Return the path of a file, whose accents may be stored as letters of their own; "" for none.

    Tables written on Windows may have backslashes.
    """
    if not name:
        return ""
    if "\\" in name and not (folder / name).exists():
        name = name.replace("\\", "/")
    if not name.isascii() and not (folder / name).exists():
        forms = [unicodedata.normalize(form, name) for form in ("NFC", "NFD")]
        name = next((form for form in forms if (folder / form).exists()), name)
    return str(folder / name)


def _folder(folder: Path, source: Path, settings: Data, notes: list[str]) -> Listing:
    found = walk(folder)
    is_image = found["reason"] == ""
    if not is_image.any():
        held = found[found["reason"] == NO_IMAGE]
        raise UserError(f"{source}: contains no images{f', only {named(held)}' * (len(held) > 0)}.")
    root = _root(found)
    parts = _parts(found, root)
    found = found.join(_places(found["file"], root, parts))
    listed = _of_lists(found, root, folder, settings, notes)
    if listed is None:
        rows = found.loc[is_image, ["file", "label"]].rename(columns={"file": settings.image})
        _note_deep(found[is_image], source, notes)
        left_out = found[~is_image]
    else:
        rows, is_listed = listed, found["file"].isin(listed[settings.image])
        found["reason"] = found["reason"].mask(is_image & ~is_listed, UNLISTED)
        left_out = found[~is_listed & (found["reason"] != USED)].assign(label=None)
    rows = rows.reset_index(drop=True)
    files = rows[settings.image]
    paths = files.where(files == "", f"{folder.as_posix()}/" + files)
    rows = rows.assign(**{settings.image: paths})
    splits = _places(files, root, parts)["split"] if parts else None
    return Listing(rows, listed is not None, splits, left_out[["file", "reason", "label"]])


def _root(found: pd.DataFrame) -> str:
    """Return the folder that holds more than another folder, as archives often have one more."""
    root = ""
    while True:
        place = found["file"].str.slice(len(root)).str.partition("/")
        is_folder = (place[1] == "/") | (found["reason"] == EMPTY)
        folders = place.loc[is_folder, 0].unique()
        is_beside = ~is_folder & found["reason"].isin(["", LISTING])
        if len(folders) != 1 or is_beside.any():
            return root
        found = found[is_folder]
        root += f"{folders[0]}/"


def _parts(found: pd.DataFrame, root: str) -> dict[str, str]:
    """Return the splits by their folders, {} if the folders are classes.

    Those of a training set and of another one are splits if they have a class in common, or if
    there is nothing else and they can't be classes.
    """
    files = found[found["reason"].isin(["", NO_IMAGE])]
    place = files["file"].str.slice(len(root)).str.split("/", n=2, expand=True)
    place = place.reindex(columns=range(3))
    folders = place.loc[place[1].notna(), 0].unique()
    parts = {name: PARTS[name.casefold()] for name in folders if name.casefold() in PARTS}
    if "train" not in parts.values() or len({*parts.values()}) < 2:
        return {}
    inner = place[place[2].notna()]
    classes = inner[1].str.normalize("NFC").groupby(inner[0].map(parts)).agg(set)
    train = classes.pop("train") if "train" in classes else set()
    shared = any(train & names for names in classes)
    alone = {*folders} == {*parts} and (len(train) > 1 or (found["reason"] == LISTING).any())
    return parts if shared or alone else {}


def _places(files: pd.Series, root: str, parts: dict[str, str]) -> pd.DataFrame:
    """Return `split`, `label` (None outside of a class), and whether there are folders below it."""
    rest = files.str.removeprefix(root).where(files.str.startswith(root), "")  # or above the root
    split = pd.Series("", files.index, dtype="str")
    if parts:
        place = rest.str.partition("/")
        split = place[0].map(parts).where(place[1] == "/").fillna("")
        rest = place[2].where(split != "", "")
    place = rest.str.partition("/")
    label = place[0].str.normalize("NFC").where(place[1] == "/", None)
    return pd.DataFrame({"split": split, "label": label, "deep": place[2].str.contains("/")})


def _note_deep(images: pd.DataFrame, source: Path, notes: list[str]) -> None:
    deep = images[images["deep"] & images["label"].notna()]
    if len(deep):
        notes.append(
            f"{source}: {len(deep):,} images in folders below those of the classes have the label "
            f"of the upper folder: {deep['file'].iloc[0]} is {deep['label'].iloc[0]!r}."
        )


def _of_lists(
    found: pd.DataFrame, root: str, folder: Path, settings: Data, notes: list[str]
) -> pd.DataFrame | None:
    """Return the rows of lists beside or above the images of all classes, None without any.

    Their paths become those in `folder`; the reason of a list that is used becomes USED.
    """
    known = {unicodedata.normalize("NFC", file): file for file in found["file"]}
    parts = []
    for place, file in found.loc[found["reason"] == LISTING, "file"].items():
        if pd.notna(found["label"][place]):
            continue  # a file of a class
        table = _list(folder / file, settings, notes)
        if table is not None:
            found.loc[place, "reason"] = USED
            paths = (
                name and posixpath.normpath(f"{file}/../{name}") for name in table[settings.image]
            )
            names = [unicodedata.normalize("NFC", path) for path in paths]
            parts.append(table.assign(**{settings.image: [known.get(n, n) for n in names]}))
    if not parts:
        return None
    rows = pd.concat(parts, ignore_index=True)
    labels = rows[settings.image].map(found.set_index("file")["label"])
    if settings.target == "label" and "label" not in rows and labels.notna().any():
        notes.append("the labels are names of folders: no list of images has a column 'label'.")
        rows["label"] = labels
    return rows


def _list(path: Path, settings: Data, notes: list[str]) -> pd.DataFrame | None:
    """Return the rows of a list, None if it is a JSON file of another kind."""
    rows = frame(path, [""], settings, notes)
    name = next((name for name in FILE_NAMES if name in rows), None)
    if path.suffix.lower() == ".json":
        if name is None:
            return None
        target = next((each for each in (settings.target, *LABELS) if each in rows), None)
        if target is not None:
            rows[target if target == settings.target else "label"] = rows[target].map(_single)
    elif name is None:
        raise UserError(f"{path}: has no column 'file_name', the path of an image: add it.")
    return rows.assign(**{settings.image: rows[name].fillna("").astype("str")})


def _single(annotation: Any) -> Any:
    """Return the one label in an annotation of Create ML, whatever surrounds it."""
    several = annotation if isinstance(annotation, list) else [annotation]
    labels = [each.get("label") if isinstance(each, dict) else each for each in several]
    if not labels:
        return None
    return labels[0] if all(label == labels[0] for label in labels) else labels
