"""Personal data and secrets in a text, by their form: some are missed, some are harmless.

Addresses at names that RFC 2606 keeps free, such as example.com, are no secret.
"""

import re
from collections.abc import Iterator

PATTERNS = {  # every repetition has an end, so the time grows with the length of a text alone
    "e-mail addresses": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"),
    "phone numbers": re.compile(
        r"(?<![\w+])(?:\+\d{1,3}[ (./-]{0,2}\d[\d ()./-]{5,14}\d"
        r"|0\d{2,4}[ /-]\d{5,8}|\(?\d{3}\)?[ .-]\d{3}[.-]\d{4})(?![\w-])"
    ),
    "card numbers": re.compile(r"(?<![\w.-])[2-6](?:[ -]?\d){12,18}(?![\w-])"),
    "IBANs": re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"),
    "keys": re.compile(
        r"-----BEGIN (?:[A-Z]{2,12} ){0,3}PRIVATE KEY-----[\s\w+/=]{0,9000}"
        r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[opsur]_\w{36,255}|\bgithub_pat_\w{22,255}"
        r"|\bsk-[\w-]{20,255}|\bhf_[A-Za-z0-9]{30,64}\b|\bAIza[\w-]{35}|\bxox[abprs]-[\w-]{10,255}"
        r"|(?<![\w-])eyJ[\w-]{8,2000}\.eyJ[\w-]{8,2000}\.[\w-]{8,2000}"  # a JSON Web Token
    ),
}
HINTS = {  # what a text without such a thing hardly holds, and is found much faster
    "e-mail addresses": ("@",),
    "keys": (
        *("-----BEGIN ", "AKIA", "ASIA", "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_"),
        *("sk-", "hf_", "AIza", "xox", "eyJ"),
    ),
}
DIGITS = re.compile(r"\d[ ()./-]{0,2}\d[ ()./-]{0,2}\d[ ()./-]{0,2}\d")  # and in numbers
MADE_UP = re.compile(r"[@.](example\.(com|net|org)|example|test|invalid|localhost)$", re.IGNORECASE)


def found(text: str) -> list[str]:
    """Name the kinds that a text seems to hold."""
    return sorted({kind for kind, _, _ in _places(text)})


def masked(text: str) -> str:
    """Return the text with *** in their places."""
    for _, start, end in sorted(_places(text), key=lambda place: -place[1]):
        text = f"{text[:start]}***{text[end:]}"
    return text


def _places(text: str) -> Iterator[tuple[str, int, int]]:
    digits = DIGITS.search(text) is not None
    for kind, pattern in PATTERNS.items():
        hints = HINTS.get(kind)
        hinted = any(hint in text for hint in hints) if hints else digits
        for match in pattern.finditer(text) if hinted else ():
            if _is_sound(kind, match[0]):
                yield kind, match.start(), match.end()


def _is_sound(kind: str, text: str) -> bool:
    """Tell numbers and addresses from what only looks like them."""
    if kind == "e-mail addresses":
        return not MADE_UP.search(text)
    if kind == "card numbers":
        return _luhn([int(digit) for digit in text if digit.isdigit()])
    if kind == "IBANs":
        plain = text.replace(" ", "")
        return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1
    return True


def _luhn(digits: list[int]) -> bool:
    """Check the sum of ISO/IEC 7812."""
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
