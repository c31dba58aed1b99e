"""Answer HTTP requests with the exported model."""

import argparse

from ..config import DATA, Config, of_run
from ..toolkit.config import section
from ..toolkit.settings.serve import Serve as Settings

READS = ("paths",)


def run(config: Config, args: argparse.Namespace) -> int:
    """Serve until stopped."""
    from ..api import router
    from ..toolkit.serving.app import serve

    run, config = of_run(config, args.run, DATA)
    serve(section(config, Settings), run, router)
    return 0
