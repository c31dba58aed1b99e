"""Score a file of any size, chunk by chunk, with the exported model: `predict INPUT OUTPUT`.

chunks.py defines the kinds of INPUT; OUTPUT is .csv or .parquet. Finished chunks are kept in
OUTPUT.partial, so that a killed run can resume; OUTPUT itself is created atomically, by one process
at a time.
"""

import json
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv
from tqdm import tqdm

from ..config import BaseConfig
from ..runs import UserError, alone, replacing, say, sha256, write_text
from . import chunks
from .predictions import notes, scorer


def score(
    config: BaseConfig,
    run: Path,
    source: Path,
    output: Path,
    size: int,
    allow_unseen: bool = False,
) -> int:
    """Write the rows of `source` with their predictions to `output`; return how many there are.

    Rows are read, scored and saved in chunks of `size`. The columns of `source` are kept;
    predictions.py adds others. UserError names the cause; after an error of the disk, finished
    chunks are kept.
    """
    _check_paths(source, output)
    folder = run / "export" / config.data.SERVED
    if not (folder / "contract.json").exists():
        raise UserError(f"{folder} holds no exported model: run `export` first.")
    with alone(output, "choose another output"):
        return _score(config, run, source, output, size, allow_unseen)


def _score(
    config: BaseConfig, run: Path, source: Path, output: Path, size: int, allow_unseen: bool
) -> int:
    partial = output.with_name(output.name + ".partial")
    try:
        _reopen(partial, config, run, source, size)
        parts, rows, counts = _score_parts(config, run, source, partial, output.suffix, size)
        for note in notes(counts, rows, source, allow_unseen):
            say("warning", note)
        _join(parts, partial / f"all{output.suffix}").replace(output)
    except UserError:
        shutil.rmtree(partial, ignore_errors=True)  # a fixed input is another job
        raise
    except pa.ArrowInvalid as error:
        shutil.rmtree(partial)
        raise UserError(f"{output}: {error}; write a .parquet file instead.") from None
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{output}: {reason}; run again to resume from {partial}.") from None
    shutil.rmtree(partial)
    return rows


def _check_paths(source: Path, output: Path) -> None:
    if not source.exists():
        raise UserError(f"{source}: no such file.")
    if output.suffix not in (".csv", ".parquet"):
        raise UserError(f"{output}: the output must end in .csv or .parquet.")
    if output.is_dir() or (output.exists() and output.samefile(source)):
        raise UserError(f"{output}: is a folder or the input itself; choose another output.")


def _reopen(partial: Path, config: BaseConfig, run: Path, source: Path, size: int) -> None:
    """Keep the chunks of the same job, and delete those of another one."""
    job = {
        "input": chunks.digest(source, config),
        "model": sha256(
            run / "export" / config.data.SERVED / "contract.json"
        ),  # contains the sha256 of the model
        "chunk size": size,
        "data settings": config.data.model_dump_json(),
    }
    path = partial / "job.json"
    previous = _noted(path)
    changed = [key for key in job if previous.get(key) != job[key]]
    if not changed:
        print(f"Resuming from the finished chunks in {partial}.", file=sys.stderr)
        return
    if previous:
        print(f"The {' and the '.join(changed)} changed: starting over.", file=sys.stderr)
    elif path.exists():
        print(f"{path} is damaged: starting over.", file=sys.stderr)
    shutil.rmtree(partial, ignore_errors=True)
    write_text(path, json.dumps(job, indent=2) + "\n")


def _noted(path: Path) -> dict[str, Any]:
    """Return what this job has noted in a file; {} if it is missing, or damaged by a power cut."""
    try:
        noted = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _score_parts(
    config: BaseConfig, run: Path, source: Path, partial: Path, suffix: str, size: int
) -> tuple[list[Path], int, Counter[str]]:
    """Score the missing chunks, and those that are not as they were written.

    Return the files of all chunks, the number of rows, and the counts of problems in them.
    """
    chunk_counts: Counter[str] = Counter()
    append = scorer(run / "export" / config.data.SERVED, source, config, chunk_counts)
    parts: list[Path] = []
    rows, counts = 0, Counter[str]()
    total = chunks.count(source, config)
    with tqdm(total=total, unit=" rows", unit_scale=True, disable=None) as bar:
        for table in chunks.read(source, config, size):
            part = partial / f"{len(parts):06}{suffix}"
            noted = _noted(part.with_suffix(".json"))
            if not part.exists() or noted.get("sha256") != sha256(part):
                chunk_counts.clear()
                _write(append(table, rows), part, header=not parts)
                noted = {"sha256": sha256(part), "counts": chunk_counts}
                write_text(part.with_suffix(".json"), json.dumps(noted))
            counts.update(noted["counts"])
            parts.append(part)
            rows += table.num_rows
            bar.update(table.num_rows)
    return parts, rows, counts


def _write(table: pa.Table, path: Path, header: bool) -> None:
    with replacing(path) as scratch:
        if path.suffix == ".parquet":
            pq.write_table(table, scratch)
        else:
            csv.write_csv(table, scratch, csv.WriteOptions(include_header=header))


def _join(parts: list[Path], output: Path) -> Path:
    """Concatenate the chunks; a chunk of Parquet becomes a row group."""
    if output.suffix == ".parquet":
        with pq.ParquetWriter(output, pq.read_schema(parts[0])) as writer:
            for part in parts:
                writer.write_table(pq.read_table(part))
    else:
        with output.open("wb") as target:
            for part in parts:
                target.write(part.read_bytes())  # a chunk fits into memory
    return output
