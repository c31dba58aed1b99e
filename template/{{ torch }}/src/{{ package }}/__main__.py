"""The command line for `python -m`: in one process, or in several, as torchrun starts them.

The first process runs the command. The others only train along with it: they write and print
nothing.
"""

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout

from .cli import PROGRAM, main, parse
from .config import load, of_run
from .toolkit.runs import UserError, folder


def _join_training() -> int:
    """Load the same rows as the first process, and train; 2 if there is a UserError to report."""
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            args, overrides = parse()
            config = load(args.config, overrides)
            run = folder(config.paths.runs, args.run)
            if args.resume:
                run, config = of_run(config, args.run)
            from . import data, train  # a framework takes seconds to import

            train.fit(config, data.load(config), lambda step, metrics: None, run)
    except UserError:
        return 2
    return 0


def _usage_error() -> str | None:
    """Return why several processes can't run this command: all have to train the same named run."""
    try:
        args, _ = parse()
    except UserError as error:
        return str(error)
    if args.command != "train":
        return "only `train` can be started in several processes."
    return None if args.run else "--run: name the run, so that all processes train the same one."


if __name__ == "__main__":
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        if reason := _usage_error():
            print(f"{PROGRAM}: {reason}", file=sys.stderr)
            sys.exit(2)
        if os.environ["RANK"] != "0":
            sys.exit(_join_training())
    sys.exit(main())
