"""The command line: the pipeline's stages, the modules of commands/, and config.yaml as options."""

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
LONGEST = 1000  # characters of a sentence
STORAGE = {  # a disk that is full, or not to be written to
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.EIO, errno.ENAMETOOLONG),
}
Run = Callable[[Config, argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 is success, 1 a failed gate or drift, 2 a mistake that was explained."""
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
    except ImportError as error:
        if not (way := missing_groups()):
            raise
        print(f"{PROGRAM}: {error}: {way}.", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in STORAGE:
            raise
        place = f"{error.filename}: " if error.filename else ""
        reason = f"{place}{error.strerror}: make room, or allow to write there"
        print(f"{PROGRAM}: {reason}; what was finished is kept.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{PROGRAM}: stopped; what was finished is kept.", file=sys.stderr)
        return 130


def parse(argv: Sequence[str] | None = None) -> tuple[argparse.Namespace, dict[str, str]]:
    """Return the options of a command, and its settings by dotted key; UserError if one is none."""
    args, unknown = _parser().parse_known_args(argv)
    if unknown:
        raise UserError(f"unknown option {unknown[0]}{suggest(unknown[0], complete(), '--')}")
    known = {key for key, _ in keys(complete())}
    return args, {key: text for key, text in vars(args).items() if key in known}


def missing_groups(path: Path = Path("pyproject.toml")) -> str:
    """Say what to install if a usual group of dependencies, `dev` aside, lacks a package; or ""."""
    if not path.exists():
        return "install the dependency groups of this project: `uv sync` in its folder"
    project = tomllib.loads(path.read_text(encoding="utf-8"))
    groups, usual = project["dependency-groups"], project["tool"]["uv"]["default-groups"]
    missing = [name for name in usual if name != "dev" and not all(map(_installed, groups[name]))]
    command = "".join(f" --group {name}" for name in missing)
    way = f"install the dependency groups {', '.join(missing)}: `pip install{command}` or `uv sync`"
    return way if missing else ""


def _installed(requirement: object) -> bool:
    """Say if a package is there; of one for some systems only, and of a group in a group, yes."""
    if not isinstance(requirement, str) or ";" in requirement:
        return True
    try:
        distribution(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])
    except PackageNotFoundError:
        return False
    return True


def _ignored(args: argparse.Namespace, overrides: Collection[str]) -> str:
    """Say which options a command on a finished run ignores; "" if none."""
    if "data" in args.reads:  # it reads no run's own settings
        return ""
    lost = [key for key in overrides if key.split(".")[0] in OF_RUN and key not in args.reads]
    names = ", ".join(f"--{key}" for key in lost[:3]) + " and others" * (len(lost) > 3)
    return f"no effect of {names}: a finished run keeps its own settings" if lost else ""


def _short(text: str) -> str:
    """Leave out the middle of what quotes too much: a file may have ten thousand columns."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(PROGRAM, allow_abbrev=False, description="Train, prove, ship.")
    found = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for word, stage in pipeline.STAGES.items():
        sub = _command(found, word, stage.run, stage.run.__doc__, stage.reads)
        for flag, options in stage.flags.items():
            sub.add_argument(flag, **options)
    for word in commands.names():
        module = commands.load(word)
        sub = _command(found, word, module.run, module.__doc__, (word, *module.READS))
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
    """Add a command. All settings are its options; its help shows those of sections it `reads`."""
    text = str(doc).partition("\n")[0].rstrip(".")
    sub = found.add_parser(name, help=text, description=f"{text}.", allow_abbrev=False)
    sub.set_defaults(call=run, reads=reads)
    sub.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE")
    sub.add_argument("--run", metavar="NAME", help="which run; default: the newest")
    settings = sub.add_argument_group("settings", "override config.yaml; lists and null as YAML")
    for key, field in keys(complete()):
        default = "" if field.is_required() else f"default {field.default}"
        shown = default if {key, key.split(".")[0]} & {*reads} else argparse.SUPPRESS
        settings.add_argument(
            f"--{key}", dest=key, default=argparse.SUPPRESS, metavar="VALUE", help=shown
        )
    return sub
