"""A browser that visits the page and does what page_visit.html says."""

import json
import shutil
import subprocess
import threading
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chrome",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
SECONDS = 120


class Handler(SimpleHTTPRequestHandler):
    """Files of a folder, and a box for what the browser sends back."""

    def __init__(self, *args: Any, sent: Queue, **options: Any) -> None:
        self.sent = sent
        super().__init__(*args, **options)

    def do_POST(self) -> None:
        self.sent.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Be quiet."""


def visit(page: Path, scratch: Path, given: dict[str, Any]) -> Any:
    """Return what page_visit.html sends after it did with the page what `given` says."""
    site = shutil.copytree(page, scratch / "site")
    shutil.copy(Path(__file__).with_suffix(".html"), site / "visit.html")
    (site / "given.json").write_text(json.dumps(given), encoding="utf-8")
    sent: Queue = Queue()
    handler = partial(Handler, directory=site, sent=sent)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/visit.html"
        profile = f"--user-data-dir={scratch / 'profile'}"
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", profile]
        browser = subprocess.Popen([str(BROWSER), *flags, address], stderr=subprocess.DEVNULL)
        try:
            return sent.get(timeout=SECONDS)
        finally:
            browser.terminate()
            with suppress(subprocess.TimeoutExpired):
                browser.wait(10)
            server.shutdown()
