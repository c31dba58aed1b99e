"""Agreement of an exported language model with the model: tokens, probabilities and the metric."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from ..chats.special_tokens import escape_special_tokens
from ..chats.tokens import encode, encode_prompt, special, token_ids
from ..config import BaseConfig
from ..evaluation import scores
from ..runs import UserError
from ..tables.split import Split
from .feed import feed

POSITIONS = 24  # at which the probabilities of all tokens are compared


class Exported(Protocol):
    """What the `load` of the format returns; `executed_by` names the runtime."""

    executed_by: str
    contract: Any

    def decide(self, inputs: Any) -> tuple[np.ndarray, None]:
        """Return the answers, and no labels."""

    def prompt_tokens(self, messages: Any) -> list[int]:
        """Return the token ids of the prompt for messages of `feed`."""

    def tokens(self, text: str) -> list[int]:
        """Return the token ids of a text."""

    def log_probabilities(self, ids: list[int], tokens: int) -> np.ndarray:
        """Return the log-probability of each token to be next."""


def same_tokens(model: Any, exported: Exported, inputs: pd.DataFrame) -> int:
    """Return the number of rows; UserError if llama.cpp tokenizes one of them differently."""
    chats, marks = feed(inputs, exported.contract)["messages"], special(model.tokenizer)
    for chat, prompt, answer in zip(chats, inputs["prompt"], inputs["answer"], strict=True):
        text = escape_special_tokens(answer, marks)
        same = exported.tokens(text) == token_ids(model.tokenizer, text)
        if not same or exported.prompt_tokens(chat) != encode_prompt(model.tokenizer, prompt):
            raise UserError(
                f"llama.cpp tokenizes {answer[:60]!r} or its prompt differently from the model, so "
                "nothing was exported: choose another model.name."
            )
    return len(inputs)


def difference(model: Any, exported: Exported, inputs: pd.DataFrame) -> float:
    """Return the largest difference of a token probability at random positions of answers."""
    rng, largest = np.random.default_rng(0), 0.0
    for row in rng.permutation(len(inputs))[:POSITIONS]:
        prompt, answer = inputs["prompt"].iloc[row], inputs["answer"].iloc[row]
        ids, start = encode(model.tokenizer, prompt, answer)
        ids = ids[: rng.integers(start, len(ids))]
        expected = model.probabilities(ids)
        found = np.exp(exported.log_probabilities(ids, len(expected)))
        largest = max(largest, np.abs(found - expected).max())
    return float(largest)


def metric(
    model: Any,
    predict: Callable[[Any, pd.DataFrame], np.ndarray],
    answers: dict[str, np.ndarray],
    exported: Exported,
    parts: dict[str, Split],
    config: BaseConfig,
) -> dict[str, Any]:
    """Return the metric of the model and of the file's weights; UserError if it dropped too far."""
    path, file = Path(exported.contract["folder"]), exported.contract["model"]
    reread, primary = model.reread(path / file), config.evaluate.primary
    limit, found = config.export.max_drop, dict[str, Any]()
    for name in ("validation", "test"):
        part = parts[name]
        predictions = (answers[name], predict(reread, part.inputs))
        before, after = (
            scores.score(part.targets, each, None, config.evaluate.OWN)[primary]
            for each in predictions
        )
        found[name] = {"model": before, "exported": after, "drop": (after - before) / before}
    validation = found["validation"]
    if not validation["drop"] <= limit:
        raise UserError(
            f"{primary} is {validation['exported']:.4g} instead of {validation['model']:.4g} on "
            f"validation rows, so nothing was exported: remove this format from export.formats, or "
            f"raise export.max_drop ({limit:g}) if that is acceptable."
        )
    return {"name": primary, "max_drop": limit, **found}
