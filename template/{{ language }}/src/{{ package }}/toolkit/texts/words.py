"""From a text to its words, the same in training and in service: the standard library alone.

Each character is looked up by itself, so the time grows with the length of a text and with nothing
else, and a client in any language can repeat it.
"""

import hashlib
import re
import unicodedata

CHARACTERS = (
    "each is decomposed (Unicode NFKD) and put into lower case; letters, marks and numbers are "
    "kept; emoji and currency signs (So, Sc) stand alone; anything else separates words"
)
KEPT = ("L", "M", "N")  # first letters of Unicode's categories
ALONE = ("So", "Sc")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # models see a space there


def cleaned(text: str) -> str:
    """Return a text as models are given it: without control characters but tabs and line ends."""
    return CONTROLS.sub(" ", text.replace("\r\n", "\n"))


class _Table(dict[int, str]):
    """What each character becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", chr(code)).lower()
        self[code] = "".join(map(_kept, parts))
        return self[code]


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category in ALONE:
        return f" {character} "
    return character if category.startswith(KEPT) else " "


TABLE = _Table()


def words(text: str) -> list[str]:
    """Return the words of a text in order; none of them holds a space."""
    return text.translate(TABLE).split()


def text_id(found: list[str]) -> int:
    """Return 64 bits that only the same words in the same order give."""
    digest = hashlib.sha256(" ".join(found).encode()).digest()
    return int.from_bytes(digest[:8], "little")
