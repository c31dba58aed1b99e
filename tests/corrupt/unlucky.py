"""Test a project with a full or read-only disk, little memory, killed processes, a wrong clock.

    uv run --directory PROJECT python tests/corrupt/unlucky.py [--kills 8]

Runs in the environment of a project of tables, on its demo data, with real processes. Prints a
line for each trial; exit code 1 if one goes wrong.
"""

import argparse
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

QUICK = ["--train.rounds", "20", "--evaluate.resamples", "100", "--export.formats", "[onnx]"]
NEEDED = (
    *("contract.json", "parity.json", "measurements.json", "examples.json", "reference.parquet"),
    *("reference-predictions.parquet", "reference-fitted.npy"),
)
SIZES = (500, 2_000, 20_000, 60_000)  # bytes that a file may have
SPACES = (500, 600, 700, 800, 900)  # megabytes of addresses that a process may have
CODE = "import sys; from {} import cli; sys.exit(cli.main())"
CLOCK = """\
import sys
from datetime import UTC, datetime
from {0} import cli
from {0}.toolkit import runs
moment = datetime(2030, 5, 5, int(sys.argv.pop(1)), tzinfo=UTC)
class Clock(datetime):
    now = classmethod(lambda cls, zone=None: moment)
runs.datetime = Clock
sys.exit(cli.main())
"""


def start(
    *words: str, code: str = CODE, limit: int | None = None, kind: int = resource.RLIMIT_FSIZE
) -> subprocess.Popen:
    """Start the project's command; `limit` is the size of its largest file, or of another `kind`.

    With a limit Python writes no .pyc files: 3.11 keeps those that are cut short (gh-126606).
    """
    (package,) = [path.parent.name for path in Path().glob("src/*/cli.py")]
    command = [sys.executable, "-c", code.format(package), *words]
    hold = partial(resource.setrlimit, kind, (limit, limit))
    compiles = {} if limit is None else {"PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        command,
        env=os.environ | compiles,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=None if limit is None else hold,
    )


def call(*words: str, **how: object) -> tuple[int, str]:
    """Return the exit code and stderr of the project's command."""
    process = start(*words, **how)
    _, err = process.communicate()
    return process.returncode, err


def places(folder: Path) -> list[str]:
    """Return options that put all generated files into a folder."""
    return [f"--paths.{name}={folder / name}" for name in ("runs", "processed", "schemas")]


def check(trial: str, *facts: bool) -> bool:
    """Print a trial and whether it passed."""
    print(f"{'well' if all(facts) else 'WRONG':>8}  {trial}", flush=True)
    return all(facts)


def explained(code: int, err: str) -> bool:
    """Return whether a command ended with one error message."""
    return code == 2 and err.count("\n") == 1 and "Traceback" not in err


def complete(export: Path) -> bool:
    """Return whether an export has every file, each as in its contract."""
    if not all((export / name).exists() for name in NEEDED):
        return False
    sums = json.loads((export / "contract.json").read_text("utf-8"))["sha256"]
    return all(hashlib.sha256((export / n).read_bytes()).hexdigest() == s for n, s in sums.items())


def full_disk(folder: Path) -> Iterator[bool]:
    """Limit the size of files, then remove the limit."""
    for size in SIZES:
        here = [*places(folder / str(size)), *QUICK]
        code, err = call("run", "--run", "a", *here, limit=size)
        run = folder / str(size) / "runs/a"
        left = [path for path in (folder / str(size)).rglob("*") if path.name.startswith(".")]
        fine = code == 0 and complete(run / "export/onnx")
        yield check(f"files of at most {size} bytes: {code} {err.strip()}", not left,
                    fine or explained(code, err))  # fmt: skip
        yield check("... and without the limit", call("run", "--run", "a", *here)[0] == 0,
                    complete(run / "export/onnx"))  # fmt: skip


def starved(folder: Path) -> Iterator[bool]:
    """Limit the memory, then remove the limit."""
    here = ["--run", "a", *places(folder), *QUICK]
    for size in SPACES:
        code, err = call("run", *here, limit=size * 10**6, kind=resource.RLIMIT_AS)
        known = code == 0 or (code == 2 and "out of memory" in err)
        known |= code == -signal.SIGABRT and "bad_alloc" in err  # C++ ends the process itself
        yield check(f"{size} MB of addresses: {code} {err.strip()}", known, "Traceback" not in err)
    yield check("... and without the limit", call("run", *here)[0] == 0,
                complete(folder / "runs/a/export/onnx"))  # fmt: skip


def read_only(folder: Path) -> Iterator[bool]:
    """Run on a read-only disk."""
    with sealed(folder / "sealed") as mounted:
        if not mounted:
            print(
                " skipped  a read-only disk: it takes root to mount one, or no root to be refused"
            )
            return
        for word in ("data", "train", "run"):
            code, err = call(word, *places(folder / "sealed"), *QUICK)
            yield check(f"{word} on a read-only disk: {code} {err.strip()}", explained(code, err))


