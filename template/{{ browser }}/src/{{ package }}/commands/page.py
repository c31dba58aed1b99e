"""Make a web page that runs the exported model in the browser."""

import argparse
from functools import partial

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
    from .. import infer
    from ..page import build
    from ..restore import load_run

    run, config = of_run(config, args.run, DATA)
    model, *rows = load_run(run, config)
    predict, shown = partial(infer.predict, model), section(config, Settings).examples
    say("page", build(predict, *rows, config, run, shown))
    return 0
