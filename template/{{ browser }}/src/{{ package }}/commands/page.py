"""Make a web page that runs the exported model in the browser."""

import argparse
from functools import partial

from pydantic import Field

from ..config import DATA, Config, of_run
from ..toolkit.config import section
from ..toolkit.runs import say
from ..toolkit.settings.common import Section

READS = ("export", "paths")


class Settings(Section):
    """The page that runs the model in a browser."""

    examples: int = Field(8, ge=0)


def run(config: Config, args: argparse.Namespace) -> int:
    """Write the page to runs/<run>/page/."""
    from ..predict import predict
    from ..restore import load_run
    from ..toolkit.browser.page import build

    run, config = of_run(config, args.run, DATA)
    model, splits, test, threshold = load_run(run, config)
    examples = section(config, Settings).examples
    predictor = partial(predict, model)
    say("page", build(predictor, splits, test, threshold, config, run, examples))
    return 0
