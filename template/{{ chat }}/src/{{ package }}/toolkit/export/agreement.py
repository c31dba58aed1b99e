"""In what an exported language model has to agree with the model: tokens, chances, the metric."""

import io
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from transformers import AutoModelForCausalLM

from ..chats.special_tokens import escape_special_tokens
from ..chats.tokens import encode, encode_prompt, special, token_ids
from ..config import BaseConfig
from ..evaluation import metrics
from ..runs import UserError
from ..tables.split import Split
from .feed import feed

PLACES = 24  # at which all chances are compared


class Exported(Protocol):
    """What the `load` of the format returns; `executed_by` names what does the arithmetic."""

    executed_by: str
    contract: Any

    def decide(self, inputs: Any) -> tuple[np.ndarray, None]:
        """Return the answers, and no labels."""

    def asked(self, messages: Any) -> list[int]:
        """Return the tokens that an answer to messages of `feed` follows."""

    def tokens(self, text: str) -> list[int]:
        """Return the numbers of a text's tokens."""

    def chances(self, ids: list[int], tokens: int) -> np.ndarray:
        """Return the log-probability of each token to come next."""


def same_tokens(model: Any, exported: Exported, inputs: pd.DataFrame) -> int:
    """Count the rows; UserError if llama.cpp makes other tokens of a prompt or of an answer."""
    chats, cut = feed(inputs, exported.contract)["messages"], special(model.tokenizer)
    for chat, prompt, answer in zip(chats, inputs["prompt"], inputs["answer"], strict=True):
        text = escape_special_tokens(answer, cut)
        same = exported.tokens(text) == token_ids(model.tokenizer, text)
        if not same or exported.asked(chat) != encode_prompt(model.tokenizer, prompt):
            raise UserError(
                f"llama.cpp makes other tokens than the model of {answer[:60]!r} or of what comes "
                "before it, so nothing was exported: take another model.name."
            )
    return len(inputs)


def difference(model: Any, exported: Exported, inputs: pd.DataFrame) -> float:
    """Return the largest difference of a token's probability, at places all over the answers."""
    rng, most = np.random.default_rng(0), 0.0
    for row in rng.permutation(len(inputs))[:PLACES]:
        prompt, answer = inputs["prompt"].iloc[row], inputs["answer"].iloc[row]
        ids, start = encode(model.tokenizer, prompt, answer)
        ids = ids[: rng.integers(start, len(ids))]
        with torch.inference_mode():
            logits = model.network(input_ids=torch.tensor([ids]).to(model.network.device)).logits
        expected = torch.softmax(logits[0, -1].double(), 0).cpu().numpy()
        most = max(most, np.abs(np.exp(exported.chances(ids, len(expected))) - expected).max())
    return float(most)


def metric(
    model: Any,
    predict: Callable[[Any, pd.DataFrame], np.ndarray],
    answers: dict[str, np.ndarray],
    exported: Exported,
    parts: dict[str, Split],
    config: BaseConfig,
) -> dict[str, Any]:
    """Return the metric of the file's own weights beside the model's; UserError if it got worse."""
    path, file = Path(exported.contract["folder"]), exported.contract["model"]
    with redirect_stderr(io.StringIO()):  # it shows a bar
        network = AutoModelForCausalLM.from_pretrained(path, gguf_file=file, dtype="float32")
    network.config.pad_token_id = model.network.config.pad_token_id  # the file may name none
    network.to(model.network.device).eval()
    read, primary = replace(model, network=network, prompt=None), config.evaluate.primary
    limit, found = config.export.max_drop, dict[str, Any]()
    for name in ("validation", "test"):
        part = parts[name]
        told = (answers[name], predict(read, part.inputs))
        before, after = (metrics.score(part.targets, each, None)[primary] for each in told)
        found[name] = {"model": before, "exported": after, "drop": (after - before) / before}
    fall = found["validation"]
    if not fall["drop"] <= limit:
        raise UserError(
            f"{primary} is {fall['exported']:.4g} instead of {fall['model']:.4g} on validation "
            f"rows, so nothing was exported: leave this format out of export.formats, or raise "
            f"export.max_drop ({limit:g}) if that will do."
        )
    return {"name": primary, "max_drop": limit, **found}
