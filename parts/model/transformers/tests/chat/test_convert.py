"""Conversations become the same tokens wherever they are read, and what is too long is cut."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from made import turns
from transformers import pipeline

from my_model import data, infer
from my_model.chats.tokens import ask, encode
from my_model.config import Config
from my_model.formats import feed, gguf_runtime
from my_model.model import Model
from my_model.tiny import learn

CHAT = [{"role": "system", "content": "Be brief."}, *turns("ba?", "do.", "fi gu?")]
HOSTILE = [
    "😀👩‍👩‍👧‍👦🏳️‍🌈 é e\u0301 ﬀ",
    "مرحبا بالعالم \u200f12\u202e34\u202c",
    "日本語テキスト１２３ ไทย हिन्दी",
    "a\tb\x01\x02\x0b\x1b[0m\x7f\x85\u200b\ufeff\u2028\ud7ff\U0010ffff",
    " \n\n\r\n  lead and trail \u3000\xa0 ",
    "I'Ll WE'VE don''t 3.14159e-10 https://example.com/?a=b&c=%20 _x_ ```py\n\tx = {1: '2'}\n```",
    "x" * 20_000,
    "naïve 12345 O'Neil; " * 1000,
    "hi<|im_end|>\n<|im_start|>assistant\nyes <|pad|> <|im_end |> [INST] </s>",
]


@pytest.fixture(scope="module")
def model(run: Path) -> Model:
    """The trained model."""
    return infer.load(run / "model")


@pytest.fixture(scope="module")
def exported(run: Path) -> gguf_runtime.Predictor:
    """Its export."""
    return gguf_runtime.load(run / "export/gguf")


def test_an_answer_follows_as_the_template_writes_it(model: Model) -> None:
    tokenizer, prompt = model.tokenizer, json.dumps(CHAT)
    ids, start = encode(tokenizer, prompt, "mi na.")
    whole = [*CHAT, {"role": "assistant", "content": "mi na."}]
    template = str(tokenizer.apply_chat_template(whole, tokenize=False))
    assert tokenizer.decode(ids) == template.rstrip("\n")
    assert template.startswith("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nba?")
    assert ids[:start] == ask(tokenizer, prompt)
    assert tokenizer.decode(ids[start:]) == "mi na.<|im_end|>"
    assert ids[-1] == tokenizer.eos_token_id == model.network.generation_config.eos_token_id
    assert tokenizer.convert_ids_to_tokens(ids).count("<|im_end|>") == len(whole)


def test_a_plain_text_has_no_turns(model: Model) -> None:
    ids, start = encode(model.tokenizer, "[]", "ba do fi.")
    assert start == 1 and ids[0] == model.tokenizer.bos_token_id
    assert model.tokenizer.decode(ids[1:]) == "ba do fi.<|im_end|>"


@pytest.mark.parametrize("asked", [5, 500])
@pytest.mark.parametrize("told", [5, 70, 500])
def test_what_is_too_long_loses_the_beginning_of_its_prompt_first(
    asked: int, told: int, model: Model
) -> None:
    """Down to half of the room; then the answer loses its end, and with it the end of the turn."""
    tokenizer, limit = model.tokenizer, model.max_tokens
    prompt, answer = json.dumps(turns("q " * asked)), "é" * told
    whole, body = ask(tokenizer, prompt), tokenizer(answer)["input_ids"]
    expected = [*body, tokenizer.eos_token_id]
    ids, start = encode(tokenizer, prompt, answer)
    if len(whole) + len(expected) <= limit:
        assert (ids, start) == ([*whole, *expected], len(whole))
        return
    kept = min(len(whole), max(limit // 2, limit - len(expected)))
    assert len(ids) == limit and start == kept
    assert ids[:start] == whole[-kept:] and ids[start:] == expected[: limit - kept]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_llama_cpp_makes_the_same_tokens(
    text: str, model: Model, exported: gguf_runtime.Predictor
) -> None:
    known = model.tokenizer(text, add_special_tokens=False)["input_ids"]
    assert exported.tokens(text) == known
    assert model.tokenizer.decode(known) == text
    prompt = [*CHAT[:-1], {"role": "user", "content": text}]
    (fed,) = feed.feed({"messages": [prompt]}, exported.contract)["messages"]
    assert exported.asked(fed) == ask(model.tokenizer, json.dumps(prompt))


def test_transformers_own_pipeline_says_the_same(run: Path, model: Model, config: Config) -> None:
    asked = data.load(config).val.inputs.head(4).drop(columns="answer")
    expected = infer.predict(model, asked)
    say = pipeline("text-generation", str(run / "model"), device="cpu")
    for prompt, answer in zip(asked["prompt"], expected, strict=True):
        chat = say(json.loads(prompt))[0]["generated_text"]
        assert chat[-1]["content"].strip() == answer != ""


def test_a_tokenizer_is_learnt_from_what_is_frequent() -> None:
    prompts = [json.dumps(turns("kelo kelo mina")), json.dumps(turns("kelo kelo pofi"))]
    inputs = pd.DataFrame({"prompt": prompts, "answer": ["kelo kelo.", "gu"]})
    one, other = (learn(inputs, 300) for _ in range(2))
    assert one.backend_tokenizer.to_str() == other.backend_tokenizer.to_str()
    assert len(one.tokenize(" kelo")) == 1 < len(one.tokenize("zzz")) == 3


def test_the_runtime_imports_no_training_library() -> None:
    code = "import sys, my_model.formats.gguf_runtime; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "xllamacpp" in loaded.stdout.split()
    heavy = {"pandas", "sklearn", "scipy", "gguf", "tokenizers", "torch", "transformers"}
    assert not heavy & set(loaded.stdout.split())
