"""The chat template of a tokenizer: one, without the date of today, with the prompt in front."""

import json
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerFast

from .pretrained import note
from .toolkit.chats import prompting
from .toolkit.chats.tokens import DATE, dated_template, encode_prompt, special
from .toolkit.runs import UserError

TEMPLATE = Path(__file__).parent / "toolkit/chats/template.txt"  # ChatML, for models that have none


def set_template(name: str, tokenizer: Any) -> None:
    """Give a tokenizer one chat template, which does not depend on the day."""
    template = tokenizer.chat_template
    if isinstance(template, dict):  # named ones, such as for tools
        template = template.get("default")
    if template is None:
        note(f"{name} has no chat template: ChatML is used.")
        template = TEMPLATE.read_text(encoding="utf-8")
    dated = dated_template(template)
    if dated != template:
        note(f"{name}: its chat template writes today's date: {DATE} is always used instead.")
    tokenizer.chat_template = dated


def add_prompt(tokenizer: PreTrainedTokenizerFast, prompt: dict[str, Any]) -> None:
    """Add the prompt's messages to the chat template; UserError if they are too long."""
    template, limit = str(tokenizer.chat_template), tokenizer.model_max_length
    tokenizer.chat_template = prompting.before(template, prompt["messages"], special(tokenizer))
    length = len(encode_prompt(tokenizer, json.dumps([{"role": "user", "content": "?"}])))
    if length > limit // 2:
        raise UserError(
            f"model.prompt: {prompt['file']} takes {length} tokens, which is more than half of "
            f"model.max_tokens ({limit}): shorten it, or raise model.max_tokens."
        )
