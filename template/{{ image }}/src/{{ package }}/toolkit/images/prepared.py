"""The facts about each image, decoded once: its properties, its hashes, and a small copy.

They are cached in data/processed by the hash of the file, so only new files take time.
"""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image
from tqdm import tqdm

from ..runs import replacing
from . import pixels
from .duplicates import image_id, thumbnail_levels
from .properties import NAMES, measure

COLUMNS = ("sha256", "reason", "id", "look", *NAMES)


def prepare(files: list[str], size: int, folder: Path) -> pd.DataFrame:
    """Return a row per file: `sha256`, `reason` ("" if usable), `image`, `id`, `look`, properties.

    `image` is the path of the copy, size x size pixels, from which the model reads the same pixels
    as from the file itself; `look` is the thumbnail that near-duplicates are found by.
    """
    index, copies = folder / "pictures.parquet", folder / f"pictures-{size}"
    cached = pd.read_parquet(index) if index.exists() else pd.DataFrame(columns=COLUMNS)
    before = {row["sha256"]: row for row in cached.to_dict("records")}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        work = pool.map(lambda name: _prepare(Path(name), size, copies, before), files)
        facts = list(tqdm(work, "images", len(files), disable=None, leave=False))
    table = pd.DataFrame(facts, columns=COLUMNS)
    new = table[~table["sha256"].isin(["", *before])].drop_duplicates("sha256")
    if len(new):
        with replacing(index) as scratch:
            pd.DataFrame([*before.values(), *new.to_dict("records")]).to_parquet(scratch)
    return table.assign(image=[str(_copy(copies, sha256)) for sha256 in table["sha256"]])


def _copy(copies: Path, sha256: str) -> Path:
    return copies / sha256[:2] / f"{sha256}.png"


def _prepare(file: Path, size: int, copies: Path, before: dict[str, Any]) -> dict[str, Any]:
    try:
        data = file.read_bytes()
    except OSError as error:
        return {"sha256": "", "reason": f"can't be read ({error.strerror})"}
    sha256 = hashlib.sha256(data).hexdigest()
    known, copy = before.get(sha256), _copy(copies, sha256)
    if known and (known["reason"] or copy.exists()):
        return known
    try:
        image, mode = pixels.decode(data)
    except pixels.BrokenError as error:
        return {"sha256": sha256, "reason": str(error)}
    with replacing(copy) as scratch:
        Image.fromarray(pixels.square(image, size)).save(scratch, "PNG", compress_level=1)
    hashes = {"id": f"{image_id(image):016x}", "look": thumbnail_levels(image)}
    return {"sha256": sha256, "reason": "", **hashes, **measure(image, mode, len(data))}
