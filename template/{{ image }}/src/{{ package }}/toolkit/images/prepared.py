"""The facts about each image, decoded once: its properties, its hashes, and a small copy.

They are cached in data/processed by the hash of the file, so only new files take time.
"""

import hashlib
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from ..runs import replacing
from . import pixels
from .duplicates import image_id, thumbnail_levels
from .properties import NAMES, measure

COLUMNS = ("sha256", "reason", "several", "peak", "bits", "id", "look", *NAMES)
INDEX = "images.parquet"  # the facts about all files
SMALL = 64  # pixels a side: up to here, a file is read faster than a PNG is decoded
SHALLOW = -1  # `bits` of images with 8 bits, whose copies do not depend on the set


def prepare(files: list[str], size: int, folder: Path, bits: int | None = None) -> pd.DataFrame:
    """Return a row per file: `sha256`, `reason` ("" if usable), `image`, `id`, `look`, properties.

    `image` is the path of the copy, size x size pixels, from which the model reads the same pixels
    as from the file itself; `look` is the thumbnail that near-duplicates are found by. `several`
    tells whether the file has more frames or pages. Of deep images (pixels.is_deep), `peak` is the
    highest level, and `bits` the setting, by default the fewest bits that hold all their levels.
    """
    index, copies = folder / INDEX, folder / f"images-{size}"
    cached = pd.read_parquet(index) if index.exists() else pd.DataFrame(columns=COLUMNS)
    before = {row["sha256"]: row for row in cached.to_dict("records")}
    work = partial(_prepare, size=size, copies=copies, before=before)
    facts = _all(files, partial(work, bits=bits))
    peaks = [fact["peak"] for fact in facts if fact["bits"] != SHALLOW]
    if bits is None and peaks:
        bits = pixels.learned_bits(max(peaks))
        rows = [row for row, fact in enumerate(facts) if fact["bits"] not in (SHALLOW, bits)]
        again = _all([files[row] for row in rows], partial(work, bits=bits))
        for row, fact in zip(rows, again, strict=True):
            facts[row] = fact
    table = pd.DataFrame(facts, columns=COLUMNS)
    after = before | {fact["sha256"]: fact for fact in facts if fact["sha256"]}
    if after != before:
        with replacing(index) as scratch:
            pd.DataFrame([*after.values()], columns=COLUMNS).to_parquet(scratch)
    return table.assign(image=[str(_copy(copies, fact, size)) for fact in facts])


def remarks(prepared: pd.DataFrame) -> list[str]:
    """Say which images were not taken as they are: those of several frames, and deep ones."""
    notes = []
    deep, several = (
        prepared[prepared["bits"] != SHALLOW],
        prepared[prepared["several"].astype(bool)],
    )
    if len(deep):
        bits = int(deep["bits"].max())
        notes.append(
            f"{len(deep):,} images are grey with more than 8 bits, with levels up to "
            f"{deep['peak'].max():,.10g}: {pixels.white(bits):,} becomes white (data.bits {bits})."
        )
    if len(several):
        notes.append(
            f"{len(several):,} images have more frames or pages, of which only the first is read, "
            f"such as {several['file'].iloc[0]}."
        )
    return notes


def _all(files: list[str], work: Any) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(tqdm(pool.map(work, files), "images", len(files), disable=None, leave=False))


def _copy(copies: Path, fact: Mapping[str, Any], size: int) -> Path:
    bits = "" if fact["bits"] == SHALLOW else f"-{fact['bits']}"
    suffix = pixels.BARE if size <= SMALL else ".png"
    return copies / fact["sha256"][:2] / f"{fact['sha256']}{bits}{suffix}"


def _prepare(
    name: str, size: int, copies: Path, before: Mapping[str, Any], bits: int | None
) -> dict[str, Any]:
    """Return the facts about a file; without `bits`, of a new deep image only its peak."""
    facts: dict[str, Any] = dict.fromkeys(COLUMNS)
    facts |= {"sha256": "", "reason": "", "several": False, "peak": np.nan, "bits": SHALLOW}
    try:
        data = pixels.bytes_of(name)
    except pixels.BrokenError as error:
        return facts | {"reason": str(error)}
    facts["sha256"] = hashlib.sha256(data).hexdigest()
    if known := _known(before.get(facts["sha256"]), copies, size, bits):
        return known
    try:
        image, facts["mode"], facts["several"] = pixels.stored(data)
        if pixels.is_deep(image):
            facts |= {"peak": pixels.peak(image), "bits": bits}
            if bits is None:
                return facts
        shown = pixels.rgb(image, bits)
    except pixels.BrokenError as error:
        return facts | {"reason": str(error)}
    _write(_copy(copies, facts, size), pixels.square(shown, size))
    hashes = {"id": f"{image_id(image):016x}", "look": thumbnail_levels(shown)}
    return facts | hashes | measure(shown, facts["mode"], len(data))


def _write(copy: Path, square: np.ndarray) -> None:
    """Write a copy, or nothing; `replacing` makes a folder for each, which takes far longer."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    scratch = copy.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    if copy.suffix == pixels.BARE:
        scratch.write_bytes(square.tobytes())
    else:
        Image.fromarray(square).save(scratch, "PNG", compress_level=1)
    scratch.replace(copy)


def _known(fact: Any, copies: Path, size: int, bits: int | None) -> dict[str, Any] | None:
    """Return cached facts that hold for these bits; without bits, those of any."""
    if fact is None or fact["bits"] is None:
        return None
    right = fact["bits"] == SHALLOW or bits in (None, fact["bits"])
    whole = fact["reason"] or _is_whole(_copy(copies, fact, size), size)
    return fact if right and whole else None


def _is_whole(copy: Path, size: int) -> bool:
    """Return whether a copy exists; bare pixels do not tell whether a power cut has cut them."""
    length = copy.stat().st_size if copy.exists() else 0
    return length > 0 and (copy.suffix != pixels.BARE or length == 3 * size**2)
