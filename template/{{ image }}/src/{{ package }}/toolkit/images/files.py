"""The files of a folder or of a .zip: which ones are images, and which are left out."""

import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePosixPath, PureWindowsPath

import pandas as pd
from PIL import Image

from ..runs import UserError, replacing, sha256
from .pixels import FORMATS

SURROGATE = re.compile("[\ud800-\udfff]")  # in a file name that is not UTF-8
SYSTEM = re.compile(r"\._.*|\.DS_Store|__MACOSX|@eaDir|Thumbs\.db|desktop\.ini", re.IGNORECASE)
LIST = re.compile(r"metadata\.(csv|jsonl|parquet)|.*annotations.*\.json", re.IGNORECASE)
MAX_NAMED = 3  # files that a note names
SMALL = 100_000_000  # bytes that a .zip may always unpack to, or else ...
MAX_RATIO = 20  # ... this many times its own size: images hardly compress

# Reasons why an entry of a folder is not an image, worded to follow "left out".
NO_IMAGE = "files that can't be read as images"
HIDDEN = "hidden files or folders"
EMPTY = "empty folders"
LOOP = "links to a folder that holds them"
SPECIAL = "entries that are neither file nor folder"
LISTING = "lists of images that are not used"


def walk(folder: Path) -> pd.DataFrame:
    """Return a row per entry of a folder: `file`, its path in it, and `reason`, "" for an image.

    Files that operating systems add are not among them. Links are followed. UserError if a name is
    not UTF-8, or a folder can't be read.
    """
    found = pd.DataFrame([*_entries(str(folder), ())], columns=["file", "reason"], dtype="str")
    inside = found["file"].str.slice(len(os.path.join(folder, "")))  # noqa: PTH118
    found["file"] = inside.str.replace(os.sep, "/", regex=False)
    return found.sort_values("file", ignore_index=True)


def _entries(folder: str, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield path and reason of what is in a folder, which was reached through those `above`."""
    above = (*above, os.path.realpath(folder))
    try:
        entries = [entry for entry in os.scandir(folder) if not SYSTEM.fullmatch(entry.name)]
    except OSError as error:
        raise UserError(
            f"{folder}: can't be read ({error.strerror}): make it readable, or move it elsewhere."
        ) from None
    if not entries:
        yield folder, EMPTY
    for entry in entries:
        reason = _reason(entry, above)
        if reason is None:
            yield from _entries(entry.path, above)
        else:
            yield entry.path, reason


def _is_above(folder: str, others: tuple[str, ...]) -> bool:
    return any(f"{other}{os.sep}".startswith(f"{folder}{os.sep}") for other in others)


def _reason(entry: os.DirEntry[str], above: tuple[str, ...]) -> str | None:
    """Return why an entry is left out, "" for an image, None for a folder to enter."""
    if SURROGATE.search(entry.name):
        raise UserError(f"{above[-1]}: {entry.name!a} is not a valid UTF-8 name: rename the file.")
    if entry.name.startswith("."):
        return HIDDEN
    if entry.is_dir():
        is_loop = entry.is_symlink() and _is_above(os.path.realpath(entry.path), above)
        return LOOP if is_loop else None
    if not entry.is_file() and Path(entry.path).exists():
        return SPECIAL  # a pipe would block its reader
    if LIST.fullmatch(entry.name):
        return LISTING
    return "" if suffix(entry.name) in suffixes() or _is_image(entry.path) else NO_IMAGE


def suffix(name: str) -> str:
    """Return the suffix of a file, in lower case."""
    return PurePosixPath(name).suffix.lower()


@cache
def suffixes() -> frozenset[str]:
    """Return the suffixes of the formats that are decoded: such a file must be an image."""
    known = Image.registered_extensions()
    return frozenset(ending for ending, kind in known.items() if kind in FORMATS)


def _is_image(file: str) -> bool:
    """Return whether a file starts as an image, whatever its name."""
    formats = [name for name in FORMATS if Image.OPEN[name][1]]  # others accept any file
    try:
        with Image.open(file, formats=formats):
            return True
    except Image.DecompressionBombError:
        return True
    except Exception:  # Pillow's plugins raise anything
        return False


def notes(left_out: pd.DataFrame, source: Path) -> list[str]:
    """Return a sentence for each reason why some of the files of `source` are left out."""
    return [
        f"{source}: left out {reason}: {len(files):,} ({named(files)})."
        for reason, files in left_out.groupby("reason")
    ]


def named(files: pd.DataFrame) -> str:
    """Return the first names of files of one reason, or how many there are of each suffix."""
    if (files["reason"] == NO_IMAGE).all():
        counts = files["file"].map(suffix).value_counts()
        return ", ".join(f"{ending or 'no suffix'} {count:,}" for ending, count in counts.items())
    return ", ".join(files["file"].head(MAX_NAMED)) + ", …" * (len(files) > MAX_NAMED)


def unpack(path: Path, scratch: Path) -> Path:
    """Return the folder to which a .zip is unpacked, now or earlier."""
    target = scratch / f"{path.stem}-{sha256(path)[:16]}"
    if target.is_dir():
        return target
    try:
        with zipfile.ZipFile(path) as archive, replacing(target) as folder:
            folder.mkdir()
            for name, member in _members(archive, path).items():
                _write(archive, member, folder / name)
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError) as error:
        raise UserError(f"{path}: can't be unpacked ({error}); is it complete?") from None
    return target


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: Path) -> None:
    is_folder = member.filename.endswith(("/", "\\"))
    (file if is_folder else file.parent).mkdir(parents=True, exist_ok=True)
    if not is_folder:
        file.write_bytes(archive.read(member))


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name; UserError for unsafe paths and for a decompression bomb."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = _name(member)
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or PureWindowsPath(name).drive:
            raise UserError(f"{path}: {member.filename!r} points outside the archive: remove it.")
        if name in members:
            raise UserError(f"{path}: contains {name!r} twice: pack it again.")
        if not any(map(SYSTEM.fullmatch, parts)):
            members[name] = member
    total = sum(member.file_size for member in members.values())
    if total > max(SMALL, MAX_RATIO * path.stat().st_size):
        raise UserError(
            f"{path}: would unpack to {total:,} bytes, too many for an archive of images: "
            "unpack it yourself, and set data.path to the folder."
        )
    return members


def _name(member: zipfile.ZipInfo) -> str:
    """Return the path of a member: macOS does not declare its UTF-8, Windows may write \\."""
    name = member.filename
    if not member.flag_bits & 0x800:  # then zipfile has read it as code page 437
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")
