"""What people write stays text: no message can become a special token, such as one's end."""

import re
from collections.abc import Sequence
from functools import lru_cache

CUT = "\u200b"  # a zero-width space: nobody sees it, and no special token holds one


def escape_special_tokens(text: str, special: Sequence[str]) -> str:
    """Return a text in which each of the special tokens' texts is cut behind its first character.

    Those that overlap are all cut. What holds none stays as it is, so doing it twice changes
    nothing.
    """
    return _beginnings(tuple(special)).sub(rf"\1{CUT}", text)


@lru_cache
def _beginnings(special: tuple[str, ...]) -> re.Pattern[str]:
    texts = "|".join(map(re.escape, special)) or "(?!)"
    return re.compile(f"(?={texts})(.)", re.DOTALL)
