"""Tokenize conversations with the model's chat template."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerFast

from ..runs import UserError
from .special_tokens import escape_special_tokens

IGNORED = -100  # label of tokens without a loss
DATE = date(2024, 7, 26)  # which the templates of Llama 3 have where no clock is
TODAY = re.compile(r"""strftime_now\(\s*(['"])(.*?)\1\s*\)""")
OTHER = "remove them from the data and from model.prompt, or choose another model.name"


def parse_messages(prompt: str) -> list[dict[str, Any]]:
    """Return the messages of a cell of `prompt`; plain text has none."""
    return json.loads(prompt)


def special(tokenizer: PreTrainedTokenizerFast) -> list[str]:
    """Return the special tokens, which no message may contain."""
    added = tokenizer.added_tokens_decoder.values()
    return sorted(token.content for token in added if token.special)


def encode_prompt(tokenizer: PreTrainedTokenizerFast, prompt: str) -> list[int]:
    """Return the tokens that the model continues: of a prompt, or the start of a text."""
    messages = parse_messages(prompt)
    if any(message["role"] != "assistant" for message in messages):
        return token_ids(tokenizer, _render(tokenizer, messages, generation_prompt=True))
    first = tokenizer.bos_token_id
    start = "".join(message["content"] for message in messages)  # of a text to continue
    ids = token_ids(tokenizer, escape_special_tokens(start, special(tokenizer)))
    return [tokenizer.eos_token_id if first is None else first, *ids]


def encode(tokenizer: PreTrainedTokenizerFast, prompt: str, answer: str) -> tuple[list[int], int]:
    """Return the tokens that are trained on: `encode_untruncated`, cut to the maximum length."""
    ids, start = encode_untruncated(tokenizer, prompt, answer)
    return ids[: tokenizer.model_max_length], start


def encode_untruncated(
    tokenizer: PreTrainedTokenizerFast, prompt: str, answer: str
) -> tuple[list[int], int]:
    """Return the tokens of a prompt with its answer, and how many of them are the prompt's.

    The answer ends with the end-of-turn token. If both together are too long, the prompt loses
    its beginning, down to half of the maximum length.
    """
    prompt_ids, limit = encode_prompt(tokenizer, prompt), tokenizer.model_max_length
    answer_ids = token_ids(tokenizer, _render_answer(tokenizer, prompt, answer))
    prompt_ids = prompt_ids[-max(limit // 2, limit - len(answer_ids)) :]
    return prompt_ids + answer_ids, len(prompt_ids)


def _render_answer(tokenizer: PreTrainedTokenizerFast, prompt: str, answer: str) -> str:
    """Return an answer as the template renders it, with the end of turn."""
    end, messages = str(tokenizer.eos_token), parse_messages(prompt)
    if not messages:
        return escape_special_tokens(answer, special(tokenizer)) + end
    start = _render(tokenizer, messages, generation_prompt=True)
    text = _render(tokenizer, [*messages, {"role": "assistant", "content": answer}])
    if not text.startswith(start):
        raise UserError(
            "model.name: its chat template changes earlier messages: choose another model."
        )
    return text[len(start) :].rstrip().removesuffix(end) + end


def _render(
    tokenizer: PreTrainedTokenizerFast,
    messages: list[dict[str, Any]],
    generation_prompt: bool = False,
) -> str:
    tokens = special(tokenizer)
    escaped = [
        {**message, "content": escape_special_tokens(message["content"], tokens)}
        for message in messages
    ]
    try:
        text = tokenizer.apply_chat_template(
            escaped, tokenize=False, add_generation_prompt=generation_prompt
        )
    except TemplateError as error:
        roles = ", ".join(message["role"] for message in messages)
        raise UserError(
            f"model.name: its chat template refuses messages of {roles} ({error}): {OTHER}."
        ) from None
    return str(text)


def check_template(tokenizer: PreTrainedTokenizerFast, prompts: Sequence[str]) -> None:
    """Raise UserError if the chat template can't write the roles of a prompt, or leaves one out."""
    chats = Counter(
        tuple(message["role"] for message in parse_messages(prompt)) for prompt in prompts
    )
    for roles, count in chats.items():
        messages = [
            {"role": role, "content": f"message {number}."} for number, role in enumerate(roles)
        ]
        _render_answer(tokenizer, json.dumps(messages), "answer.")
        text = _render(tokenizer, messages, generation_prompt=True) if messages else ""
        if left := [m["role"] for m in messages if m["content"] not in text]:
            raise UserError(
                f"model.name: its chat template leaves out messages of the {left[0]}, which "
                f"{count} of {len(prompts)} conversations have: {OTHER}."
            )


def dated_template(template: str) -> str:
    """Return a chat template that writes DATE instead of the current date.

    Else training, `predict` and servers would read different prompts, by the day.
    """
    dated = TODAY.sub(lambda call: json.dumps(DATE.strftime(call[2])), template)
    dated = dated.replace("strftime_now is defined", "true")
    if "strftime_now" in dated:
        raise UserError(
            "model.name: its chat template formats the current date in a way that can't be fixed: "
            "choose another model.name."
        )
    return dated


def token_ids(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    """Return the token ids of a rendered text, whose special tokens count as such."""
    return tokenizer(text, add_special_tokens=False)["input_ids"]
