"""The command line, by `python -m`."""

import sys

from .cli import main

sys.exit(main())
