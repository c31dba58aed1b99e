"""llama.cpp's server answers as the exported model does, to those who have its key."""

import json
import shutil
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from openai import AuthenticationError, BadRequestError, OpenAI

from my_model.cli import FOLDER
from my_model.config import Config, section
from my_model.engines.engine import Engine, _elsewhere, started
from my_model.runs import UserError
from my_model.settings.serve import Serve

MODEL = FOLDER.name.replace("_", "-")


@pytest.fixture(scope="module")
def examples(run: Path) -> dict:
    return json.loads((run / "export/gguf/examples.json").read_text())


@contextmanager
def opened(run: Path, config: Config, **settings: Any) -> Iterator[tuple[Engine, OpenAI]]:
    """Give an engine, and a client that has its key."""
    told = section(config, Serve).model_copy(update={"engine": "llama-cpp"} | settings)
    with started(run, told, "127.0.0.1", 0, "sesame") as engine:
        address = f"{engine.address}/v1"
        with OpenAI(base_url=address, api_key="sesame", max_retries=0) as client:
            yield engine, client


def answers(client: OpenAI, examples: dict, **words: Any) -> list[Any]:
    """Ask eight at once."""

    def answer(row: dict) -> Any:
        create = client.chat.completions.create
        return create(model=MODEL, messages=row["messages"], extra_body=words)

    with ThreadPoolExecutor(8) as pool:
        return [*pool.map(answer, examples["rows"])]


def texts(found: list[Any]) -> list[str]:
    return [answer.choices[0].message.content.strip() for answer in found]


def test_no_proxy_stands_before_this_machine(
    run: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.delenv("no_proxy", raising=False)
    told = section(config, Serve).model_copy(update={"engine": "llama-cpp"})
    with started(run, told, "127.0.0.1", 0, None) as engine:
        assert _elsewhere(engine.address).model == MODEL


def test_the_answers_are_those_of_the_export(run: Path, config: Config, examples: dict) -> None:
    """However many ask at once."""
    with opened(run, config) as (_, client):
        said = texts(answers(client, examples))
    assert said == examples["predictions"] and len(set(said)) >= 3


def test_what_is_guessed_changes_no_answer(run: Path, config: Config, examples: dict) -> None:
    """Not of a few words, and not of many, of which some are guessed right."""
    with opened(run, config) as (_, client):
        expected = texts(answers(client, examples, max_tokens=64, ignore_eos=True))
    with opened(run, config, lookup=True) as (_, client):
        found = answers(client, examples, max_tokens=64, ignore_eos=True)
        assert texts(answers(client, examples)) == examples["predictions"]
    assert texts(found) == expected
    assert sum(answer.model_extra["timings"].get("draft_n_accepted", 0) for answer in found) > 0


def test_pieces_join_to_the_whole_answer(run: Path, config: Config, examples: dict) -> None:
    with opened(run, config) as (engine, client):
        assert [model.id for model in client.models.list()] == [engine.model] == [MODEL]
        messages = examples["rows"][0]["messages"]
        chunks = client.chat.completions.create(model=MODEL, messages=messages, stream=True)
        pieces = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
        assert "".join(pieces).strip() == examples["predictions"][0] and len(pieces) > 2


def test_it_is_locked_and_refuses_what_is_too_long(run: Path, config: Config) -> None:
    with opened(run, config) as (engine, client):
        create = client.chat.completions.create
        with pytest.raises(BadRequestError, match="exceeds the available context size"):
            create(model=MODEL, messages=[{"role": "user", "content": "long " * 999}])
        stranger = client.with_options(api_key="guess")
        with pytest.raises(AuthenticationError):
            stranger.chat.completions.create(model=MODEL, messages=[])
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{engine.address}/health", timeout=5)


def test_a_tampered_file_is_not_served(run: Path, config: Config, tmp_path: Path) -> None:
    shutil.copytree(run / "export/gguf", tmp_path / "export/gguf")
    with (tmp_path / "export/gguf/model.gguf").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(UserError, match=r"model\.gguf was changed"), opened(tmp_path, config):
        pass
