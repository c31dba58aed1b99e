"""From a text to its words, the same in training and in serving: needs the standard library only.

Each character is looked up separately, so the time is linear in the length of a text, and a client
in any language can repeat it.
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
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # replaced by a space


def cleaned(text: str) -> str:
    """Return a text as models read it: without control characters other than tabs and line ends."""
    return CONTROLS.sub(" ", text.replace("\r\n", "\n"))


class _Table(dict[int, str]):
    """The replacement of each character, computed on its first occurrence."""

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", chr(code)).lower()
        self[code] = "".join(map(_replacement, parts))
        return self[code]


def _replacement(character: str) -> str:
    category = unicodedata.category(character)
    if category in ALONE:
        return f" {character} "
    return character if category.startswith(KEPT) else " "


TABLE = _Table()


def words(text: str) -> list[str]:
    """Return the words of a text in order; none of them contains a space."""
    return text.translate(TABLE).split()


def text_id(found: list[str]) -> int:
    """Return a 64-bit hash of the words in their order."""
    digest = hashlib.sha256(" ".join(found).encode()).digest()
    return int.from_bytes(digest[:8], "little")
