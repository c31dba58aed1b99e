"""Find personal data and secrets in texts by their form, with false negatives and positives.

Addresses at domains reserved by RFC 2606, such as example.com, do not count.
"""

import re
from collections.abc import Iterator

PATTERNS = {  # every repetition is bounded, so the time is linear in the length of a text
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
HINTS = {  # every match contains one of these, which is much faster to search
    "e-mail addresses": ("@",),
    "keys": (
        *("-----BEGIN ", "AKIA", "ASIA", "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_"),
        *("sk-", "hf_", "AIza", "xox", "eyJ"),
    ),
}
DIGITS = re.compile(r"\d[ ()./-]{0,2}\d[ ()./-]{0,2}\d[ ()./-]{0,2}\d")  # of numbers
RESERVED = re.compile(
    r"[@.](example\.(com|net|org)|example|test|invalid|localhost)$", re.IGNORECASE
)


def find_pii(text: str) -> list[str]:
    """Return the kinds of personal data and secrets that a text seems to contain."""
    return sorted({kind for kind, _, _ in _matches(text)})


def mask(text: str) -> str:
    """Return the text with *** in place of personal data and secrets."""
    for _, start, end in sorted(_matches(text), key=lambda match: -match[1]):
        text = f"{text[:start]}***{text[end:]}"
    return text


def _matches(text: str) -> Iterator[tuple[str, int, int]]:
    digits = DIGITS.search(text) is not None
    for kind, pattern in PATTERNS.items():
        hints = HINTS.get(kind)
        hinted = any(hint in text for hint in hints) if hints else digits
        for match in pattern.finditer(text) if hinted else ():
            if _is_valid(kind, match[0]):
                yield kind, match.start(), match.end()


def _is_valid(kind: str, text: str) -> bool:
    """Check domains and check digits."""
    if kind == "e-mail addresses":
        return not RESERVED.search(text)
    if kind == "card numbers":
        return _luhn([int(digit) for digit in text if digit.isdigit()])
    if kind == "IBANs":
        plain = text.replace(" ", "")
        return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1
    return True


def _luhn(digits: list[int]) -> bool:
    """Return whether the check digit of ISO/IEC 7812 is right."""
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
