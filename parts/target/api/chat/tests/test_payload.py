"""What is wrong with a request is told in one sentence, in the shape that clients know."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_client import BODY, ask, serving
from openai import BadRequestError, NotFoundError, OpenAI, UnprocessableEntityError

from my_model.config import Config
from my_model.server import endpoint
from my_model.server.upstream import PATH

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}


@pytest.fixture(scope="module")
def port(run: Path, config: Config) -> Iterator[int]:
    with serving(run, config) as port:
        yield port


@pytest.fixture(scope="module")
def client(port: int) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"messages": []}, "`$.messages`"),
        ({"messages": "Hello"}, "Expected `array`, got `str`"),
        ({"messages": [{"role": "user", "content": 7}]}, "`$.messages[0].content`"),
        ({"messages": [{"role": "user", "content": [PICTURE]}]}, "Invalid enum value 'image_url'"),
        ({"messages": [{"role": "assistant", "content": "I"}]}, "the assistant comes first"),
        ({"messages": [{"role": "system", "content": "Be brief"}]}, "nothing to answer"),
        ({"messages": [{"role": "robot", "content": "I"}]}, "rename it to system, user"),
        ({"messages": [{"role": "user", "content": " "}]}, "the user says nothing"),
        ({"max_tokens": 17}, "max_tokens is 17, but answers have at most 16"),
        ({"max_tokens": 0}, "`$.max_tokens`"),
        ({"n": 2}, "`$.n`"),
        ({"temperature": 3}, "`$.temperature`"),
        ({"tempratur": 1}, "unknown field `tempratur`"),
        ({"messages": [{"role": "user", "content": "long " * 999}]}, "The engine refuses this"),
    ],
)
def test_a_mistake_is_named(change: dict, words: str, client: OpenAI) -> None:
    with pytest.raises(UnprocessableEntityError, match="422") as caught:
        client.chat.completions.create(**BODY | {"extra_body": change})
    assert words in caught.value.body["message"]


def test_other_mistakes_have_their_own_status(port: int, client: OpenAI) -> None:
    with pytest.raises(NotFoundError, match="'gpt' is not here"):
        client.chat.completions.create(**BODY | {"model": "gpt"})
    with pytest.raises(BadRequestError, match="not JSON"):
        client.post("/chat/completions", cast_to=object, content=b"{")
    for junk in (b"", b"nonsense", b'{"a": NaN}', b'"\xff"', b"[" * 100_000, b"[]", b"null"):
        status, answer = ask(port, junk)
        assert status in (400, 422) and answer["error"]["message"]
    assert [ask(port)[0], ask(port, path="/nowhere")[0]] == [405, 404]


def test_a_slow_body_is_cut_off(run: Path, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "BODY_SECONDS", 0.3)
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n".encode()
    with serving(run, config) as port, socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(head + b"{")
        assert client.recv(100).startswith(b"HTTP/1.1 408 ")
