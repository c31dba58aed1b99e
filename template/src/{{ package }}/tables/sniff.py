"""Open a delimited file, zipped or not, and tell its encoding, delimiter and header."""

import codecs
import csv
import gzip
import io
import zipfile
from pathlib import Path
from typing import IO


def sniff(path: Path) -> tuple[str, str, list[str]]:
    """Return encoding, delimiter and header of a delimited file."""
    with opened(path) as file:
        start = file.read(1 << 16)
        file.seek(0)
        utf16 = start[:2] in (b"\xff\xfe", b"\xfe\xff")
        utf8 = not utf16 and _is_utf8(file)
    encoding = "utf-16" if utf16 else "utf-8-sig" if utf8 else "cp1252"
    text = io.StringIO(start.decode(encoding, errors="ignore"), newline=None)
    delimiter = max(",;\t|", key=text.readline().count)
    text.seek(0)
    return encoding, delimiter, next(csv.reader(text, delimiter=delimiter), [])


def _is_utf8(file: IO[bytes] | gzip.GzipFile) -> bool:
    """Read all of a file: its only accent, or a NUL, may be in the last row."""
    decoder, utf8 = codecs.getincrementaldecoder("utf-8")(), True
    while block := file.read(1 << 20):
        if b"\0" in block:
            raise ValueError("it holds NUL bytes, so it is not a text file")
        utf8 = utf8 and _decodes(decoder, block)
    return utf8 and _decodes(decoder, b"")


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    try:
        decoder.decode(block, final=not block)
    except UnicodeDecodeError:
        return False
    return True


def opened(path: Path) -> IO[bytes] | gzip.GzipFile:
    """Open a file, or what a .gz or .zip of one file holds; ValueError if it holds others."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path)
    if path.suffix.lower() != ".zip":
        return path.open("rb")
    archive = zipfile.ZipFile(path)
    inside = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
    files = [name for name in inside if not name.endswith("/")]
    if len(files) != 1:
        raise ValueError(f"it must hold one file, and holds {files[:5]}")
    return archive.open(files[0])
