"""The gateway answers as the exported model does, at once or piece by piece."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from api_client import BODY, NAME, serving
from openai import OpenAI

from my_model.config import Config


@pytest.fixture(scope="module")
def client(run: Path, config: Config) -> Iterator[OpenAI]:
    with serving(run, config) as port:
        address = f"http://127.0.0.1:{port}/v1"
        with OpenAI(base_url=address, api_key="none", max_retries=0) as client:
            yield client


@pytest.fixture(scope="module")
def examples(run: Path) -> dict:
    return json.loads((run / "export/gguf/examples.json").read_text())


def say(client: OpenAI, messages: list[dict]) -> str:
    answer = client.chat.completions.create(model=NAME, messages=messages)
    assert answer.usage.total_tokens > answer.usage.completion_tokens > 0
    return answer.choices[0].message.content


def test_the_answers_are_those_of_the_export(client: OpenAI, examples: dict) -> None:
    """However many ask at once."""
    asked = [row["messages"] for row in examples["rows"]]
    with ThreadPoolExecutor(8) as pool:
        said = [*pool.map(lambda messages: say(client, messages), asked)]
    assert said == examples["predictions"] and len(set(said)) >= 3


def test_pieces_join_to_the_whole_answer(client: OpenAI, examples: dict) -> None:
    for row, whole in zip(examples["rows"], examples["predictions"], strict=True):
        words = {"model": NAME, "messages": row["messages"], "stream": True}
        chunks = [*client.chat.completions.create(**words, stream_options={"include_usage": True})]
        pieces = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
        assert "".join(pieces) == whole and len(pieces) > 2
        assert chunks[-1].usage.completion_tokens <= 16 and chunks[-2].choices[0].finish_reason
        assert len({chunk.id for chunk in chunks}) == 1


def test_settings_reach_the_engine(client: OpenAI) -> None:
    drawn = {"temperature": 2.0, "seed": 1}
    create = client.chat.completions.create
    texts = [create(**BODY, **drawn).choices[0].message.content for _ in range(2)]
    assert texts[0] == texts[1] != create(**BODY).choices[0].message.content
    short = create(**BODY, max_tokens=1)
    assert (short.usage.completion_tokens, short.choices[0].finish_reason) == (1, "length")
    assert [model.id for model in client.models.list()] == [NAME]


def test_a_message_may_come_in_pieces(client: OpenAI) -> None:
    pieces = [{"type": "text", "text": text} for text in ("What is", "Python?")]
    whole = [{"role": "user", "content": "What is\nPython?"}]
    assert say(client, [{"role": "user", "content": pieces}]) == say(client, whole)
