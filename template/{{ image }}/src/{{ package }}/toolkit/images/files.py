"""Which pictures there are: in a folder, a .zip of one, or a table that names them."""

import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from ..runs import UserError, replacing, sha256
from ..tables.files import frame

SURROGATE = re.compile("[\ud800-\udfff]")  # what Python makes of bytes that are no text
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
SMALL = 100_000_000  # bytes that a .zip may always unpack to ...
SWELL = 20  # ... and this many times its own size: pictures hardly shrink


def listed(
    path: Path, scratch: Path, settings: Any = None, notes: list[str] | None = None
) -> pd.DataFrame:
    """Return a row a picture: its `image`, a path, and `label`, the folder it lies in.

    A table keeps its own columns; its paths count from where it lies. A .zip is unpacked into
    `scratch`. `settings` and `notes` are those of `frame`. UserError if there is no picture.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file; set data.path to a folder, a .zip or a table.")
    if path.is_dir():
        return _folder(path, path)
    if path.suffix.lower() == ".zip":
        return _folder(unpack(path, scratch), path)
    return frame(path, [""], settings, notes)


def located(image: str, path: Path) -> str:
    """Return where a picture of the table at `path` lies; those of a folder lie where they say."""
    return image if path.is_dir() or path.suffix.lower() == ".zip" else str(path.parent / image)


def _folder(folder: Path, source: Path) -> pd.DataFrame:
    root = _root(folder)
    found = sorted(path.relative_to(root) for path in root.rglob("*") if _is_picture(path, root))
    if not found:
        raise UserError(f"{source}: holds no picture ({', '.join(SUFFIXES)}).")
    if unreadable := [path for path in found if SURROGATE.search(str(path))]:
        raise UserError(f"{source}: {str(unreadable[0])!a} is no name in UTF-8: rename the file.")
    labels = [path.parts[0] if len(path.parts) > 1 else None for path in found]
    return pd.DataFrame({"image": [(root / path).as_posix() for path in found], "label": labels})


def _root(folder: Path) -> Path:
    """Step into a folder that is all there is, as archives often have one."""
    inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__"))]
    return _root(inside[0]) if len(inside) == 1 and inside[0].is_dir() else folder


def _is_picture(path: Path, root: Path) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.relative_to(root).parts)
    return not hidden and path.suffix.lower() in SUFFIXES and path.is_file()


def unpack(path: Path, scratch: Path) -> Path:
    """Return the folder to which the pictures of a .zip were unpacked, now or before."""
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
    """Return the pictures; UserError for what no honest archive of pictures holds."""
    members = [m for m in archive.infolist() if m.filename.lower().endswith(SUFFIXES)]
    for member in members:
        place = PurePosixPath(member.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or ":" in member.filename:
            raise UserError(f"{path}: {member.filename!r} leads out of the archive; mend it.")
    total = sum(member.file_size for member in members)
    if total > max(SMALL, SWELL * path.stat().st_size):
        raise UserError(
            f"{path}: would unpack to {total:,} bytes, so it is no archive of pictures."
        )
    return members
