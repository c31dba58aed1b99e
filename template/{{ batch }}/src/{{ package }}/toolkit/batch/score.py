"""Score a file of any size, chunk by chunk, with the exported model: `predict INPUT OUTPUT`.

chunks.py says what INPUT may be; OUTPUT is .csv or .parquet. Finished chunks wait in
OUTPUT.partial, so a killed run goes on where it stopped; OUTPUT itself appears in one step.
"""

import json
import shutil
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv
from tqdm import tqdm

from ..config import BaseConfig
from ..runs import UserError, replacing, say, sha256, write_text
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

    `size` rows are read, scored and saved at once.

    The columns of `source` stay as they are; predictions.py says which are added. UserError names
    what is at fault; if it is the disk, what is done by then is kept.
    """
    _check_paths(source, output)
    folder = run / "export" / config.data.SERVED
    if not (folder / "contract.json").exists():
        raise UserError(f"{folder} holds no exported model: run `export` first.")
    partial = output.with_name(output.name + ".partial")
    try:
        _reopen(partial, config, run, source, size)
        parts, rows, counts = _score_parts(config, run, source, partial, output.suffix, size)
        for note in notes(counts, rows, source, allow_unseen):
            say("warning", note)
        _join(parts, partial / f"all{output.suffix}").replace(output)
    except UserError:
        shutil.rmtree(partial, ignore_errors=True)  # once the input is mended, it is another job
        raise
    except pa.ArrowInvalid as error:
        shutil.rmtree(partial)
        raise UserError(f"{output}: {error}; write a .parquet file instead.") from None
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{output}: {reason}; run again, {partial} keeps what is done.") from None
    shutil.rmtree(partial)
    return rows


def _check_paths(source: Path, output: Path) -> None:
    if not source.exists():
        raise UserError(f"{source}: no such file.")
    if output.suffix not in (".csv", ".parquet"):
        raise UserError(f"{output}: the output must end in .csv or .parquet.")
    if output.is_dir() or (output.exists() and output.samefile(source)):
        raise UserError(f"{output}: a folder, or the input itself; give the output another name.")


def _reopen(partial: Path, config: BaseConfig, run: Path, source: Path, size: int) -> None:
    """Keep the chunks of the same job; those of another one are deleted."""
    job = {
        "input": chunks.digest(source, config),
        "model": sha256(
            run / "export" / config.data.SERVED / "contract.json"
        ),  # holds the sha256 of the model
        "chunk size": size,
        "data settings": config.data.model_dump_json(),
    }
    path = partial / "job.json"
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    changed = [key for key in job if before.get(key) != job[key]]
    if not changed:
        print(f"Going on with the finished chunks in {partial}.", file=sys.stderr)
        return
    if before:
        print(f"The {' and the '.join(changed)} changed: starting over.", file=sys.stderr)
    shutil.rmtree(partial, ignore_errors=True)
    write_text(path, json.dumps(job, indent=2) + "\n")


def _score_parts(
    config: BaseConfig, run: Path, source: Path, partial: Path, suffix: str, size: int
) -> tuple[list[Path], int, Counter[str]]:
    """Score the chunks that are not there yet.

    Return the files of all, the number of rows, and the counts of what is odd in them.
    """
    own: Counter[str] = Counter()
    append = scorer(run / "export" / config.data.SERVED, source, config, own)
    parts: list[Path] = []
    rows, counts = 0, Counter[str]()
    total = chunks.count(source, config)
    with tqdm(total=total, unit=" rows", unit_scale=True, disable=None) as bar:
        for table in chunks.read(source, config, size):
            part = partial / f"{len(parts):06}{suffix}"
            told = part.with_suffix(".json")
            if not part.exists():
                own.clear()
                scored = append(table, rows)
                write_text(told, json.dumps(own))
                _write(scored, part, header=not parts)
            counts.update(json.loads(told.read_text(encoding="utf-8")))
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


def _join(parts: list[Path], whole: Path) -> Path:
    """Write the chunks one after the other; a chunk of Parquet becomes a row group."""
    if whole.suffix == ".parquet":
        with pq.ParquetWriter(whole, pq.read_schema(parts[0])) as writer:
            for part in parts:
                writer.write_table(pq.read_table(part))
    else:
        with whole.open("wb") as target:
            for part in parts:
                target.write(part.read_bytes())  # a chunk, which has been in memory before
    return whole
