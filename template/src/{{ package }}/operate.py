"""What is done with an exported model. Each word imports what it needs when it is called.

The modules of targets are found by name, since a project has only those that it asked for.
"""

import argparse
from importlib import import_module

from .config import Config, of_run
from .runs import say

DATA = ("seed", "data")  # all that an export is opened with, whatever framework trained it


def predict(config: Config, args: argparse.Namespace) -> int:
    """Score a file with the exported model."""
    run, config = of_run(config, args.run, DATA)
    rows = import_module(".batch", __package__).score(config, run, args.input, args.output)
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