@contextmanager
def sealed(folder: Path) -> Iterator[bool]:
    """Make a read-only folder; yield whether that was possible."""
    folder.mkdir()
    if os.getuid():
        folder.chmod(0o555)
        yield True
        folder.chmod(0o755)
        return
    command = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True).returncode == 0
    yield mounted
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def killed(folder: Path, kills: int) -> Iterator[bool]:
    """Kill exports that replace an earlier one."""
    here, run = [*places(folder), *QUICK], folder / "runs/a"
    seen, chance = set(), random.Random(0)
    started = time.perf_counter()
    first = call("run", "--run", "a", *here)[0]
    call("export", "--run", "a", *here)
    took = time.perf_counter() - started
    yield check("a run to be exported", first == 0, complete(run / "export/onnx"))
    for _ in range(kills):
        process = start("export", "--run", "a", *here)
        time.sleep(took * chance.uniform(0.05, 0.5))
        process.kill()
        process.communicate()
        found = (run / "export/onnx").exists()
        seen.add(
            "complete" if found and complete(run / "export/onnx") else "half" if found else "none"
        )
    yield check(f"{kills} exports killed, of which was left: {', '.join(sorted(seen))}",
                "half" not in seen)  # fmt: skip
    yield check("... and another", call("export", "--run", "a", *here)[0] == 0,
                complete(run / "export/onnx"))  # fmt: skip


def at_once(folder: Path) -> Iterator[bool]:
    """Run the same command twice at once."""
    here, runs = [*places(folder), *QUICK], folder / "runs"
    both = [start("run", *here), start("run", *here)]
    errors = [process.communicate()[1] for process in both]
    made = sorted(path.name for path in runs.glob("[!.]*/"))
    newest = (runs / "latest").read_text("utf-8").strip()
    ended = [(runs / name / "metrics.json").exists() for name in made]
    yield check(f"two runs at once: {[p.returncode for p in both]} {''.join(errors)}",
                len(made) == 2, newest in made, *ended,
                *(complete(runs / name / "export/onnx") for name in made))  # fmt: skip
    both = [start("export", "--run", newest, *here) for _ in range(2)]
    errors = [process.communicate()[1] for process in both]
    yield check(f"two exports at once: {[p.returncode for p in both]} {''.join(errors)}",
                sorted(p.returncode for p in both) == [0, 2],
                complete(runs / newest / "export/onnx"),
                [p.name for p in (runs / newest / "export").iterdir()] == ["onnx"])  # fmt: skip


def one_writer(folder: Path) -> Iterator[bool]:
    """Let two processes write the same run, and the same predictions."""
    here, output = [*places(folder), *QUICK], folder / "out.csv"
    text = Path("data/raw/birdstrikes.csv").read_text("utf-8")
    head, rows = text.split("\n", 1)
    (folder / "many.csv").write_text(f"{head}\n{rows * 20}", "utf-8")
    trials = {
        "run": ["run", "--run", "a", *here],
        "predict": ["predict", str(folder / "many.csv"), str(output), *here],
    }
    for word, words in trials.items():
        both = [start(*words), start(*words)]
        errors = [process.communicate()[1] for process in both]
        codes = [process.returncode for process in both]
        refused = "in use by another process" in "".join(errors)
        yield check(f"{word} twice, of one name: {codes} {''.join(errors)}",
                    sorted(codes) == [0, 2], refused, not [*folder.rglob(".*")])  # fmt: skip
    yield check("... of which one is complete", complete(folder / "runs/a/export/onnx"),
                output.read_text("utf-8").count("\n") == 1 + 20 * rows.count("\n"))  # fmt: skip


def interrupted(folder: Path) -> Iterator[bool]:
    """Press Ctrl-C at some moments of each stage."""
    here = [*places(folder), *QUICK]
    call("run", "--run", "a", *here)
    ended = (0, 130, -signal.SIGINT)  # the signal itself, while Python starts or ends
    for word in ("data", "train", "evaluate", "export", "run"):
        began = time.perf_counter()
        call("--help")  # Python itself prints a traceback while it imports the command
        loaded = time.perf_counter()
        call(word, "--run", "a", *here)
        startup, took = loaded - began, time.perf_counter() - loaded
        for share in (0.2, 0.4, 0.6):
            process = start(word, "--run", "a", *here)
            time.sleep(startup + (took - startup) * share)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate()
            yield check(f"Ctrl-C in {word}: {process.returncode} {err.strip()}",
                        process.returncode in ended, "Traceback" not in err)  # fmt: skip
    yield check("... and a run", call("run", "--run", "a", *here)[0] == 0,
                complete(folder / "runs/a/export/onnx"))  # fmt: skip


def clock(folder: Path) -> Iterator[bool]:
    """Stop the clock, and set it back."""
    here, latest = [*places(folder), *QUICK], folder / "runs/latest"
    names = []
    for hour in ("12", "12", "11"):
        code, err = call(hour, "train", *here, code=CLOCK)
        names.append(latest.read_text("utf-8").strip() if code == 0 else err)
    kept = all((folder / "runs" / name / "model/decision.json").exists() for name in names)
    yield check(f"a clock that stops and goes back: {names}", len({*names}) == 3, kept,
                names[2].startswith("20300505-11"))  # fmt: skip


def main() -> int:
    """Run all trials."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=8, help="number of exports to kill")
    parser.add_argument("names", nargs="*", help="trials; all if none is named")
    args = parser.parse_args()
    trials: dict[str, Callable[[Path], Iterator[bool]]] = {
        "full": full_disk,
        "starved": starved,
        "sealed": read_only,
        "killed": partial(killed, kills=args.kills),
        "twice": at_once,
        "one": one_writer,
        "interrupted": interrupted,
        "clock": clock,
    }
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    with tempfile.TemporaryDirectory() as scratch:
        good = []
        for name in args.names or trials:
            folder, trial = Path(scratch) / name, trials[name]
            folder.mkdir()
            good += trial(folder)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
