"""Compare the answers with the base model's, by an LLM judge."""

import argparse

from ..config import Config, of_run
from ..toolkit.runs import say

READS = ("evaluate", "paths")


def run(config: Config, args: argparse.Namespace) -> int:
    """Judge the pairs that are still missing, and update the report."""
    from ..toolkit.evaluation.report import write
    from ..toolkit.judging.judge import judge

    run, config = of_run(config, args.run)
    say("judge", judge(config, run))
    write(run, config)
    return 0
