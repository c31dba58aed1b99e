"""Command line: the pipeline's stages, the modules of commands/, and settings as options."""

import argparse
import errno
import re
import sys
import tomllib
from collections.abc import Callable, Collection, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from . import commands, pipeline
from .config import OF_RUN, Config, complete, load
from .toolkit.config import keys, suggest
from .toolkit.runs import UserError

PROGRAM = str(__package__).replace("_", "-")
DESCRIPTION = "Train, evaluate, export and monitor a model."
MAX_LENGTH = 1000  # characters of an error message
OUT_OF_MEMORY = "out of memory: free some, or use a machine with more; finished results are kept."
NO_MEMORY = (  # errors of libraries and of Python itself that mean a lack of memory
    *("failed to map", "can't start new thread", "can't allocate memory", "CUDA out of memory"),
    *("bad_alloc", "bad allocation", "without exception set", "without setting an exception"),
)
STORAGE = {  # errors of a full or read-only disk
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.EIO, errno.ENAMETOOLONG),
}
Run = Callable[[Config, argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return 0 for success, 1 for a failed gate or drift, 2 for a user error."""
    ignored = ""
    try:
        args, overrides = parse(argv)
        ignored = _ignored(args, overrides)
        code: int = args.call(load(args.config, overrides), args)
        if ignored:
            print(f"{PROGRAM}: {ignored}.", file=sys.stderr)
        return code
    except UserError as error:
        more = f" ({ignored})" if ignored else ""
        print(f"{PROGRAM}: {_short(str(error))}{more}", file=sys.stderr)
        return 2
    except (MemoryError, ImportError, RuntimeError, SystemError) as error:
        if isinstance(error, MemoryError) or any(words in str(error) for words in NO_MEMORY):
            reason = OUT_OF_MEMORY
        elif isinstance(error, ImportError) and (way := missing_groups()):
            reason = f"{error}: {way}."
        else:
            raise
        print(f"{PROGRAM}: {reason}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in STORAGE:
            raise
        place = f"{error.filename}: " if error.filename else ""
        reason = f"{place}{error.strerror}: free up space or allow writing there"
        print(f"{PROGRAM}: {reason}; finished results are kept.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{PROGRAM}: stopped; finished results are kept.", file=sys.stderr)
        return 130


def parse(argv: Sequence[str] | None = None) -> tuple[argparse.Namespace, dict[str, str]]:
    """Return a command's options, and its settings by dotted key; UserError for an unknown one."""
    args, unknown = _parser().parse_known_args(argv)
    if unknown:
        raise UserError(f"unknown option {unknown[0]}{suggest(unknown[0], complete(), '--')}")
    known = {key for key, _ in keys(complete())}
    return args, {key: text for key, text in vars(args).items() if key in known}


def missing_groups(path: Path = Path("pyproject.toml")) -> str:
    """Return how to install default groups that lack a package, `dev` excepted; "" if none does."""
    if not path.exists():
        return "install the dependency groups of this project: `uv sync` in its folder"
    project = tomllib.loads(path.read_text(encoding="utf-8"))
    groups, usual = project["dependency-groups"], project["tool"]["uv"]["default-groups"]
    missing = [name for name in usual if name != "dev" and not all(map(_installed, groups[name]))]
    command = "".join(f" --group {name}" for name in missing)
    way = f"install the dependency groups {', '.join(missing)}: `pip install{command}` or `uv sync`"
    return way if missing else ""


def _installed(requirement: object) -> bool:
    """Return whether a package is installed; True for included groups and conditional packages."""
    if not isinstance(requirement, str) or ";" in requirement:
        return True
    try:
        distribution(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])
    except PackageNotFoundError:
        return False
    return True


def _ignored(args: argparse.Namespace, overrides: Collection[str]) -> str:
    """Return a note on options that a command on an existing run ignores; "" if none."""
    if "data" in args.reads and not getattr(args, "resume", False):  # the run is new
        return ""
    reads = () if "data" in args.reads else args.reads
    unused = [key for key in overrides if key.split(".")[0] in OF_RUN and key not in reads]
    names = ", ".join(f"--{key}" for key in unused[:3]) + " and others" * (len(unused) > 3)
    return f"no effect of {names}: an existing run keeps its own settings" if unused else ""


def _short(text: str) -> str:
    """Shorten a message in the middle: it may quote ten thousand columns."""
    half = MAX_LENGTH // 2
    return text if len(text) <= MAX_LENGTH else f"{text[:half]} … {text[-half:]}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(PROGRAM, allow_abbrev=False, description=DESCRIPTION)
    found = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for word, stage in pipeline.STAGES.items():
        sub = _command(found, word, stage.run, stage.run.__doc__, stage.reads)
        for flag, options in stage.flags.items():
            sub.add_argument(flag, **options)
    for word in commands.names():
        module = commands.load(word)
        reads = (word, *getattr(module, "READS", ()))
        sub = _command(found, word, module.run, module.__doc__, reads)
        if hasattr(module, "arguments"):
            module.arguments(sub)
    return parser


def _command(
    found: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Run,
    doc: str | None,
    reads: Collection[str],
) -> argparse.ArgumentParser:
    """Add a command; all settings are options, and its help shows those of sections it `reads`."""
    text = (doc or name).partition("\n")[0].rstrip(".")
    sub = found.add_parser(name, help=text, description=f"{text}.", allow_abbrev=False)
    sub.set_defaults(call=run, reads=reads)
    sub.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE")
    new = "name of the new run, which replaces one of that name; default: the time"
    which = new if name in pipeline.NEW_RUN else "which run; default: the newest"
    sub.add_argument("--run", metavar="NAME", help=which)
    settings = sub.add_argument_group("settings", "override config.yaml; lists and null as YAML")
    for key, field in keys(complete()):
        default = "" if field.is_required() else f"default {field.default}"
        note = default if {key, key.split(".")[0]} & {*reads} else argparse.SUPPRESS
        settings.add_argument(
            f"--{key}", dest=key, default=argparse.SUPPRESS, metavar="VALUE", help=note
        )
    return sub
