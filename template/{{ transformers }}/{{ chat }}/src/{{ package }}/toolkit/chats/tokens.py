"""Conversations to tokens, by the chat template of the model."""

import json
from typing import Any

from transformers import PreTrainedTokenizerFast

from ..runs import UserError
from .special_tokens import escape_special_tokens

IGNORED = -100  # the label of a token that is not to be learnt


def messages_of(prompt: str) -> list[dict[str, Any]]:
    """Return the messages of a column `prompt`; plain text has none."""
    return json.loads(prompt)


def special(tokenizer: PreTrainedTokenizerFast) -> list[str]:
    """Return the texts of the special tokens, which no message may bring in."""
    known = tokenizer.added_tokens_decoder.values()
    return sorted(token.content for token in known if token.special)


def ask(tokenizer: PreTrainedTokenizerFast, prompt: str) -> list[int]:
    """Return the tokens that the model goes on from: of a prompt, or the one that begins a text."""
    messages = messages_of(prompt)
    if any(message["role"] != "assistant" for message in messages):
        return numbers(tokenizer, _written(tokenizer, messages, asking=True))
    first = tokenizer.bos_token_id
    begun = "".join(message["content"] for message in messages)  # of a text that is to go on
    ids = numbers(tokenizer, escape_special_tokens(begun, special(tokenizer)))
    return [tokenizer.eos_token_id if first is None else first, *ids]


def encode(tokenizer: PreTrainedTokenizerFast, prompt: str, answer: str) -> tuple[list[int], int]:
    """Return what is trained on: the tokens of `whole` that there is room for."""
    ids, start = whole(tokenizer, prompt, answer)
    return ids[: tokenizer.model_max_length], start


def whole(tokenizer: PreTrainedTokenizerFast, prompt: str, answer: str) -> tuple[list[int], int]:
    """Return the tokens of a prompt with its answer, and how many of them are the prompt's.

    The answer ends with the token that ends a turn. If both are too long, the prompt loses its
    beginning, down to half of the room.
    """
    asked, limit = ask(tokenizer, prompt), tokenizer.model_max_length
    told = numbers(tokenizer, _answered(tokenizer, prompt, answer))
    asked = asked[-max(limit // 2, limit - len(told)) :]
    return asked + told, len(asked)


def _answered(tokenizer: PreTrainedTokenizerFast, prompt: str, answer: str) -> str:
    """Return an answer as the template writes it, with the end of the turn."""
    end, messages = str(tokenizer.eos_token), messages_of(prompt)
    if not messages:
        return escape_special_tokens(answer, special(tokenizer)) + end
    told = [*messages, {"role": "assistant", "content": answer}]
    asked, whole = _written(tokenizer, messages, asking=True), _written(tokenizer, told)
    if not whole.startswith(asked):
        raise UserError("model.name: its chat template rewrites what came before: take another.")
    return whole[len(asked) :].rstrip().removesuffix(end) + end


def _written(
    tokenizer: PreTrainedTokenizerFast, messages: list[dict[str, Any]], asking: bool = False
) -> str:
    texts = special(tokenizer)
    plain = [
        {**each, "content": escape_special_tokens(each["content"], texts)} for each in messages
    ]
    return str(tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=asking))


def numbers(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    """Return the tokens of a text that the template wrote: its special tokens are such."""
    return tokenizer(text, add_special_tokens=False)["input_ids"]
