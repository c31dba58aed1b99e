"""Compare requests, or any file, with the training data: exit code 1 on drift."""

import argparse
from pathlib import Path

from ..config import DATA, Config, of_run
from ..toolkit.config import section
from ..toolkit.settings.common import Monitor as Settings

READS = ("data.bad_rows", "data.sheet", "paths")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the file to compare."""
    parser.add_argument("file", type=Path, nargs="?", help="default: the request log")


def run(config: Config, args: argparse.Namespace) -> int:
    """Write the report to runs/<run>/monitor/; return 1 on drift."""
    from ..toolkit.monitoring.monitor import monitor

    run, config = of_run(config, args.run, DATA, new_file=True)
    return int(monitor(config, section(config, Settings), run, args.file))
