"""What is done with a finished run. Each word imports what it needs when it is called.

The modules of targets and tasks are found by name: a project has only those that it asked for.
"""

import argparse
from importlib import import_module
from pathlib import Path

from .config import Config, of_run
from .runs import say

DATA = ("seed", "data")  # all that an export is opened with, whatever framework trained it


def predict(config: Config, args: argparse.Namespace) -> int:
    """Score a file with the exported model."""
    run, config = of_run(config, args.run, DATA)
    rows = import_module(".batch", __package__).score(
        config, run, args.input, args.output, args.allow_unseen
    )
    say("predict", f"{rows:,} rows in {args.output}")
    return 0


def serve(config: Config, args: argparse.Namespace) -> int:
    """Answer HTTP requests until stopped."""
    run, config = of_run(config, args.run, DATA)
    import_module(".serve", __package__).serve(config, run)
    return 0


def page(config: Config, args: argparse.Namespace) -> int:
    """Make a web page that runs the exported model."""
    run, config = of_run(config, args.run, DATA)
    say("page", import_module(".page", __package__).build(config, run))
    return 0


def monitor(config: Config, args: argparse.Namespace) -> int:
    """Compare requests or a file with the training data; exit code 1 on drift."""
    from .monitor import monitor

    run, config = of_run(config, args.run, DATA)
    return int(monitor(config, run, args.file))


def judge(config: Config, args: argparse.Namespace) -> int:
    """Ask another language model whose answers are better."""
    run, config = of_run(config, args.run)
    say("judge", import_module(".judge", __package__).judge(config, run))
    return _reported(config, run)


def sheet(config: Config, args: argparse.Namespace) -> int:
    """Write the sheet for a person, or read it."""
    run, config = of_run(config, args.run)
    module = import_module(".sheet", __package__)
    say("sheet", (module.read if args.filled else module.write)(config, run, args.file))
    return _reported(config, run) if args.filled else 0


def _reported(config: Config, run: Path) -> int:
    from .report import write

    write(run, config)
    return 0
