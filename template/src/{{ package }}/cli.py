"""The command line: a word for each stage, and every key of config.yaml as an option."""

import argparse
import errno
import sys
from collections.abc import Sequence
from pathlib import Path

from . import develop, operate
from .config import keys, load, suggest
from .runs import TOGETHER, UserError
from .settings.data import Data

WORDS = {
    "run": "data -> train -> evaluate -> export",
    "data": "check the data, profile it and fix the splits",
    "train": "fit a model into a new run",
    "tune": "look for better hyperparameters on the validation rows",
    "evaluate": "score a run on the held-out rows and write its report",
    "export": "convert a run's model and prove that it still gives the same answers",
    "predict": "score a file of any size with the exported model",
    "serve": "answer HTTP requests with the exported model",
    "page": "make a web page that runs the exported model in the browser",
    "monitor": "compare requests, or any file, with the training data",
    "judge": "ask another language model whose answers are better, the model's or its base's",
    "sheet": "write a sheet on which a person says whose answers are better, or read it",
}
# Words of targets and tasks, which a project has only if they were chosen.
NEEDS = {
    "predict": "batch.py",
    "serve": "serve.py",
    "page": "page.py",
    "judge": "judge.py",
    "sheet": "sheet.py",
}
FOLDER = Path(__file__).parent
LONGEST = 1000  # characters of a sentence
STORAGE = {  # a disk that is full, or not to be written to
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.EIO, errno.ENAMETOOLONG),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one stage; 0 is success, 1 a failed gate or drift, 2 a mistake that was explained."""
    parser = _parser()
    args, unknown = parser.parse_known_args(argv)
    known = {key for key, _ in keys()}
    overrides = {key: text for key, text in vars(args).items() if key in known}
    try:
        if unknown:
            raise UserError(f"unknown option {unknown[0]}{suggest(unknown[0], '--')}")
        if TOGETHER and args.word != "train":
            raise UserError("only `train` can be started in several processes.")
        stage = getattr(develop, args.word, None) or getattr(operate, args.word)
        return stage(load(args.config, overrides), args)
    except UserError as error:
        print(f"{parser.prog}: {_short(str(error))}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in STORAGE:
            raise
        place = f"{error.filename}: " if error.filename else ""
        told = f"{place}{error.strerror}: make room, or allow to write there"
        print(f"{parser.prog}: {told}; what was finished is kept.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{parser.prog}: stopped; what was finished is kept.", file=sys.stderr)
        return 130


def _short(text: str) -> str:
    """Leave out the middle of what quotes too much: a file may have ten thousand columns."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=FOLDER.name.replace("_", "-"), allow_abbrev=False, description="Train, prove, ship."
    )
    words = parser.add_subparsers(dest="word", required=True, metavar="WORD")
    common = _common()
    for word, help_text in WORDS.items():
        if word in NEEDS and not (FOLDER / NEEDS[word]).exists():
            continue
        sub = words.add_parser(
            word, help=help_text, description=help_text, parents=[common], allow_abbrev=False
        )
        if word == "train":
            sub.add_argument("--resume", action="store_true", help="go on with the run")
        if word == "evaluate":
            sub.add_argument("--against", metavar="NAME", help="a run to compare with")
        if word == "predict":
            sub.add_argument("input", type=Path, help=Data.READS)
            sub.add_argument("output", type=Path, help="a .csv or .parquet file")
            told = "score rows although most hold what training never saw"
            sub.add_argument("--allow-unseen", action="store_true", help=told)
        if word == "monitor":
            sub.add_argument("file", type=Path, nargs="?", help="default: the request log")
        if word == "sheet":
            sub.add_argument("file", type=Path, help="a .csv file")
            sub.add_argument("--filled", action="store_true", help="read what a person filled in")
    return parser


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE")
    common.add_argument("--run", metavar="NAME", help="which run; default: the newest")
    settings = common.add_argument_group("settings", "override config.yaml; lists and null as YAML")
    for key, field in keys():
        default = "" if field.is_required() else f"default {field.default}"
        settings.add_argument(
            f"--{key}", dest=key, default=argparse.SUPPRESS, metavar="VALUE", help=default
        )
    return common
