"""Make a web page that runs the exported model in the browser."""

import argparse

from pydantic import Field

from ..config import DATA, Config, of_run, section
from ..runs import say
from ..settings.common import Section

READS = ("export", "paths")


class Settings(Section):
    """The page that runs the model in a browser."""

    examples: int = Field(8, ge=0)


def run(config: Config, args: argparse.Namespace) -> int:
    """Write the page to runs/<run>/page/."""
    from ..page import build

    run, config = of_run(config, args.run, DATA)
    say("page", build(config, run, section(config, Settings).examples))
    return 0
