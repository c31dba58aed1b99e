"""The images of a folder, of a .zip, or of a table that names them."""

import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from ..runs import UserError, replacing, sha256
from ..tables.files import frame

SURROGATE = re.compile("[\ud800-\udfff]")  # in a file name that is not UTF-8
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
SMALL = 100_000_000  # bytes that a .zip may always unpack to, or else ...
MAX_RATIO = 20  # ... this many times its own size: images hardly compress


def listed(
    path: Path, scratch: Path, settings: Any = None, notes: list[str] | None = None
) -> pd.DataFrame:
    """Return a row per image: `image`, its path, and `label`, the name of its folder.

    A table keeps its own columns; its paths are relative to its folder. A .zip is unpacked into
    `scratch`. `settings` and `notes` are those of `frame`. UserError if there are no images.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file; set data.path to a folder, a .zip or a table.")
    if path.is_dir():
        return _folder(path, path)
    if path.suffix.lower() == ".zip":
        return _folder(unpack(path, scratch), path)
    return frame(path, [""], settings, notes)


def located(image: str, path: Path) -> str:
    """Return the path of an image; that of a table at `path` is relative to the table."""
    return image if path.is_dir() or path.suffix.lower() == ".zip" else str(path.parent / image)


def _folder(folder: Path, source: Path) -> pd.DataFrame:
    root = _root(folder)
    found = sorted(path.relative_to(root) for path in root.rglob("*") if _is_image(path, root))
    if not found:
        raise UserError(f"{source}: contains no images ({', '.join(SUFFIXES)}).")
    if unreadable := [path for path in found if SURROGATE.search(str(path))]:
        raise UserError(
            f"{source}: {str(unreadable[0])!a} is not a valid UTF-8 name: rename the file."
        )
    labels = [path.parts[0] if len(path.parts) > 1 else None for path in found]
    return pd.DataFrame({"image": [(root / path).as_posix() for path in found], "label": labels})


def _root(folder: Path) -> Path:
    """Descend into a folder that is the only entry, as is common in archives."""
    inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__"))]
    return _root(inside[0]) if len(inside) == 1 and inside[0].is_dir() else folder


def _is_image(path: Path, root: Path) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.relative_to(root).parts)
    return not hidden and path.suffix.lower() in SUFFIXES and path.is_file()


def unpack(path: Path, scratch: Path) -> Path:
    """Return the folder to which the images of a .zip are unpacked, now or earlier."""
    target = scratch / f"{path.stem}-{sha256(path)[:12]}"
    if target.is_dir():
        return target
    try:
        with zipfile.ZipFile(path) as archive, replacing(target) as folder:
            folder.mkdir()
            for member in _members(archive, path):
                file = folder / member.filename
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(archive.read(member))
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError) as error:
        raise UserError(f"{path}: can't be unpacked ({error}); is it complete?") from None
    return target


def _members(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    """Return the images; UserError for unsafe paths and for a decompression bomb."""
    members = [m for m in archive.infolist() if m.filename.lower().endswith(SUFFIXES)]
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in member.filename:
            raise UserError(f"{path}: {member.filename!r} points outside the archive: remove it.")
    total = sum(member.file_size for member in members)
    if total > max(SMALL, MAX_RATIO * path.stat().st_size):
        raise UserError(
            f"{path}: would unpack to {total:,} bytes, too many for an archive of images: "
            "unpack it yourself, and set data.path to the folder."
        )
    return members
