"""URL openers that never send a key to another server. Needs the standard library alone."""

import urllib.request
from typing import Any


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Treat a redirect as an HTTPError: following it would send the key along."""

    def redirect_request(self, *args: Any) -> None:
        """Return None, so that no request follows."""


direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect).open  # no proxy
