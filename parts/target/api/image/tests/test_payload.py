"""However a picture is sent, it is decoded once and for all, or refused with the reason."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from my_model.images.pixels import decode, square
from my_model.server.answers import RequestError
from my_model.server.payload import Payload

SIZE = 16
CONTRACT = {"inputs": [{"name": "image", "shape": [None, SIZE, SIZE, 3]}]}
FORM = "multipart/form-data; boundary=xyz"


def picture(seed: int, kind: str = "PNG") -> bytes:
    grain = np.random.default_rng(seed).integers(0, 256, (20, 30, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grain).save(buffer, kind)
    return buffer.getvalue()


def form(*files: bytes, line: bytes = b"\r\n") -> bytes:
    head = line.join(
        [b"--xyz", b'Content-Disposition: form-data; name="image"; filename="a"', b"", b""]
    )
    return b"".join(head + data + line for data in files) + b"--xyz--" + line


def encoded(data: bytes) -> dict[str, str]:
    return {"image": base64.b64encode(data).decode()}


def refusal(body: bytes, kind: str = "") -> RequestError:
    with pytest.raises(RequestError) as caught:
        Payload(CONTRACT).decode(body, kind)
    return caught.value


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_every_way_to_send_gives_the_same_pixels(kind: str) -> None:
    payload, data = Payload(CONTRACT), picture(0, kind)
    expected = square(decode(data)[0], SIZE)
    alone = [
        payload.decode(data, f"image/{kind.lower()}"),
        payload.decode(data, "application/x-www-form-urlencoded"),  # curl's own
        payload.decode(form(data), FORM),
        payload.decode(json.dumps(encoded(data)).encode(), "application/json"),
    ]
    assert all((row.pixels == expected).all() for row in alone)
    assert payload.as_written(alone[0])["width"] == 30
    several = [
        payload.decode(form(data, picture(1)), FORM),
        payload.decode(json.dumps([encoded(data), encoded(picture(1))]).encode()),
    ]
    for rows in several:
        assert len(rows) == 2 and payload.columns(rows)["image"].shape == (2, SIZE, SIZE, 3)
        assert (rows[0].pixels == expected).all() and (rows[1].pixels != expected).any()


def test_a_file_may_hold_what_looks_like_a_border() -> None:
    data = picture(0, "JPEG") + b"\r\n--xy\r\n\r\n--xyw"
    assert Payload(CONTRACT).decode(form(data), FORM).properties["bytes"] == len(data)


HALF = picture(0)[:300]
REFUSED = [
    (b"", "", 422, "is no PNG"),
    (b"hello", "image/png", 422, "row 1: the picture is no PNG, JPEG or WebP picture"),
    (HALF, "image/png", 422, "can't be decoded"),
    (form(picture(0), HALF), FORM, 422, "row 2: the picture can't be decoded"),
    (form(), FORM, 422, "the form holds no file"),
    (b"junk", FORM, 422, "the form holds no file"),
    (form(picture(0)), "multipart/form-data", 422, "the form holds no file"),
    (b'{"image": "not base64"}', "", 422, "column 'image': Invalid base64"),
    (b'{"picture": ""}', "", 422, "unknown column 'picture'"),
    (b'[{"image": 1}]', "", 422, "row 1, column 'image': Expected `bytes`, got `int`"),
    (b"{", "", 400, "not JSON"),
    (b"[]", "", 422, "length >= 1"),
]


@pytest.mark.parametrize("body, kind, status, reason", REFUSED)
def test_what_is_refused_is_explained(body: bytes, kind: str, status: int, reason: str) -> None:
    found = refusal(body, kind)
    assert (found.status, reason in found.content["detail"]) == (status, True), found.content


def test_many_large_pictures_are_too_many() -> None:
    buffer = io.BytesIO()
    Image.new("1", (8000, 6000)).save(buffer, "PNG")  # 48 megapixels in a few kilobytes
    assert refusal(form(buffer.getvalue(), buffer.getvalue()), FORM).status == 413
