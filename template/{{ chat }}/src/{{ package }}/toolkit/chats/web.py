"""Openers of addresses that carry no key to where it was not meant for: the standard library."""

import urllib.request
from typing import Any


class Stay(urllib.request.HTTPRedirectHandler):
    """Follow no redirection, which would carry the key along: it is an HTTPError."""

    def redirect_request(self, *words: Any) -> None:
        """Return None, which is no request."""


direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay).open  # by no proxy
