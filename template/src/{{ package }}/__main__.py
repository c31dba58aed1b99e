"""`python -m` for those who start several processes, such as torchrun."""

import sys

from .cli import main

sys.exit(main())
