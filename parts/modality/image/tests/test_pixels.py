"""Whatever a file holds, it becomes the same pixels everywhere, or is refused with a reason."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from my_model.images.pixels import BrokenError, decode, read, square
from my_model.images.properties import measure

RAMP = np.tile(np.arange(0, 160, 10, dtype=np.uint8), (12, 1))  # darker to the left, 16 x 12


def written(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def upright(turn: int) -> bytes:
    """A JPEG that is stored turned, with the EXIF orientation that mends it."""
    stored = Image.fromarray(RAMP).transpose(
        {6: Image.Transpose.ROTATE_90, 3: Image.Transpose.ROTATE_180}[turn]
    )
    exif = Image.Exif()
    exif[0x0112] = turn
    return written(stored, "JPEG", exif=exif, quality=100)


def palette_with_hole() -> bytes:
    image = Image.fromarray(RAMP).convert("P")
    return written(image, transparency=int(np.asarray(image)[0, 0]))


GREY = Image.fromarray(RAMP)
SOUND = {
    "L": written(GREY),
    "RGB": written(GREY.convert("RGB"), "WEBP", lossless=True),
    "I;16": written(Image.fromarray(RAMP.astype(np.uint16) * 257)),
    "P": written(GREY.convert("P")),
    "1": written(GREY.point(lambda level: 255 * (level > 70)).convert("1")),
    "CMYK": written(GREY.convert("RGB").convert("CMYK"), "JPEG", quality=100),
    "a phone's, with a preview": written(
        GREY.convert("RGB"), "MPO", save_all=True, append_images=[GREY.convert("RGB")], quality=100
    ),
    "turned right": upright(6),
    "upside down": upright(3),
}


@pytest.mark.parametrize("name", SOUND)
def test_every_kind_of_picture_looks_the_same(name: str) -> None:
    picture, mode = decode(SOUND[name])
    assert picture.mode == "RGB" and picture.size == (16, 12)
    assert mode == name or " " in name
    found = np.asarray(picture.convert("L")).astype(int)
    expected = 255 * (RAMP > 70) if name == "1" else RAMP
    assert np.abs(found - expected).max() <= 6  # JPEG and CMYK round


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
def test_what_is_transparent_is_white(mode: str) -> None:
    image = GREY.convert("RGBA")
    image.putalpha(Image.fromarray(np.where(RAMP > 70, 255, 0).astype(np.uint8)))
    data = written(image.convert("LA" if mode == "PA" else mode)) if mode != "PA" else None
    picture, _ = decode(data or palette_with_hole())
    left = np.asarray(picture)[:, 0]
    assert (left == 255).all() and (np.asarray(picture)[:, -1] == 150).all()


HUGE = Image.new("1", (20_000, 20_000))
BROKEN = {
    "is no PNG, JPEG or WebP picture": b"this is text, whatever its name",
    "can't be decoded": written(Image.effect_noise((64, 64), 90).convert("RGB"), "JPEG")[:900],
    "too few to see anything": written(Image.new("L", (1, 1))),
    "pixels": written(HUGE),
    "is an animation": written(
        GREY, "WEBP", save_all=True, append_images=[GREY.transpose(Image.Transpose.ROTATE_180)]
    ),
    "is no PNG, JPEG or WebP picture ": written(GREY, "GIF"),
    "is no PNG, JPEG or WebP picture  ": b"",
}


@pytest.mark.parametrize("reason", BROKEN)
def test_what_is_no_picture_is_refused(reason: str) -> None:
    with pytest.raises(BrokenError, match=reason.strip()):
        decode(BROKEN[reason])


def test_a_colour_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = written(GREY.convert("RGB"), icc_profile=profile)
    assert (np.asarray(decode(data)[0])[..., 0] == RAMP).all()


def test_a_square_of_the_right_size_is_left_alone(tmp_path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    assert (square(Image.fromarray(pixels), 32) == pixels).all()
    (tmp_path / "a.png").write_bytes(written(Image.fromarray(pixels)))
    assert (read([str(tmp_path / "a.png")], 32)[0] == pixels).all()
    assert read([], 32).shape == (0, 32, 32, 3)


def test_properties_say_what_is_seen() -> None:
    sharp = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 96), np.uint8))
    blurred = sharp.resize((12, 8)).resize((96, 64))
    facts, other = (measure(image.convert("RGB"), "L", 10) for image in (sharp, blurred))
    assert (facts["width"], facts["height"], facts["aspect"]) == (96, 64, 1.5)
    assert facts["sharpness"] > 2 * other["sharpness"] and facts["saturation"] == 0
    flat = measure(Image.new("RGB", (5000, 4), "red"), "RGB", 10)
    assert flat["saturation"] == 1 and flat["contrast"] == flat["sharpness"] == 0
