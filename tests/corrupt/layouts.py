"""Write random folders, archives and tables of images, and compare what is read with what is there.

    uv run --directory PROJECT python tests/corrupt/layouts.py [--sets 1000] [--first 0]

Each image has to be read with its own label, into its own split, or has to be named as left out,
in training as in `predict`; a class must not be lost. The sets are the same each time; exit code 1
and the first failures. `--sets 1 --first 34` shows the traceback of one.
"""

import argparse
import io
import json
import os
import posixpath
import re
import sys
import tempfile
import time
import traceback
import unicodedata
import warnings
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

(PACKAGE,) = [path.parent.name for path in Path().glob("src/*/cli.py")]
chunks, config, rows_of, runs, split = (
    import_module(f"{PACKAGE}.{name}")
    for name in (
        *("toolkit.batch.chunks", "config", "toolkit.tables.rows"),
        *("toolkit.runs", "toolkit.tables.split"),
    )
)
KINDS = {  # suffixes by format
    "PNG": (".png", ".PNG", ".apng"),
    "JPEG": (".jpg", ".JPG", ".jpeg", ".jfif", ".jpe"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp", ".BMP"),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm",),
    "AVIF": (".avif",),
    "JPEG2000": (".jp2",),
}
UNKNOWN = ("", ".jpg_large", ".img", ".0")  # suffixes that say nothing
LABELS = (
    *("007", "010", "7", "1e3", "TRUE", "False", "None", "nan", "NA", "null", "-1", "1.0", "0x1f"),
    *("a b", " cat", "dog ", "café", "日本", "a,b", 'q"t', "it's", "[x]", "__other", "x.y", "ß"),
    *("train", "test", "image", "label", "2024-01-01", "#1", "%", "animals"),
)
SPLITS = {
    "train": ("train", "Train", "TRAIN", "training"),
    "val": ("val", "valid", "validation", "dev", "Valid"),
    "test": ("test", "Test", "testing"),
}
SYSTEM = (".DS_Store", "Thumbs.db", "desktop.ini", "._0.png", "__MACOSX/._x.png", "@eaDir/0.jpg")
LEAST = 10  # images of a class
MAX_SHOWN = 8
NOTE = re.compile(r": left out (.+?): ([\d,]+) \(")
counts: Counter[str] = Counter()


