"""What a text may be, and how it is said what is wrong with another one."""

import json

import pytest

from my_model.server.answers import RequestError
from my_model.server.payload import MAX_CHARACTERS, Payload

CONTRACT = {"inputs": [{"name": "text"}], "properties": [{"name": "unseen", "words": ["a", "b"]}]}
LONG = json.dumps({"text": "x" * (MAX_CHARACTERS + 1)}).encode()
REFUSED = [
    (b'{"text": ""}', 422, "length >= 1"),
    (b'[{"text": "a"}, {"text": ""}]', 422, "row 2, column 'text': Expected `str` of length >= 1"),
    (b'{"text": " \\n\\u001c"}', 422, "column 'text': Expected `str` with more than spaces"),
    (LONG, 422, "length <= 200000"),
    (b'{"text": null}', 422, "got `null`"),
    (b'{"text": 1}', 422, "got `int`"),
    (b'{"text": ["a"]}', 422, "got `array`"),
    (b'{"body": "a"}', 422, "column 'body'"),
    (b'{"text": "a", "id": 1}', 422, "unknown column 'id'"),
    (b'{"text": "\\ud800"}', 400, "not JSON"),
    (b'{"text": "\xff"}', 400, "not JSON"),
    (b'"a"', 422, "got `str`"),
    (b"[]", 422, "length >= 1"),
    (b"{", 400, "not JSON"),
]


@pytest.mark.parametrize("body, status, reason", REFUSED, ids=lambda each: ascii(each)[:20])
def test_what_is_refused_is_explained(body: bytes, status: int, reason: str) -> None:
    with pytest.raises(RequestError) as caught:
        Payload(CONTRACT).decode(body)
    found = caught.value
    assert (found.status, reason in found.content["detail"]) == (status, True), found.content


def test_one_text_or_several() -> None:
    payload = Payload(CONTRACT)
    row = payload.decode(b'{"text": "a\\u0000 b \\ud83d\\udc26"}')
    assert payload.columns([row]) == {"text": ["a  b 🐦"]}  # as training reads it
    assert payload.as_written(row)["words"] == 3
    assert len(payload.decode(b'[{"text": "a"}, {"text": "b"}]')) == 2
