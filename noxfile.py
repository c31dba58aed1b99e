"""The test matrix: `nox` checks a change, `nox -s demo` shows what a user gets.

Each session installs exact versions from tests/requirements.txt; the environment of a rendered
project is made by `uv sync` in it, as its user would.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.sessions = ["lint", "render", "update", "project"]
nox.options.default_venv_backend = "uv"
nox.options.reuse_existing_virtualenvs = True

ENV = {
    "UV_PYTHON": sys.executable,  # the interpreter that runs nox: uv need not download one
    "OMP_NUM_THREADS": "1",  # two threads stall each other on a busy machine
    "UV_PROJECT_ENVIRONMENT": ".venv",  # of a render; nox sets that of the session
    "PYTHONDONTWRITEBYTECODE": "",  # libraries are compiled once
    "HF_HUB_OFFLINE": "1",  # no test uses a hub
    "GIT_CONFIG_GLOBAL": os.devnull,  # without the user's hooks and signing
}
DEMO = Path("demo")
MEMORY, ROOM = Path("/dev/shm"), 2 * 10**9  # Linux's folder in memory, and the free bytes it needs
TESTS = Path("tests").resolve()
GENERATED = TESTS / "generated.txt"
KINDS = {  # of input: a task each
    "tables": "tabular-classification",
    "numbers": "tabular-regression",
    "pictures": "image-classification",
    "texts": "text-classification",
    "chats": "text-generation",
}


@nox.session
def lint(session: nox.Session) -> None:
    """Style of this repository and of the template, and the rules of CONTRIBUTING."""
    _install(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("pytest", "tests/test_template.py", *session.posargs)


@nox.session
def render(session: nox.Session) -> None:
    """Every cell renders, formatted and complete; hostile answers are rejected or harmless."""
    _install(session)
    files = ("tests/test_render.py", "tests/test_additions.py", "tests/test_hostile.py")
    _pytest(session, *files, in_memory=True)


@nox.session
def update(session: nox.Session) -> None:
    """An edited project is updated to a new version, and from one answer to another."""
    _install(session)
    names = ("update", "losses", "pin")
    _pytest(session, *(f"tests/test_{name}.py" for name in names), in_memory=True)
    _pytest(session, "tests/test_owner.py")


@nox.session
def project(session: nox.Session) -> None:
    """A covering set of projects: installed, tested by their own tests, and run on their data."""
    _install(session)
    _pytest(session, "tests/test_project.py", "tests/test_make_it_yours.py")


@nox.session
def full(session: nox.Session) -> None:
    """Run every cell with every model; write SUPPORT.md. `nox -s full -- 2/4` runs a quarter."""
    _install(session)
    session.run("python", "tests/support.py", *session.posargs, env=ENV)


@nox.session
def history(session: nox.Session) -> None:
    """Update projects of past commits and switch every answer: two tables in half an hour."""
    _install(session)
    session.run("python", "tests/history.py", env=ENV)
    session.run("python", "tests/switches.py", *session.posargs, env=ENV)


@nox.session
def demo(session: nox.Session) -> None:
    """Render the defaults into ./demo (or a folder given after --) and run the pipeline."""
    _install(session)
    folder = Path(session.posargs[0]) if session.posargs else DEMO
    if folder.exists() and not session.posargs:
        session.log(f"{folder} is there already: running it again")
    else:
        session.run("python", "tests/render.py", folder)
    session.run("uv", "run", "--directory", folder, "my-model", "run", external=True, env=ENV)
    newest = (folder / "runs/latest").read_text(encoding="utf-8").strip()
    session.log(f"open {folder / 'runs' / newest / 'report.html'}")


@nox.session
def bench(session: nox.Session) -> None:
    """Compare speed and memory with alternatives: BENCHMARKS.md. `-- texts` runs some."""
    _install(session)
    session.run("python", "tests/benchmarks.py", *session.posargs, env=ENV)


@nox.session
def frameworks(session: nox.Session) -> None:
    """Compare frameworks on tables and pictures: docs/FRAMEWORKS.md."""
    _install(session)
    session.run("python", "tests/frameworks.py", env=ENV)


@nox.session
def corrupt(session: nox.Session) -> None:
    """Test projects with broken files, 2,000 random inputs of each kind, a full disk, kills."""
    _install(session)
    with tempfile.TemporaryDirectory() as scratch:
        for kind, task in KINDS.items():
            folder = Path(scratch) / kind
            session.run("python", "tests/render.py", folder, f"task={task}")
            _inside(session, folder, "corrupt/corrupt.py", *session.posargs)
        _inside(session, Path(scratch) / "tables", "corrupt/unlucky.py")
        _inside(session, Path(scratch) / "tables", "corrupt/generated.py", needs=GENERATED)
        _inside(session, Path(scratch) / "chats", "corrupt/conversations.py")
        _inside(session, Path(scratch) / "pictures", "corrupt/layouts.py")
        _inside(session, Path(scratch) / "texts", "corrupt/generated_texts.py")


@nox.session
def simulate(session: nox.Session) -> None:
    """Simulate the statistics: docs/INTERVALS.md, docs/MONITORING.md. `-- --draws 10`."""
    _install(session)
    session.run("python", "tests/simulate_intervals.py", *session.posargs, env=ENV)
    with tempfile.TemporaryDirectory() as scratch:
        for kind in ("tables", "numbers"):
            folder = Path(scratch) / kind
            session.run("python", "tests/render.py", folder, f"task={KINDS[kind]}")
            group = ("uv", "sync", "--quiet", "--directory", folder, "--group", "catboost")
            session.run(*group, external=True, env=ENV)
            _inside(session, folder, "simulate_drift.py", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Send 10,000 requests to the APIs, and slow clients. `-- --soak 600` adds a load test."""
    _install(session)
    session.install("-r", "tests/fuzz.txt")
    session.run("python", "tests/fuzz.py", *session.posargs, env=ENV)


@nox.session
def pin(session: nox.Session) -> None:
    """Move to the releases of today, or of a day given after --."""
    _install(session)
    session.run("python", "tests/pin.py", *session.posargs, env=ENV)


@nox.session
def bump(session: nox.Session) -> None:
    """Move to those releases and run every check again, which writes SUPPORT.md."""
    pin(session)
    for name in (*nox.options.sessions, "full"):
        session.notify(name, [])


def _install(session: nox.Session) -> None:
    session.install("-r", "tests/requirements.txt")


def _inside(
    session: nox.Session, folder: Path, script: str, *words: str, needs: Path | None = None
) -> None:
    """Run a script of tests/ in a project's environment, with what it `needs` in addition."""
    more = ["--with-requirements", needs] if needs else []
    command = ["uv", "run", "--directory", folder, *more, "python", TESTS / script, *words]
    session.run(*command, external=True, env=ENV)


def _pytest(session: nox.Session, *files: str, in_memory: bool = False) -> None:
    """Run tests in parallel, one on each core: a project uses one thread.

    Renders are thousands of small files, up to four times slower on a disk.
    """
    has_room = in_memory and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    env = ENV | ({"TMPDIR": str(MEMORY)} if has_room else {})
    durations = ("--durations=20", "--durations-min=5")
    words = ("-n", "auto", "--dist", "worksteal", *durations, *files, *session.posargs)
    session.run("pytest", *words, env=env)
