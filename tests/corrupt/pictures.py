"""Hostile pictures: files that lie, folders and archives that hold what they should not."""

import io
import os
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import damage
import numpy as np
from damage import EITHER, REFUSED, RESULT, SAME, Case, written, zipped
from PIL import Image

TARGET = "label"
OPTIONS = ("--data.size", "16")
EACH = 30  # pictures of a class


@cache
def clean() -> dict[str, bytes]:
    """Return the pictures of two classes, one brighter than the other."""
    rng = np.random.default_rng(0)
    found = {}
    for number, kind in enumerate(("Bergen", "Oslo")):
        for row in range(EACH):
            grain = rng.integers(0, 160, (5, 7, 3), np.uint8) + np.uint8(60 * number)
            image = Image.fromarray(grain).resize((35, 25), Image.Resampling.BICUBIC)
            found[f"{kind}/{row}.png"] = _stored(image)
    return found


def cases(_: bool) -> list[Case]:
    """Return the cases."""
    text = "image,town,label\n" + "".join(
        f"p/{name},{name[:4]},{name.partition('/')[0]}\n" for name in clean()
    )
    archives = {"zip", "gzip"}
    tables = [case for case in damage.cases(text) if case.name.split(",")[0].split()[0]
              not in {*archives, "zipped", "Excel"}]  # fmt: skip
    listed = [replace(case, name=f"table: {case.name}", make=_with_images(case)) for case in tables]
    listed = [replace(case, expects=EITHER) if "Latin" in case.name else case for case in listed]
    return [*_folders(), *_files(), *_zips(), *listed, *_tables(text)]


