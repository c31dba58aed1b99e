"""vLLM's server answers as the trained model does, where its environment is installed."""

import json
import os
import shutil
import time
import urllib.request
from pathlib import Path

import pytest
from openai import AuthenticationError, OpenAI

from my_model.config import Config, section
from my_model.engines import vllm
from my_model.engines.engine import started
from my_model.runs import UserError
from my_model.settings.serve import Serve

INSTALLED = [*vllm.DEPLOY.glob("*/.venv")]


@pytest.mark.skipif(not INSTALLED, reason="vLLM weighs 5 GB: `serve --serve.engine vllm` once")
@pytest.mark.parametrize("lookup", [False, True])
def test_the_answers_are_those_of_the_model(lookup: bool, run: Path, config: Config) -> None:
    settings = section(config, Serve).model_copy(update={"engine": "vllm", "lookup": lookup})
    examples = json.loads((run / "export/gguf/examples.json").read_text())
    with started(run, settings, "127.0.0.1", 0, "sesame") as engine:
        address = f"{engine.address}/v1"
        with OpenAI(base_url=address, api_key="sesame", max_retries=0) as client:
            ask = client.chat.completions.create
            told = [ask(model=engine.model, messages=row["messages"]) for row in examples["rows"]]
            stranger = client.with_options(api_key="guess")
            with pytest.raises(AuthenticationError):
                stranger.chat.completions.create(model=engine.model, messages=[])
        group = engine.process.pid
    said = [answer.choices[0].message.content.strip() for answer in told]
    pairs = zip(said, examples["predictions"], strict=True)
    assert sum(a != b for a, b in pairs) <= 1, "a near tie may turn out otherwise"
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{engine.address}/health", timeout=5)
    with pytest.raises(ProcessLookupError):  # of none of its processes anything is left
        for _ in range(100):
            os.killpg(group, 0)
            time.sleep(0.1)


def begin(run: Path, config: Config) -> None:
    settings = section(config, Serve).model_copy(update={"engine": "vllm"})
    with started(run, settings, "127.0.0.1", 0, None):
        pass


def test_its_death_is_told(
    run: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an environment without vLLM it ends at once."""
    shutil.copytree(run / "model", tmp_path / "run/model")
    for kind in ("cpu", "gpu"):
        folder = tmp_path / "deploy" / kind
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text('[project]\nname = "none"\nversion = "0"\n')
    monkeypatch.setattr(vllm, "DEPLOY", tmp_path / "deploy")
    with pytest.raises(UserError, match=r"vLLM has ended, with code 1: .*vllm\.log says why"):
        begin(tmp_path / "run", config)
    assert "No module named" in (tmp_path / "run/vllm.log").read_text()


def test_what_is_missing_is_told(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in ("holds no model", "vllm needs this folder"):
        with pytest.raises(UserError, match=words):
            begin(tmp_path, config)
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model/config.json").touch()
        monkeypatch.setattr(vllm, "DEPLOY", tmp_path / "nowhere")
