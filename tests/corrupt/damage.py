"""Ways to damage any delimited file: its bytes, its archive, its lines. Each takes the text."""

import gzip
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RESULT, SAME, REFUSED, EITHER = "a result", "the clean result", "an error message", "either"


@dataclass(frozen=True)
class Case:
    """A hostile input.

    make     writes it into an empty folder and returns data.path
    expects  RESULT, SAME (rows and kinds of columns of the clean input), REFUSED or EITHER
    says     what the message or a warning has to contain
    options  of the command, besides data.path and those of the kind of input
    slow     additional seconds that it may take
    """

    name: str
    make: Callable[[Path], Path]
    expects: str
    says: str = ""
    options: tuple[str, ...] = ()
    slow: int = 0


def written(content: bytes | str, name: str) -> Callable[[Path], Path]:
    """Return a function that writes a file of that name."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a .zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def cases(text: str, seed: int = 0) -> list[Case]:
    """Return the cases of a clean CSV file whose cells hold no comma."""
    clean = Case("clean", written(text, "a.csv"), RESULT)
    return [
        clean,
        *_encodings(text),
        *_bytes(text, seed),
        *_archives(text),
        *_lines(text),
        *_places(text),
    ]


def _encodings(text: str) -> list[Case]:
    return [
        Case("byte order mark", written(text.encode("utf-8-sig"), "a.csv"), SAME),
        Case("UTF-16", written(text.encode("utf-16"), "a.csv"), SAME),
        Case("UTF-16, big end", written(b"\xfe\xff" + text.encode("utf-16-be"), "a.csv"), SAME),
        Case("UTF-16 without mark", written(text.encode("utf-16-le"), "a.csv"), REFUSED, "a.csv"),
        Case("UTF-16, cut in a letter", written(text.encode("utf-16")[:-1], "a.csv"), EITHER),
        Case("UTF-32", written(text.encode("utf-32"), "a.csv"), REFUSED, "a.csv"),
        Case("Latin-1", written(text.replace("Bergen", "Zürich").encode("latin1"), "a.csv"), SAME),
    ]


def _bytes(text: str, seed: int) -> list[Case]:
    data, rng = text.encode(), np.random.default_rng(seed)
    found = [
        Case("empty", written(b"", "a.csv"), REFUSED, "a.csv"),
        Case("spaces alone", written(b"  \n\n  \n", "a.csv"), REFUSED, "a.csv"),
        Case("header alone", written(data.split(b"\n")[0] + b"\n", "a.csv"), REFUSED, "no rows"),
        Case("random bytes", written(rng.bytes(5000), "a.csv"), REFUSED, "a.csv"),
        Case("a NUL", written(data.replace(b"Bergen", b"Ber\0gen", 1), "a.csv"), REFUSED, "NUL"),
        Case("a NUL late", written(data * 40 + b"\0", "a.csv"), REFUSED, "NUL"),
        Case("zeroed end", written(data[:-400] + b"\0" * 400, "a.csv"), REFUSED, "NUL"),
        Case("a page of HTML", written(b"<!DOCTYPE html><p>Error 404</p>\n", "a.csv"), REFUSED),
        Case("a PDF", written(b"%PDF-1.7\n1 0 obj\n<< >>\n" + rng.bytes(999), "a.csv"), REFUSED),
        Case("invalid UTF-8", written(data.replace(b"Bergen", b"Ber\xffgen"), "a.csv"), EITHER),
    ]
    for share in (0.05, 0.37, 0.62, 0.93):
        cut = data[: int(len(data) * share)]
        found.append(Case(f"cut at {share:.0%}", written(cut, "a.csv"), EITHER))
    for number in range(6):
        flipped = np.frombuffer(data, np.uint8).copy()
        places = rng.integers(0, len(data), 20)
        flipped[places] ^= rng.integers(1, 255, 20).astype(np.uint8)
        found.append(Case(f"flipped bits {number}", written(flipped.tobytes(), "a.csv"), EITHER))
    return found


def _archives(text: str) -> list[Case]:
    data = text.encode()
    sheet = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}
    two = {"b.csv": data, "c.csv": b"x\n1\n"}
    folders = {"a/": b"", "a/b.csv": data, "__MACOSX/a/._b.csv": b"\0\5\26\7"}
    locked = bytearray(zipped({"b.csv": data}))
    locked[6] |= 1  # the flag of a password, here ...
    locked[locked.index(b"PK\1\2") + 8] |= 1  # ... and in the directory
    return [
        Case("zipped", written(zipped({"b.csv": data}), "a.csv.zip"), SAME),
        Case("zipped, in a folder", written(zipped(folders), "a.zip"), SAME),
        Case("gzipped", written(gzip.compress(data), "a.csv.gz"), SAME),
        Case("gzip, cut", written(gzip.compress(data)[:-300], "a.csv.gz"), REFUSED, "a.csv.gz"),
        Case("gzip, torn", written(gzip.compress(data)[:-4], "a.csv.gz"), REFUSED, "a.csv.gz"),
        Case("no gzip", written(data, "a.csv.gz"), REFUSED, "a.csv.gz"),
        Case("zip, cut", written(zipped({"b.csv": data})[:-90], "a.zip"), REFUSED, "a.zip"),
        Case("zip of nothing", written(zipped({}), "a.zip"), REFUSED, "a.zip"),
        Case("zip of two files", written(zipped(two), "a.zip"), REFUSED, "a.zip"),
        Case("zip with a password", written(bytes(locked), "a.zip"), REFUSED, "a.zip"),
        Case("zip called .csv", written(zipped({"b.csv": data}), "a.csv"), REFUSED, "a.csv"),
        Case("gzip called .csv", written(gzip.compress(data), "a.csv"), REFUSED, "a.csv"),
        Case("Excel called .csv", written(zipped(sheet), "a.csv"), REFUSED, "a.csv"),
        Case("CSV called .parquet", written(data, "a.parquet"), REFUSED, "a.parquet"),
        Case("CSV called .jsonl", written(data, "a.jsonl"), REFUSED, "a.jsonl"),
        Case("a broken workbook", written(zipped(sheet), "a.xlsx"), REFUSED, "a.xlsx"),
        Case("CSV called .xlsx", written(data, "a.xlsx"), REFUSED, "a.xlsx"),
    ]


def _lines(text: str) -> list[Case]:
    head, *rows = text.splitlines()
    names = head.split(",")
    middle = len(rows) // 2

    def put(at: int, line: str) -> str:
        return "\n".join([head, *rows[:at], line, *rows[at:]]) + "\n"

    twice = ",".join([*names[:-1], names[0]])
    return [
        *(
            Case(f"delimiter {sign!r}", written(text.replace(",", sign), "a.csv"), SAME)
            for sign in ";\t|"
        ),
        Case("an unknown delimiter", written(text.replace(",", "^"), "a.csv"), REFUSED, "a.csv"),
        Case("Windows' line ends", written(text.replace("\n", "\r\n"), "a.csv"), SAME),
        Case("old Mac's line ends", written(text.replace("\n", "\r"), "a.csv"), SAME),
        Case("blank lines", written(text.replace("\n", "\n\n"), "a.csv"), SAME),
        Case("no line end at last", written(text.rstrip("\n"), "a.csv"), SAME),
        Case("a cell too many", written(put(middle, rows[0] + ",9"), "a.csv"), REFUSED, "a.csv"),
        Case("a cell too few", written(put(middle, rows[0].rpartition(",")[0]), "a.csv"), REFUSED,
             "a.csv"),
        Case("a quote left open", written(put(middle, '"' + rows[0]), "a.csv"), REFUSED, "a.csv"),
        Case("commas at each end", written(text.replace("\n", ",\n"), "a.csv"), RESULT),
        Case("a title above", written("Report of May\n\n" + text, "a.csv"), SAME, "left out"),
        Case("no header", written("\n".join(rows) + "\n", "a.csv"), REFUSED),
        Case("a name twice", written("\n".join([twice, *rows]), "a.csv"), REFUSED, "twice"),
        Case("the header again", written(put(middle, head), "a.csv"), EITHER),
        Case("spaces in the header", written("\n".join([head.replace(",", " , "), *rows]), "a.csv"),
             EITHER),
        Case("a cell of 300 KB", written(put(middle, rows[0].replace("Bergen", "x" * 300_000)),
                                       "a.csv"), EITHER),
    ]  # fmt: skip


def _places(text: str) -> list[Case]:
    def folder(place: Path) -> Path:
        (place / "a.csv").mkdir()
        return place / "a.csv"

    def dangling(place: Path) -> Path:
        (place / "a.csv").symlink_to(place / "gone.csv")
        return place / "a.csv"

    return [
        Case("an unusual name", written(text, "a b'c\"d $(e) [f] ü;.csv"), SAME),
        Case("a name in capitals", written(text, "A.CSV"), SAME),
        Case("no suffix", written(text, "a"), REFUSED),
        Case("a folder called .csv", folder, REFUSED),
        Case("a link to nothing", dangling, REFUSED, "no such file"),
        Case("nothing", lambda place: place / "a.csv", REFUSED, "no such file"),
    ]
