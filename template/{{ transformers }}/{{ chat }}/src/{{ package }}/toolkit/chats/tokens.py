"""Tokenize conversations with the model's chat template."""

import json
from typing import Any

from transformers import PreTrainedTokenizerFast

from ..runs import UserError
from .special_tokens import escape_special_tokens

IGNORED = -100  # label of tokens without a loss


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
    text = tokenizer.apply_chat_template(
        escaped, tokenize=False, add_generation_prompt=generation_prompt
    )
    return str(text)


def token_ids(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    """Return the token ids of a rendered text, whose special tokens count as such."""
    return tokenizer(text, add_special_tokens=False)["input_ids"]