@dataclass
class Made:
    """A set of images.

    files     contents by path
    truth     label and split ("" for none) of each image that has to be read
    left_out  how many entries have to be named for each reason
    folders   empty ones
    links     targets of links
    settings  of the `data` section
    lost      a class without readable images, which is an error
    """

    files: dict[str, bytes] = field(default_factory=dict)
    truth: dict[str, tuple[str, str]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    folders: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    lost: str = ""


def encoded(rng: np.random.Generator) -> tuple[bytes, str]:
    """Return an image that no other one resembles, and a suffix."""
    kind = str(rng.choice([*KINDS], p=[0.4, 0.3, *[0.28 / 5] * 5, 0.01, 0.01]))  # slow ones last
    image = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
    file = io.BytesIO()
    image.save(file, kind)
    ending = str(rng.choice(UNKNOWN if rng.random() < 0.05 else KINDS[kind]))
    return file.getvalue(), ending


def made(rng: np.random.Generator) -> Made:
    """Return a random set of class folders, of splits, or of images with lists of labels."""
    found = Made()
    layout = str(rng.choice(["classes", "splits", "list", "lists of splits"]))
    labels = [str(label) for label in rng.choice(LABELS, rng.integers(2, 4), replace=False)]
    if layout == "classes" and len({*labels} & {"train", "test"}) == 2:
        labels.remove("test")
        labels.append("other")
    parts = _parts(rng) if "splits" in layout else {"": ""}
    listed: dict[str, list[tuple[str, str]]] = {}
    for label in labels:
        for number in range(LEAST * len(parts)):
            part, folder = [*parts.items()][number % len(parts)]
            content, ending = encoded(rng)
            name = f"{labels.index(label)}-{number}{ending}"
            if "list" in layout:
                place = posixpath.join(folder, "pictures" * (rng.random() < 0.5), name)
                listed.setdefault(folder, []).append(
                    (posixpath.relpath(place, folder or "."), label)
                )
            else:
                place = posixpath.join(
                    folder, _form(label, rng), "deep/" * (rng.random() < 0.1), name
                )
            found.files[place] = content
            found.truth[place] = label.strip() if "list" in layout else label, part
    if "list" in layout:
        _write_lists(found, listed, rng)
    _add_noise(found, layout, labels, [*parts.values()], rng)
    if rng.random() < 0.3:
        _wrap(found, str(rng.choice(["data", "my set", "x/y"])))
    counts[layout] += 1
    return found


def _parts(rng: np.random.Generator) -> dict[str, str]:
    names = ["train", *rng.permutation(["val", "test"])[: rng.integers(1, 3)]]
    return {part: str(rng.choice(SPLITS[part])) for part in names}


def _form(label: str, rng: np.random.Generator) -> str:
    """Return a name as some file systems store it."""
    return unicodedata.normalize(str(rng.choice(["NFC", "NFD"])), label)


def _write_lists(
    found: Made, listed: dict[str, list[tuple[str, str]]], rng: np.random.Generator
) -> None:
    kind = str(rng.choice(["csv", "jsonl", "parquet", "Create ML"]))
    if rng.random() < 0.3 and len(listed) > 1:  # one list above all splits
        above = [(f"{folder}/{name}", label) for folder in listed for name, label in listed[folder]]
        listed = {"": above}
    target = "label" if rng.random() < 0.6 else "species"
    for folder, rows in listed.items():
        table = pd.DataFrame(rows, columns=["file_name", target], dtype="str")
        table.insert(0, "note", "x")
        file = io.BytesIO()
        if kind == "csv":
            table.to_csv(file, index=False, quoting=1)
        elif kind == "jsonl":
            table.to_json(file, orient="records", lines=True)
        elif kind == "parquet":
            table.to_parquet(file, index=False)
        else:
            target = "label"
            file.write(_of_create_ml(rows, rng))
        name = f"metadata.{kind}" if kind != "Create ML" else str(rng.choice(
            ["annotations.json", "_annotations.createml.json"]))  # fmt: skip
        found.files[posixpath.join(folder, name)] = file.getvalue()
    found.settings["target"] = target
    counts[f"{kind} list"] += 1


def _of_create_ml(rows: list[tuple[str, str]], rng: np.random.Generator) -> bytes:
    form, key = rng.integers(4), str(rng.choice(["image", "filename"]))
    box = {"x": 1, "y": 1, "width": 2, "height": 2}
    names = ("annotation", "annotations", "annotations", "annotations")
    records = []
    for name, label in rows:
        value = (label, label, [label], [{"label": label, "coordinates": box}] * 2)[form]
        records.append({key: name, names[form]: value})
    return json.dumps(records, indent=1 if form % 2 else None).encode()


def _add_noise(
    found: Made, layout: str, labels: list[str], folders: list[str], rng: np.random.Generator
) -> None:
    """Add what people and systems leave in folders."""
    folder = folders[int(rng.integers(len(folders)))]
    in_lists = "list" in layout
    inside = folder if in_lists else posixpath.join(folder, labels[0])
    for name in rng.choice(SYSTEM, rng.integers(0, 4), replace=False):
        found.files[posixpath.join(inside, str(name))] = b"\0\5\x16\7"
    for name in rng.choice(["readme.txt", "notes.MD", "a.json", "LICENSE", "x.heic"], 2):
        if rng.random() < 0.5 and (path := posixpath.join(inside, str(name))) not in found.files:
            found.files[path] = b"ftypheic"
            found.left_out["files that can't be read as images"] += 1
    if rng.random() < 0.3:
        found.files[posixpath.join(inside, ".hidden.png")] = encoded(rng)[0]
        found.left_out["hidden files or folders"] += 1
    if rng.random() < 0.2:
        for name in ("a.png", "b.png"):
            found.files[posixpath.join(inside, ".ipynb_checkpoints", name)] = encoded(rng)[0]
        found.left_out["hidden files or folders"] += 1
    if rng.random() < 0.2 and not in_lists:
        found.folders.append(posixpath.join(folder, "nothing here"))
        found.left_out["empty folders"] += 1
    if rng.random() < 0.3:
        found.files[posixpath.join(folder, "beside.png")] = encoded(rng)[0]
        found.left_out["images that are in no list" if in_lists else "images without a label"] += 1
    if rng.random() < 0.2 and layout == "splits":
        found.files["more/1.png"] = encoded(rng)[0]
        found.left_out["images outside of the splits"] += 1
    if rng.random() < 0.1:
        found.links[posixpath.join(inside, "again")] = "."
        found.left_out["links to a folder that holds them"] += 1
    if rng.random() < 0.1 and not in_lists:
        found.lost = "gone class"
        found.files[posixpath.join(folder, found.lost, "1.heic")] = b"ftypheic"


def _wrap(found: Made, folder: str) -> None:
    found.files = {f"{folder}/{name}": content for name, content in found.files.items()}
    found.truth = {f"{folder}/{name}": truth for name, truth in found.truth.items()}
    found.folders = [f"{folder}/{name}" for name in found.folders]
    found.links = {f"{folder}/{name}": target for name, target in found.links.items()}


def written(found: Made, folder: Path, rng: np.random.Generator) -> Path:
    """Write a set as a folder or as a .zip, of Linux, macOS or Windows; links need a folder."""
    root = folder / "set"
    system = str(rng.choice(["Linux", "macOS", "Windows"]))
    if rng.random() < 0.5 or found.links:
        for name, content in found.files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        for name in found.folders:
            (root / name).mkdir(parents=True)
        for name, target in found.links.items():
            (root / name).symlink_to(target)
        return root
    counts[f"zip of {system}"] += 1
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        for name in found.folders:
            archive.writestr(f"{name}/", b"")
        for name, content in found.files.items():
            archive.writestr(_member(name, system), content)
    return folder / "set.zip"


class Member(zipfile.ZipInfo):
    """A member whose name is UTF-8, but is not declared as such."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
        return self.filename.encode(), self.flag_bits


def _member(name: str, system: str) -> zipfile.ZipInfo:
    member = Member(name) if system == "macOS" else zipfile.ZipInfo(name)
    if system == "Windows":
        member.filename = name.replace("/", "\\")
    return member


def check(found: Made, path: Path, splits: str) -> None:
    """Assert that training and `predict` read what was written."""
    data = {"path": path, "size": 8, "splits": splits, **found.settings}
    base = config.load(Path("config.yaml"), {"data.path": str(path), "data.target": "label"})
    places = {name: path.parent / name for name in ("runs", "processed", "schemas")}
    own = base.model_copy(
        update={
            "data": base.data.model_copy(update=data),
            "paths": base.paths.model_copy(update=places),
        }
    )
    try:
        rows = rows_of.load_rows(own)
    except runs.UserError as error:
        assert found.lost and repr(found.lost) in str(error), str(error)
        counts["a class would be lost"] += 1
        return
    assert not found.lost
    own_path = path if path.is_dir() else next(places["processed"].glob("set-*"))
    names = [Path(file).relative_to(own_path).as_posix() for file in rows.inputs["file"]]
    got = dict(zip(names, np.array(rows.schema.labels)[rows.targets].tolist(), strict=True))
    want = {name: label for name, (label, _) in found.truth.items()}
    assert got == want, list({*got.items()} ^ {*want.items()})[:4]
    _assert_notes(rows.facts["notes"], found.left_out)
    given = {part for _, part in found.truth.values()} - {""}
    assert (rows.given is not None) == (bool(given) and splits == "folder"), rows.facts["notes"]
    assigned = split.assign(rows, own)
    assert {*assigned} <= {"train", "val", "test"}, "duplicates"
    for name, part in zip(names, assigned, strict=True) if rows.given is not None else ():
        known = found.truth[name][1]
        assert part == known or (known == "train" and part not in given), (name, part, known)
    _assert_predicted(found, path, own, own_path)


def _assert_notes(notes: list[str], left_out: Counter[str]) -> None:
    said = {m[1]: int(m[2].replace(",", "")) for note in notes if (m := NOTE.search(note))}
    assert said == {**left_out}, (said, {**left_out})


def _assert_predicted(found: Made, path: Path, own: Any, root: Path) -> None:
    """Assert that `predict` has a line for each image that it does not name as left out."""
    said: list[str] = []
    chunks.say = lambda stage, text: said.append(text)
    tables = [*chunks.read(path, own, 7)]
    files = [
        Path(name).relative_to(root).as_posix() for t in tables for name in t["image"].to_pylist()
    ]
    only = {"images without a label", "images outside of the splits"}  # of training
    more = sum(found.left_out[reason] for reason in only)
    assert len(files) == len({*files}) == len(found.truth) + more and {*found.truth} <= {*files}
    _assert_notes(said, Counter({k: n for k, n in found.left_out.items() if k not in only}))


def main() -> int:
    """Write sets of images and read them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    args = parser.parse_args()
    warnings.simplefilter("error")  # a user sees none, so there must be none
    os.environ["TQDM_DISABLE"] = "1"
    faults: dict[str, list[int]] = {}
    started = time.perf_counter()
    for number in range(args.first, args.first + args.sets):
        rng = np.random.default_rng(number)
        with tempfile.TemporaryDirectory() as scratch:
            try:
                found = made(rng)
                path = written(found, Path(scratch), rng)
                check(found, path, str(rng.choice(["folder", "folder", "random"])))
            except Exception as error:
                if args.sets == 1:
                    raise
                where = traceback.extract_tb(error.__traceback__)[-1]
                kind = f"{where.name}:{where.lineno} {type(error).__name__}: {error!s:.300}"
                faults.setdefault(kind, []).append(number)
    for fault, numbers in [*faults.items()][:MAX_SHOWN]:
        print(f"{len(numbers)} sets, such as {numbers[0]}: {fault}")
    took = time.perf_counter() - started
    summary = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    failed = sum(map(len, faults.values()))
    print(f"{args.sets} sets of images in {took:.0f} s, {failed} misread: {summary}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
