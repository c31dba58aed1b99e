"""Properties of a prompt, for slices, warnings and drift; not model inputs."""

from ..texts import measures
from ..texts.words import words
from .messages import Message


def prompt_text(prompt: list[Message], answer: str = "") -> str:
    """Return the text of a prompt that is measured and compared; without one, the answer.

    System messages are left out, since they are often the same in all conversations.
    """
    return "\n".join(m["content"] for m in prompt if m["role"] != "system") or answer


def transcript(prompt: list[Message]) -> str:
    """Return a prompt as text for a person or a judge, with roles unless it is one question."""
    if [message["role"] for message in prompt] == ["user"]:
        return prompt[0]["content"]
    return "\n".join(f"{message['role']}: {message['content']}" for message in prompt)


def properties(
    prompt: list[Message], known: tuple[set[str], ...], answer: str = ""
) -> dict[str, float]:
    """Return the properties of a prompt; `known` comes from texts.measures.sets.

    turns   messages before the answer, or before the assistant's message to be continued
    and all of texts.measures
    """
    text = prompt_text(prompt, answer)
    is_continued = bool(prompt) and prompt[-1]["role"] == "assistant"
    return {"turns": len(prompt) - is_continued} | measures.measure(text, words(text), known)
