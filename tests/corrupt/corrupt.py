"""Test a project with broken files: each gives a result, an error message or a defect.

    uv run --directory PROJECT python tests/corrupt/corrupt.py [--only WORDS] [--verbose]

Runs in the project's environment, with its own command line. A case passes if it ends with exit
code 0, or with 2 and one line that names the file, a column or a key, and if an error leaves no
files behind, except caches in data/processed. Exit code 1 if there is a defect.
"""

import argparse
import io
import json
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent))
from damage import EITHER, REFUSED, SAME, Case

MAX_LENGTH = 1100  # characters of a message
TIMEOUT = 120  # seconds of a case
IMPORTS = 120  # additional seconds of the first one
VERDICTS = ("result", "message", "defect")
KINDS = {"tabular": "tables", "image": "pictures", "text": "texts", "chat": "chats"}


@dataclass
class Outcome:
    """The outcome of a case: exit code, output, and what is wrong with them."""

    case: Case
    code: int
    output: str
    facts: Any
    took: float
    fault: str = ""

    @property
    def verdict(self) -> str:
        """One of VERDICTS."""
        return "defect" if self.fault else "result" if self.code == 0 else "message"


def main() -> int:
    """Run all cases for the project's kind of input."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="cases whose name holds these words")
    parser.add_argument("--every", type=int, default=1, help="every n-th of those")
    parser.add_argument("--slow", action="store_true", help="also those that take a minute")
    parser.add_argument("--verbose", action="store_true", help="show each message")
    args = parser.parse_args()
    kind, labels = _kind()
    module = import_module(KINDS[kind])
    first, *others = module.cases(labels)
    quick = [case for case in others if args.slow or not case.slow]
    wanted = [case for case in quick if args.only in case.name][:: args.every]
    clean = attempt(first, module.OPTIONS, None)
    found = [clean]
    for case in wanted:
        found.append(outcome := attempt(case, module.OPTIONS, clean.facts))
        if outcome.fault or args.verbose:
            text = outcome.fault or outcome.output
            print(f"{outcome.verdict:>8}  {case.name} ({outcome.took:.1f} s): {text}", flush=True)
    counts = Counter(outcome.verdict for outcome in found)
    summary = ", ".join(f"{counts[name]} {name}" for name in VERDICTS)
    print(f"{KINDS[kind]}: {len(found)} cases: {summary}")
    return 1 if counts["defect"] else 0


def _kind() -> tuple[str, bool]:
    """Return the project's kind of input, and whether its target is a label."""
    task = yaml.safe_load(Path(".copier-answers.yml").read_text("utf-8"))["task"]
    return ("chat" if task == "text-generation" else task.split("-")[0]), "regr" not in task


def attempt(case: Case, options: Sequence[str], clean: Any) -> Outcome:
    """Run `data` on a case in a separate folder."""
    root = Path.cwd()
    (package,) = [path.parent.name for path in root.glob("src/*/cli.py")]
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        shutil.copy(root / "config.yaml", "config.yaml")
        if (root / "prompts").exists():
            shutil.copytree(root / "prompts", "prompts")
        Path("in").mkdir()
        path = case.make(Path("in"))
        before, started = _files(), time.perf_counter()
        words = ["data", "--data.path", str(path), *options, *case.options]
        slow = case.slow if clean else IMPORTS
        code, out, err = _call(import_module(f"{package}.cli").main, words, slow)
        took, left = time.perf_counter() - started, _files() - before
        facts = _facts() if code == 0 else None
    outcome = Outcome(case, code, (out if code == 0 else err).strip(), facts, took)
    faults = _faults(outcome, err, left, clean)
    outcome.fault = "; ".join(faults)
    return outcome


def _call(
    command: Callable[[Sequence[str]], int], words: Sequence[str], slow: int
) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of a command; 1 and a traceback if it raises."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        signal.signal(signal.SIGALRM, _stop)
        signal.alarm(TIMEOUT + slow)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("default")
                code = command(words)
        except Exception:
            code = 1
            traceback.print_exc()
        finally:
            signal.alarm(0)
    return code, out.getvalue(), err.getvalue()


def _stop(*_: Any) -> None:
    raise RuntimeError("timed out")


def _files() -> set[Path]:
    """Return the files here, except complete caches in data/processed."""
    found = {path for path in Path().rglob("*") if path.is_file()}
    kept = {path for path in found if path.parts[:2] == ("data", "processed")}
    return found - {path for path in kept if not path.name.startswith(".") and path.stat().st_size}


def _facts() -> Any:
    """Return the number of rows, and the kinds of columns."""
    manifest = json.loads(Path("data/processed/data.json").read_text("utf-8"))
    columns = [(column["name"], column["kind"]) for column in manifest["columns"]]
    return sum(manifest["splits"].values()) + manifest["twins_dropped"], columns


def _faults(outcome: Outcome, err: str, left: set[Path], clean: Any) -> list[str]:
    """Return what is wrong with an outcome."""
    case, code, output = outcome.case, outcome.code, outcome.output
    if code not in (0, 2):
        return [f"exit code {code}: {err.strip()[-1500:]}"]
    faults = []
    if code == 0 and err:
        faults.append(f"unexpected text on stderr: {err[-500:]!r}")
    if code == 2 and err.count("\n") != 1:
        faults.append(f"{err.count(chr(10))} lines on stderr: {err[-500:]!r}")
    if code == 2 and len(err) > MAX_LENGTH:
        faults.append(f"a message of {len(err)} characters: {err[:300]!r}")
    if code == 2 and left:
        faults.append(f"left behind: {sorted(map(str, left))}; {output}")
    if case.expects != EITHER and (code == 0) != (case.expects != REFUSED):
        faults.append(f"expected {case.expects}, got: {output}")
    if case.says not in output:
        faults.append(f"does not say {case.says!r}: {output}")
    if case.expects == SAME and code == 0 and outcome.facts != clean:
        faults.append(f"read as {outcome.facts}, not as {clean}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
