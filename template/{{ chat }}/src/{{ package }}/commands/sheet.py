"""Write a sheet on which a person says whose answers are better, or read it."""

import argparse
from pathlib import Path

from ..config import Config, of_run
from ..toolkit.runs import say

READS = ("seed", "paths")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the file, and whether it is to be read."""
    parser.add_argument("file", type=Path, help="a .csv file")
    parser.add_argument("--filled", action="store_true", help="read what a person filled in")


def run(config: Config, args: argparse.Namespace) -> int:
    """Write the sheet; or read it, and write the report anew."""
    from ..toolkit.evaluation import report
    from ..toolkit.judging import annotation_sheet

    run, config = of_run(config, args.run)
    act = annotation_sheet.read if args.filled else annotation_sheet.write
    say("sheet", act(config, run, args.file))
    if args.filled:
        report.write(run, config)
    return 0
