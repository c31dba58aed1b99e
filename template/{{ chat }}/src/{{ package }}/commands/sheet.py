"""Compare the answers with the base model's, by human annotators: write or read a sheet."""

import argparse
from pathlib import Path

from ..config import Config, of_run
from ..toolkit.runs import say

READS = ("seed", "paths")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the file, and whether to read it."""
    parser.add_argument("file", type=Path, help="a .csv file")
    parser.add_argument("--filled", action="store_true", help="read the filled sheet")


def run(config: Config, args: argparse.Namespace) -> int:
    """Write the sheet; or read it, and update the report."""
    from ..toolkit.evaluation import report
    from ..toolkit.judging import annotation_sheet

    run, config = of_run(config, args.run)
    action = annotation_sheet.read if args.filled else annotation_sheet.write
    say("sheet", action(config, run, args.file))
    if args.filled:
        report.write(run, config)
    return 0
