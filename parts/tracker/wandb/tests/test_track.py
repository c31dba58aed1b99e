"""Without an API key a run is kept offline, whole, ready for `wandb sync`."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import wandb
from wandb.proto.wandb_internal_pb2 import Record

from my_model import track
from my_model.config import Config


def records(path: Path) -> Iterator[Record]:
    """Read a .wandb file: LevelDB's log format (32 KiB blocks) behind a header of 7 bytes."""
    raw, at, body = path.read_bytes(), 7, b""
    while at + 7 <= len(raw):
        if 32768 - at % 32768 < 7:  # the rest of a block too small for a chunk's header is padding
            at += 32768 - at % 32768
            continue
        _checksum, length, kind = struct.unpack_from("<IHB", raw, at)
        body += raw[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # a whole record, or the last chunk of one
            yield Record.FromString(body)
            body = b""


def test_offline_run_reads_back(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-keys"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "no-settings"))
    monkeypatch.setenv("WANDB_SILENT", "true")
    run = tmp_path / "first"
    run.mkdir()
    with track.start(config, run) as log:
        for step in range(3):
            log(step, {"loss": 1 / (step + 1)})
    with track.start(config, run) as log:  # as evaluate does
        log(1, {"test/r2": 0.5})
    wandb.teardown()  # files are whole only when W&B's own process has ended

    files = sorted(run.glob("wandb/offline-run-*/*.wandb"))
    kept = [record for file in files for record in records(file)]
    runs = [record.run for record in kept if record.HasField("run")]
    known = json.loads((run / "tracker.json").read_text(encoding="utf-8"))["wandb"]
    assert {(one.run_id, one.display_name) for one in runs} == {(known, "first")}
    settings = {item.key: json.loads(item.value_json) for item in runs[0].config.update}
    assert settings["seed"] == config.seed
    points = [
        {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in entry.item}
        for entry in (record.history for record in kept if record.HasField("history"))
    ]
    assert [point.get("step") for point in points] == [0, 1, 2, 1]
    assert [point.get("loss") for point in points] == [1.0, 0.5, 1 / 3, None]
    assert points[3]["test/r2"] == 0.5
