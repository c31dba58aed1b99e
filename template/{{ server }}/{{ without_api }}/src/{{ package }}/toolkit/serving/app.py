"""Answer conversations with OpenAI's HTTP API: `serve`, then point a client at the address.

The engine itself answers.
"""

import signal
import sys
import time
from pathlib import Path

from ..engines.engine import started
from ..runs import UserError
from ..settings.serve import Serve, serving_key

SECONDS = 0.5  # between two looks


def serve(settings: Serve, run: Path) -> None:
    """Serve a run's model until a signal; MODEL_API_KEY in the environment locks it.

    UserError if the engine does not start, or ends by itself.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the engine is ended below
    key = serving_key()
    if settings.engine and "://" in settings.engine:
        raise UserError("serve.engine: an address needs no server here: name an engine, or null.")
    with started(run, settings, settings.host, settings.port, key) as engine:
        print(f"   serve  {engine.address}/v1", flush=True)
        while engine.process is None or engine.process.poll() is None:
            time.sleep(SECONDS)
    raise UserError(f"serve.engine: {settings.engine} has ended by itself; its output says why.")
