"""A text in a few numbers: for slices, warnings and drift, not for the model."""

from collections import Counter
from collections.abc import Iterable

from .words import text_id

NAMES = ("characters", "words", "capitals", "digits", "symbols", "foreign", "unseen")
COMMON = 20_000  # words that are remembered of each half ...
LEAST = 2  # ... if so many texts hold them: rarer ones may be names


def measure(text: str, found: list[str], known: tuple[set[str], ...]) -> dict[str, float]:
    """Return the properties of a text whose words were `found`; `known` is what `halves` gave.

    characters, words  how many
    capitals           share of the characters
    digits             share of the characters
    symbols            share of the characters: no letter, digit or space
    foreign            share of the characters that ASCII lacks
    unseen             share of the words that are not known from the other half of the texts
    """
    length = max(1, len(text))
    other = known[1 - text_id(found) % 2]
    plain = sum(map(str.isalnum, text)) + sum(map(str.isspace, text))
    shares = {
        "capitals": sum(map(str.isupper, text)) / length,
        "digits": sum(map(str.isdigit, text)) / length,
        "symbols": 1 - plain / length if text else 0.0,
        "foreign": 1 - len(text.encode("ascii", "ignore")) / length if text else 0.0,
        "unseen": sum(word not in other for word in found) / max(1, len(found)),
    }
    counts = {"characters": len(text), "words": len(found)}
    return counts | {name: round(share, 4) for name, share in shares.items()}


def halves(texts: Iterable[list[str]]) -> list[str]:
    """Return the common words of either half of the texts, each as one text.

    Which half a text is in follows from its id. None is compared with its own half, so the texts
    that a model was trained on do not look more familiar than new ones.
    """
    counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for found in texts:
        counts[text_id(found) % 2].update(set(found))
    shared = [{word: n for word, n in count.items() if n >= LEAST} for count in counts]
    common = [sorted(held, key=lambda word: (-held[word], word))[:COMMON] for held in shared]
    return [" ".join(sorted(some)) for some in common]


def sets(known: list[str]) -> tuple[set[str], ...]:
    """Return what `measure` takes, of what `halves` returned and a contract keeps."""
    return tuple(set(text.split()) for text in known)