def _stored(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _folder(files: Mapping[str, bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        for name, content in files.items():
            path = folder / "set" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (folder / "set").mkdir(exist_ok=True)
        return folder / "set"

    return make


def _with_images(case: Case) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        _folder(clean())(folder).rename(folder / "p")
        return case.make(folder)

    return make


def _files() -> list[Case]:
    """Return the cases of one invalid or unusual file among valid pictures."""
    intact = clean()["Oslo/0.png"]
    noise = np.random.default_rng(1).integers(0, 255, (40, 40, 3), np.uint8)
    photo = _stored(Image.fromarray(noise), "JPEG")
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    film = _stored(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    vector = b'<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'
    broken = {
        "a text": b"hello",
        "of no bytes": b"",
        "cut": intact[: len(intact) // 2],
        "a cut JPEG": photo[: len(photo) // 2],
        "a bomb": _bomb(20_000, 20_000),
        "of no size": _bomb(0, 0),
        "a drawing": vector,
        "of one pixel": _stored(Image.new("RGB", (1, 1))),
        "zeroes": bytes(3000),
        "random": np.random.default_rng(2).bytes(3000),
        "a header alone": intact[:33],
        "with a wrong sum": intact[:50] + bytes([intact[50] ^ 255]) + intact[51:],
    }
    sound = {
        "a JPEG called .png": photo,
        "a bitmap called .png": _stored(Image.fromarray(noise), "BMP"),
        "grey": _stored(Image.fromarray(noise[..., 0])),
        "of 16 bits": _stored(Image.fromarray(noise[..., 0].astype(np.uint16) * 256)),
        "of one bit": _stored(Image.fromarray(noise[..., 0] > 128)),
        "of a palette": _stored(Image.fromarray(noise).convert("P")),
        "transparent": _stored(Image.fromarray(noise).convert("RGBA")),
        "CMYK": _stored(Image.fromarray(noise).convert("CMYK"), "JPEG"),
        "long and thin": _stored(Image.new("RGB", (4000, 4))),
        "a bitmap": _stored(Image.fromarray(noise), "BMP"),
        "an animation": film,
        "with rubbish behind": intact + b"rubbish" * 99,
    }

    def put(content: bytes) -> Callable[[Path], Path]:
        return _folder(clean() | {"Oslo/bad.png": content})

    skip = ("--data.skip_broken", "true")
    return [
        *(Case(f"a file {name}", put(data), REFUSED, "bad.png") for name, data in broken.items()),
        *(Case(f"a file {name}, left out", put(data), RESULT, "left out", skip)
          for name, data in broken.items()),
        *(Case(f"a file {name}", put(data), RESULT) for name, data in sound.items()),
    ]  # fmt: skip


def _bomb(width: int, height: int) -> bytes:
    """Return a PNG of few bytes that says it is large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _folders() -> list[Case]:
    flat = {name.replace("/", "-"): content for name, content in clean().items()}
    one = {name: content for name, content in clean().items() if name.startswith("Oslo")}
    texts = {name.replace(".png", ".txt"): b"hello" for name in clean()}
    misnamed = {name.replace(".png", ".txt"): content for name, content in clean().items()}
    other = {**clean(), "Oslo/.hidden.png": b"x", "Oslo/Thumbs.db": b"x", "notes.txt": b"x"}
    same = dict.fromkeys(clean(), clean()["Oslo/0.png"])
    unusual = {name.replace("Oslo", 'a b\'c "d" $(e) ü'): data for name, data in clean().items()}
    few = {name: data for name, data in clean().items() if name[-5] in "12" and len(name) < 13}

    def looped(folder: Path) -> Path:
        path = _folder(clean())(folder)
        (path / "Oslo/again").symlink_to(path)
        return path

    def emptied(folder: Path) -> Path:
        path = _folder(clean())(folder)
        (path / "Turku").mkdir()
        return path

    def dangling(folder: Path) -> Path:
        path = _folder(clean())(folder)
        (path / "Oslo/gone.png").symlink_to(folder / "nowhere.png")
        return path

    def undecodable(folder: Path) -> Path:
        path = _folder(clean())(folder)
        Path(path, "Oslo", os.fsdecode(b"\xff.png")).write_bytes(clean()["Oslo/0.png"])
        return path

    return [
        Case("clean", _folder(clean()), RESULT),
        Case("an empty folder", _folder({}), REFUSED, "contains no images"),
        Case("one class", _folder(one), REFUSED),
        Case("no class", _folder(flat), REFUSED, "label"),
        Case("texts", _folder(texts), REFUSED, "only .txt 60"),
        Case("images that are named .txt", _folder(misnamed), SAME),
        Case("hidden files and notes", _folder(other), SAME),
        Case("a class without images", _folder({**clean(), "Turku/notes.txt": b""}), REFUSED,
             "Turku"),
        Case("an empty class", emptied, SAME, "empty folders: 1 (Turku)"),
        Case("a class of two", _folder({**clean(), **{f"Turku/{n}.png": clean()[f"Oslo/{n}.png"]
             for n in (1, 2)}}), REFUSED, "Turku"),
        Case("all the same picture", _folder(same), REFUSED),
        Case("few pictures", _folder(few), REFUSED),
        Case("unusual names", _folder(unusual), RESULT),
        Case("a name that is no text", undecodable, EITHER),
        Case("a link in a circle", looped, EITHER),
        Case("a link to nothing", dangling, EITHER),
        Case("a picture alone", written(clean()["Oslo/0.png"], "a.png"), REFUSED, "a.png"),
        Case("a folder that is gone", lambda folder: folder / "gone", REFUSED, "no such file"),
    ]  # fmt: skip


def _zips() -> list[Case]:
    archive = zipped(clean())
    data = clean()["Oslo/0.png"]
    return [
        Case("zip", written(archive, "a.zip"), SAME),
        Case("zip, cut", written(archive[: len(archive) // 2], "a.zip"), REFUSED, "a.zip"),
        Case("zip, torn", written(archive[:900] + bytes(400) + archive[1300:], "a.zip"), REFUSED,
             "a.zip"),
        Case("zip of nothing", written(zipped({}), "a.zip"), REFUSED, "a.zip"),
        Case("zip that leads out", written(zipped({**clean(), "../../x.png": data}), "a.zip"),
             REFUSED, "points outside"),
        Case("zip of a root", written(zipped({**clean(), "/tmp/x.png": data}), "a.zip"),
             REFUSED, "points outside"),
        Case("zip bomb", written(zipped({"a/1.png": bytes(150_000_000)}), "a.zip"), REFUSED,
             "unpack"),
        Case("zip, a file and folder of one name",
             written(zipped({**clean(), "Oslo/0.png/x.png": data}), "a.zip"), REFUSED, "a.zip"),
        Case("zip, a name too long", written(zipped({**clean(), f"{'n' * 300}.png": data}),
             "a.zip"), REFUSED, "a.zip"),
        Case("zip, a NUL in a name", written(zipped({**clean(), "a\0b.png": data}), "a.zip"),
             EITHER),
        Case("no zip", written(b"hello", "a.zip"), REFUSED, "a.zip"),
    ]  # fmt: skip


def _tables(text: str) -> list[Case]:
    found = {
        "files that are gone": (text.replace("Oslo/3.png", "Oslo/gone.png"), REFUSED),
        "paths that lead out": (text.replace("p/Oslo/3.png", "../../../etc/passwd"), REFUSED),
        "paths of no name": (text.replace("p/Oslo/3.png", ""), REFUSED),
        "labels that are missing": (text.replace("Oslo/3.png,Oslo,Oslo", "Oslo/3.png,Oslo,"),
                                    RESULT),
        "no image column": (text.replace("image,", "file,", 1), REFUSED),
        "one label": (text.replace(",Bergen\n", ",Oslo\n"), REFUSED),
        "numbers as labels": (text.replace(",Bergen\n", ",1\n").replace(",Oslo\n", ",\n", 3)
                              .replace(",Oslo\n", ",2\n"), RESULT),
        "each row twice": (text + text.partition("\n")[2], RESULT),
    }  # fmt: skip
    rows = [Case(f"table: {name}", written(each, "a.csv"), expects)
            for name, (each, expects) in found.items()]  # fmt: skip
    return [replace(case, make=_with_images(case)) for case in rows]
