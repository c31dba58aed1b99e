"""Score a file of any size with the exported model."""

import argparse
from pathlib import Path

from pydantic import Field

from ..config import DATA, Config, of_run
from ..toolkit.config import section
from ..toolkit.runs import say
from ..toolkit.settings.common import Section
from ..toolkit.settings.data import Data

READS = ("data.bad_rows", "data.sheet", "paths")


class Settings(Section):
    """Settings of `predict`."""

    chunk: int = Field(32_768, ge=1)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: input, output and --allow-unseen."""
    parser.add_argument("input", type=Path, help=Data.READS)
    parser.add_argument("output", type=Path, help="a .csv or .parquet file")
    parser.add_argument(
        "--allow-unseen",
        action="store_true",
        help="score the file even if most rows have values unseen in training",
    )


def run(config: Config, args: argparse.Namespace) -> int:
    """Write the rows of the input with predictions."""
    from ..toolkit.batch.score import score

    run, config = of_run(config, args.run, DATA, new_file=True)
    chunk = section(config, Settings).chunk
    rows = score(config, run, args.input, args.output, chunk, args.allow_unseen)
    say("predict", f"{rows:,} rows in {args.output}")
    return 0
