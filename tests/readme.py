"""Run the examples of a project's README as printed."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

STRICT = 'curl() { command curl --fail-with-body --no-progress-meter "$@"; }; set -e; '
PRINTED = "localhost:8000"  # the default address of `serve`
LATEST = 'Path("runs/latest")'


def check_readme(folder: Path, script: str) -> None:
    """Run the README's examples on the demo data: `predict`, `monitor`, Python and curl.

    Tests run in parallel, so the server uses a free port, and the examples are changed to it.
    """
    text = (folder / "README.md").read_text("utf-8")
    commands = re.findall(rf"`(uv run {script} (?:predict|monitor) [^`]+)`", text)
    assert any("monitor" in command for command in commands)
    for command in commands:
        done, made = _bash(folder, command), folder / command.split()[-1]
        assert done.returncode == 0, (command, done)
        if " predict " in command:
            assert made.stat().st_size > 0
            made.unlink()
    python = [block for block in re.findall(r"```python\n(.*?)```", text, re.S) if LATEST in block]
    assert python
    for block in python:
        command = [folder / ".venv/bin/python", "-c", block]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0 and done.stdout, (block, done)
    blocks = [block for block in re.findall(r"```bash\n(.*?)```", text, re.S) if PRINTED in block]
    if f"`uv run {script} serve`" not in text:
        assert not blocks
        return
    assert blocks
    with _serving(folder, script) as address:
        for block in blocks:
            done = _bash(folder, STRICT + block.replace(PRINTED, address))
            assert done.returncode == 0 and done.stdout, (block, done)


def _bash(folder: Path, text: str) -> subprocess.CompletedProcess:
    return subprocess.run(["bash", "-c", text], cwd=folder, capture_output=True, text=True)


@contextmanager
def _serving(folder: Path, script: str) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    port = address.partition(":")[2]
    command = [folder / ".venv/bin" / script, "serve", "--serve.port", port]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        try:
            _wait(f"http://{address}/ready", process)
            yield address
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen) -> None:
    for _ in range(240):
        try:
            urlopen(url, timeout=5).read()
            return
        except OSError:
            assert process.poll() is None, "`serve` ended"
            time.sleep(0.5)
    raise AssertionError(f"{url} did not answer")
