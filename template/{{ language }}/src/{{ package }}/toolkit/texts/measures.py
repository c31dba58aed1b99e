"""Properties of a text: for slices, warnings and drift, not for the model."""

from collections import Counter
from collections.abc import Callable, Iterable

from .words import text_id

NAMES = ("characters", "words", "capitals", "digits", "symbols", "foreign", "unseen")
MAX_WORDS = 20_000  # words that are kept of each half ...
MIN_TEXTS = 2  # ... if they occur in this many texts: rarer ones may be names


def measure(text: str, found: list[str], known: tuple[set[str], ...]) -> dict[str, float]:
    """Return the properties of a text with the words `found`; `known` is the result of `sets`.

    characters, words  counts
    capitals           share of the characters
    digits             share of the characters
    symbols            share of the characters that are no letter, digit or space
    foreign            share of the characters outside ASCII
    unseen             share of the words that do not occur in the other half of the texts
    """
    length, count = max(1, len(text)), Counter(text)
    other = known[1 - text_id(found) % 2]

    def part(of: Callable[[str], bool]) -> float:
        return sum(times for character, times in count.items() if of(character)) / length

    shares = {
        "capitals": part(str.isupper),
        "digits": part(str.isdigit),
        "symbols": part(lambda character: not (character.isalnum() or character.isspace())),
        "foreign": part(lambda character: character > "\x7f"),
        "unseen": sum(word not in other for word in found) / max(1, len(found)),
    }
    counts = {"characters": len(text), "words": len(found)}
    return counts | {name: round(share, 4) for name, share in shares.items()}


def halves(texts: Iterable[list[str]]) -> list[str]:
    """Return the common words of each half of the texts, each as one text.

    The id of a text determines its half. A text is only compared with the other half, so training
    texts do not look more familiar than new ones.
    """
    counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for found in texts:
        counts[text_id(found) % 2].update(set(found))
    frequent = [{word: n for word, n in count.items() if n >= MIN_TEXTS} for count in counts]
    common = [sorted(each, key=lambda word: (-each[word], word))[:MAX_WORDS] for each in frequent]
    return [" ".join(sorted(words)) for words in common]


def sets(known: list[str]) -> tuple[set[str], ...]:
    """Return the word sets for `measure`, from the result of `halves`, as a contract stores it."""
    return tuple(set(text.split()) for text in known)
