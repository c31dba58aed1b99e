"""A prompt in a few numbers: for slices, warnings and drift, not for the model."""

from ..texts import measures
from ..texts.words import words
from .messages import Message


def told(prompt: list[Message], answer: str = "") -> str:
    """Return the text that is measured and compared: the answer where there is no prompt.

    A system message is not part of it: often it is the same in all conversations.
    """
    return "\n".join(m["content"] for m in prompt if m["role"] != "system") or answer


def transcript(prompt: list[Message]) -> str:
    """Return the text that a person, or a judge, reads: with roles, but for a single question."""
    if [message["role"] for message in prompt] == ["user"]:
        return prompt[0]["content"]
    return "\n".join(f"{message['role']}: {message['content']}" for message in prompt)


def properties(
    prompt: list[Message], known: tuple[set[str], ...], answer: str = ""
) -> dict[str, float]:
    """Return the properties of a prompt; `known` is what texts.measures.sets gave.

    turns   messages before the answer, or before the message of the assistant that is to go on
    and all of texts.measures
    """
    text = told(prompt, answer)
    begun = bool(prompt) and prompt[-1]["role"] == "assistant"
    return {"turns": len(prompt) - begun} | measures.measure(text, words(text), known)
