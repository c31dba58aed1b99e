"""Escape special tokens, so that no message can contain one, such as the end of a turn."""

import re
from collections.abc import Sequence
from functools import lru_cache

CUT = "\u200b"  # zero-width space: invisible, and part of no special token


def escape_special_tokens(text: str, special: Sequence[str]) -> str:
    """Return the text with a CUT after the first character of each of the `special` texts in it.

    Overlapping ones are all cut. A text without any stays as it is, so escaping is idempotent.
    """
    return _first_characters(tuple(special)).sub(rf"\1{CUT}", text)


@lru_cache
def _first_characters(special: tuple[str, ...]) -> re.Pattern[str]:
    texts = "|".join(map(re.escape, special)) or "(?!)"
    return re.compile(f"(?={texts})(.)", re.DOTALL)
