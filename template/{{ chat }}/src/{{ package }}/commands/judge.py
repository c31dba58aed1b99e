"""Ask another language model whose answers are better, the model's or its base's."""

import argparse

from ..config import Config, of_run
from ..toolkit.runs import say

READS = ("evaluate", "paths")


def run(config: Config, args: argparse.Namespace) -> int:
    """Ask what has not been asked yet, and write the report anew."""
    from ..toolkit.evaluation.report import write
    from ..toolkit.judging.judge import judge

    run, config = of_run(config, args.run)
    say("judge", judge(config, run))
    write(run, config)
    return 0
