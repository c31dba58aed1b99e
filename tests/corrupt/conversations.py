"""Read generated files of conversations, of which it is known what is in them.

    uv run --directory PROJECT python tests/corrupt/conversations.py [--files 2000] [--first 0]

Runs in the environment of a project with the target `batch`. Each file is read as in training, by
`monitor` and, in small chunks, by `predict`. Contents have to be as written, and what is left out
has to be counted and named. The files are the same each time; exit code 1 if one fails.
"""

import argparse
import csv
import gzip
import io
import json
import random
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parent))
from damage import zipped

(PACKAGE,) = [path.parent.name for path in Path().glob("src/*/cli.py")]
chunks, config_, json_rows, predictions, rows, runs = (
    import_module(f"{PACKAGE}.{name}")
    for name in ("toolkit.batch.chunks", "config", "toolkit.tables.json_rows",
                 "toolkit.batch.predictions", "toolkit.tables.rows", "toolkit.runs")
)  # fmt: skip
TEXTS = (
    *(
        "Oslo",
        'say "hi"',
        '"',
        "a,b",
        "c;d",
        "e\tf",
        "line\nbreak",
        "a\r\nb",
        "größe",
        "日本",
        "🦜",
    ),
    *(
        " blank ",
        "007",
        "1.0",
        "null",
        "NaN",
        "None",
        "true",
        "[1, 2]",
        '{"a": 1}',
        "{{ x }}",
        "=1",
    ),
    *("\\n", "a\u2028b", "a\x85b", "\u200b.", "<|im_end|>", "NA", "-", "Total", "sum", "x" * 3000),
    *(
        "messages",
        "prompt",
        "question",
        "instruction",
        "it's",
        "# a",
        "`b`",
        "12,5",
        "1e5",
        "\ufeffm",
    ),
)
BLANK = ("", " ", "\n", "\t ")
MAX_BROKEN = 0.1
MAX_SHOWN = 8
counts: Counter[str] = Counter()
Chat = list[dict[str, Any]]


@dataclass
class Row:
    """A record, the messages in it, why it is left out, and keys of messages that are not read."""

    chat: Chat
    prompt: Chat | None
    answer: str = ""
    learned: list[int] = field(default_factory=list)
    fault: str = ""
    unread: Counter[str] = field(default_factory=Counter)
    record: dict[str, Any] = field(default_factory=dict)


@dataclass
class File:
    """A file, its rows, the settings that it needs, and whether it has other columns."""

    name: str
    content: bytes
    rows: list[Row]
    settings: dict[str, str]
    form: str
    has_more: bool


def text(rng: random.Random) -> str:
    """Return one or two unusual texts."""
    return " ".join(rng.choice(TEXTS) for _ in range(rng.randint(1, 2)))


def cleaned(value: str) -> str:
    """Return a text without control characters, as every reader gives it."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", " ", value.replace("\r\n", "\n"))


def chat_of(rng: random.Random, turns: int, tools: bool) -> Chat:
    """Return a valid conversation."""
    chat: Chat = []
    for _ in range(turns):
        chat.append({"role": "user", "content": text(rng)})
        if tools and rng.random() < 0.2:
            call = {"name": "find", "arguments": {"part": rng.randint(1, 9), "of": text(rng)}}
            chat.append({"role": "assistant", "call": call})
            chat.append({"role": "tool", "content": rng.choice([text(rng), 7, 1.5, True])})
        chat.append({"role": "assistant", "content": text(rng)})
    if tools and rng.random() < 0.3:
        chat.insert(0, {"role": "system", "content": text(rng)})
    return chat


def plain(message: dict[str, Any]) -> dict[str, str]:
    """Return a message as it has to be read."""
    content = message.get("content")
    if "call" in message:
        content = json.dumps(message["call"], ensure_ascii=False)
    content = content if isinstance(content, str) else json.dumps(content)
    return {"role": message["role"], "content": cleaned(content)}


def row_of(rng: random.Random, chat: Chat, weighted: bool) -> Row:
    """Return a row without its record."""
    places = [place for place, each in enumerate(chat) if each["role"] == "assistant"]
    if weighted:
        for place in places:
            if (weight := rng.choice([0, 1, None])) is not None:
                chat[place]["weight"] = weight
    used = any("weight" in each for each in chat)
    learned = [p for p in places if chat[p].get("weight", 1)] if used else places[-1:]
    messages = [plain(each) for each in chat]
    row = Row(messages, messages[:-1])
    if learned:
        row.chat, row.learned = messages[: learned[-1] + 1], learned[:-1]
        row.answer = row.chat[-1]["content"].strip()
    else:
        row.fault = "ignored"
    return row


def written(rng: random.Random, each: dict[str, Any], shared: bool, row: Row) -> dict[str, Any]:
    """Return a message as OpenAI or ShareGPT write it, perhaps with keys that are not read."""
    role, content = each["role"], each.get("content")
    extra = {"weight": each["weight"]} if "weight" in each else {}
    if rng.random() < 0.05:
        extra["name"] = "ann"
        row.unread["name"] += 1
    if shared:
        names = {"user": "human", "assistant": "gpt", "tool": "observation", "system": "system"}
        if "call" in each:
            value = json.dumps(each["call"], ensure_ascii=False)
            return {"from": "function_call", "value": value, **extra}
        return {"from": names[role], "value": content, **extra}
    if "call" in each:
        arguments = json.dumps(each["call"]["arguments"], ensure_ascii=False)
        call = {"name": each["call"]["name"], "arguments": arguments}
        if rng.random() < 0.3:
            return {"role": role, "content": None, "function_call": call, **extra}
        calls = [{"id": "x", "type": "function", "function": call}]
        return {"role": role, "content": rng.choice([None, ""]), "tool_calls": calls, **extra}
    if isinstance(content, str) and rng.random() < 0.1:
        content = [{"type": "text", "text": content}]
    return {"role": role, "content": content, **extra}


def broken(rng: random.Random, row: Row, listed: list[dict[str, Any]], shared: bool) -> Any:
    """Return messages that are no conversation with an answer, and mark the row."""
    role, content = ("from", "value") if shared else ("role", "content")
    user, system = ("human" if shared else "user"), {role: "system", content: "a"}
    row.fault, row.unread = "broken", Counter()
    kind = rng.choice(
        ["users", "first", "system", "role", "empty", "image", "text", "weight", "end"]
    )
    counts[f"fault: {kind}"] += 1
    if kind != "weight":  # `predict` ignores weights
        row.prompt = None
    place = max(n for n, each in enumerate(listed) if each[role] == user)
    if kind == "users":
        return [*listed[:place], {role: user, content: "a"}, *listed[place:]]
    if kind == "first":
        return [each for each in listed if each[role] == "gpt" or each[role] == "assistant"][:1]
    if kind == "system":
        return [*listed[: place + 1], system, *listed[place + 1 :]]
    if kind == "role":
        return [{role: "moderator", content: "a"}, *listed]
    if kind == "empty":
        return [*listed[:place], {role: user, content: rng.choice(BLANK)}, *listed[place + 1 :]]
    if kind == "image":
        parts = [{"type": "image_url", "image_url": {"url": "a.png"}}]
        return [*listed[:place], {role: user, content: parts}, *listed[place + 1 :]]
    if kind == "weight":
        return [*listed[:-1], {**listed[-1], "weight": rng.choice([2, -1, 0.5, "0"])}]
    if kind == "end":
        return [*listed, {role: user, content: "a"}, {role: user, content: "b"}]
    return rng.choice(["hello", [], ["a"], {"role": "user"}, None, 5])


def lists(rng: random.Random, form: str) -> Row:
    """Return a row with a list of messages."""
    shared, weighted = form == "ShareGPT", rng.random() < 0.3
    chat = chat_of(rng, rng.randint(1, 4), tools=True)
    row = row_of(rng, chat, weighted)
    listed = [written(rng, each, shared, row) for each in chat]
    if rng.random() < 0.03:
        listed = broken(rng, row, listed, shared)
    elif rng.random() < 0.1 and chat[0]["role"] != "system":
        listed.insert(
            0, {"from" if shared else "role": "system", "value" if shared else "content": ""}
        )
    row.record = {"conversations" if shared else "messages": listed}
    return row


def columns(rng: random.Random, form: str) -> Row:
    """Return a row with a prompt and an answer in columns of their own."""
    names = {
        "Alpaca": ("instruction", "output"), "Dolly": ("instruction", "response"),
        "prompt and completion": ("prompt", "completion"), "input and output": ("input", "output"),
        "question and answer": ("question", "answer"), "given": ("frage", "antwort"),
        "lists": ("prompt", "completion"),
    }[form]  # fmt: skip
    turns = rng.randint(1, 3) if form in ("Alpaca", "lists") else 1
    chat = chat_of(rng, turns, tools=False)
    record: dict[str, Any] = {names[0]: chat[-2]["content"], names[1]: chat[-1]["content"]}
    if form == "lists":
        record = {names[0]: [dict(each) for each in chat[:-1]], names[1]: [dict(chat[-1])]}
    context = {"Alpaca": "input", "Dolly": "context"}.get(form)
    if context:
        record[context] = rng.choice(["", text(rng)])
        if record[context].strip():
            chat[-2]["content"] += f"\n\n{record[context]}"
    if form == "Alpaca":
        pairs = [each["content"] for each in chat[:-2]]
        record["history"] = [list(pair) for pair in zip(pairs[::2], pairs[1::2], strict=True)]
        record["system"] = rng.choice(["", "Be brief."])
        if record["system"]:
            chat.insert(0, {"role": "system", "content": record["system"]})
    row = row_of(rng, chat, weighted=False)
    if form != "lists" and rng.random() < 0.03:
        row.fault, record[names[1]] = "broken", rng.choice([*BLANK, None])
        if rng.random() < 0.5:
            row.prompt, record[names[0]] = None, rng.choice(BLANK)
            if context:
                record[context] = ""
    row.record = record
    return row


FORMS = {
    **dict.fromkeys(("messages", "ShareGPT"), lists),
    **dict.fromkeys(
        ("Alpaca", "Dolly", "prompt and completion", "question and answer", "input and output",
         "given", "lists"),
        columns,
    ),
}  # fmt: skip


def file_of(rng: random.Random) -> File:
    """Return a random file."""
    form = rng.choice([*FORMS])
    made = [FORMS[form](rng, form) for _ in range(rng.choice([1, 2, 5, 12, 30]))]
    records = [row.record for row in made]
    has_more = rng.random() < 0.3
    if has_more:
        records = [{"id": n, **record, "tags": ["a"]} for n, record in enumerate(records)]
    settings = {"prompt": "frage", "answer": "antwort"} if form == "given" else {}
    kinds = [json_lines, json_whole]
    if not any(row.fault for row in made):
        kinds += [parquet] * (form != "Alpaca") + [table]
    name, content = rng.choice(kinds)(rng, records)
    return File(name, content, made, settings, form, has_more)


def json_lines(rng: random.Random, records: list[dict[str, Any]]) -> tuple[str, bytes]:
    """Return JSON lines, with byte order mark, blank lines, or compressed."""
    end = rng.choice(["\n", "\r\n", "\n\n"])
    is_ascii = rng.random() < 0.5
    body = end.join(json.dumps(record, ensure_ascii=is_ascii) for record in records)
    data = (rng.choice(["", "\ufeff", "\ufeff\n"]) + body + rng.choice(["", end])).encode()
    return compressed(rng, rng.choice(["a.jsonl", "a.ndjson", "a.json"]), data)


def json_whole(rng: random.Random, records: list[dict[str, Any]]) -> tuple[str, bytes]:
    """Return an array, an array in an object, or objects over several lines."""
    indent, is_ascii = rng.choice([None, 1, 4]), rng.random() < 0.5

    def dumped(value: Any, indent: int | None = indent) -> str:
        return json.dumps(value, indent=indent, ensure_ascii=is_ascii)

    body = rng.choice([
        dumped(records),
        dumped({rng.choice(["data", "rows", "train", "examples", "conversations"]): records}),
        "\n".join(dumped(record, 2) for record in records),
    ])  # fmt: skip
    data = body.encode(rng.choice(["utf-8", "utf-8-sig", "utf-16"]))
    return compressed(rng, rng.choice(["a.json", "a.jsonl"]), data)


def compressed(rng: random.Random, name: str, data: bytes) -> tuple[str, bytes]:
    """Return a file, perhaps in a .gz or a .zip."""
    kind = rng.choice(["", "", "", ".gz", ".zip"])
    if kind == ".gz":
        return name + kind, gzip.compress(data)
    if kind == ".zip":
        return rng.choice([name, "a"]) + kind, zipped({name: data})
    return name, data


def parquet(rng: random.Random, records: list[dict[str, Any]]) -> tuple[str, bytes]:
    """Return Parquet; contents of messages are all texts."""
    texts = json.loads(json.dumps(records), object_hook=_texts)
    target = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(texts), target)
    return "a.parquet", target.getvalue()


def _texts(value: dict[str, Any]) -> dict[str, Any]:
    for key in ("content", "value"):
        content = value.get(key)
        if isinstance(content, list):
            value[key] = content[0]["text"]
        elif content is not None and not isinstance(content, str):
            value[key] = json.dumps(content)
    return value


def table(rng: random.Random, records: list[dict[str, Any]]) -> tuple[str, bytes]:
    """Return CSV, with lists as JSON."""
    target = io.StringIO()
    writer = csv.writer(target)
    names = [*dict.fromkeys(name for record in records for name in record)]
    writer.writerow(["no", *names])
    for number, record in enumerate(records):
        cells = (record.get(name) for name in names)
        writer.writerow([number, *(c if isinstance(c, str) else json.dumps(c) for c in cells)])
    return "a.csv", target.getvalue().encode()


def check(file: File, folder: Path, config: Any) -> None:
    """Assert that a file is read correctly in every way."""
    path = folder / file.name
    path.write_bytes(file.content)
    names = dict.fromkeys(type(config.data).NAMES) | {"path": path} | file.settings
    config = config.model_copy(update={"data": config.data.model_copy(update=names)})
    counts[f"{file.form}, {''.join(path.suffixes)}"] += 1
    _check_predict(file, path, config)
    faults = [n for n, row in enumerate(file.rows, start=1) if row.fault == "broken"]
    kept = [row for row in file.rows if not row.fault]
    try:
        found = rows.load_rows(config)
    except runs.UserError as error:
        refused = len(faults) > MAX_BROKEN * len(file.rows)
        assert refused or not kept, str(error)
        assert not refused or f"row {faults[0]:,} is not a conversation" in str(error), str(error)
        counts["refused"] += 1
        return
    assert len(faults) <= MAX_BROKEN * len(file.rows)
    answers = [row.answer for row in kept]
    assert found.inputs["answer"].tolist() == answers, (found.inputs["answer"].tolist(), answers)
    prompts = [json.loads(prompt) for prompt in found.inputs["prompt"]]
    assert prompts == [row.chat[:-1] for row in kept], prompts
    assert [json.loads(each) for each in found.inputs["learned"]] == [r.learned for r in kept]
    assert found.facts["left_out"] == len(file.rows) - len(kept)
    _check_notes(file, " ".join(found.facts["notes"]), len(faults))
    if all(row.prompt for row in file.rows):
        with redirect_stdout(io.StringIO()):
            new = rows.load_new(path, found.schema.properties, config)
        assert [json.loads(p) for p in new["prompt"]] == [row.prompt for row in file.rows]


def _check_notes(file: File, notes: str, faults: int) -> None:
    ignored = sum(row.fault == "ignored" for row in file.rows)
    assert (f"{ignored:,} conversations" in notes and "weight 0 in every" in notes) == (ignored > 0)
    assert (f"{faults:,} of {len(file.rows):,} rows are malformed" in notes) == (faults > 0), notes
    unread = sum(row.unread["name"] for row in file.rows if row.fault != "broken")
    assert (f"'name' ({unread:,} messages)" in notes) == (unread > 0), (notes, unread)
    assert "is read as" in notes or file.settings
    assert ("'tags'" in notes) == file.has_more, notes


def _check_predict(file: File, path: Path, config: Any) -> None:
    """Assert that `predict` gives each row a line, and reads what training does."""
    echo = lambda inputs: [json.dumps(chat) for chat in inputs["messages"]]  # noqa: E731
    predictions.gguf_runtime = SimpleNamespace(load=lambda folder: echo)
    size, first, said, tally, all_counts = 4, 0, [], Counter(), Counter()
    with redirect_stdout(io.StringIO()) as out:
        score = predictions.scorer(path, path, config, tally)
        for part in chunks.read(path, config, size):
            tally.clear()
            said += score(part, first).column(predictions.ANSWER).to_pylist()
            all_counts.update(json.loads(json.dumps(tally)))
            first += len(part)
    got = [each and json.loads(each) for each in said]
    want = [row.prompt for row in file.rows]
    assert len(got) == len(want), (len(got), len(want))
    for number, (one, other) in enumerate(zip(got, want, strict=True), start=1):
        assert one == other, (number, one, other)
    without = sum(prompt is None for prompt in want)
    notes = " ".join(predictions.notes(all_counts, len(want), path, False))
    assert (f"{without:,} of {len(want):,} rows" in notes) == (without > 0), notes
    assert "is read as" in out.getvalue() or file.settings


def main() -> int:
    """Generate files and read them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first file")
    args = parser.parse_args()
    config = config_.load(Path("config.yaml"), {})
    json_rows.ROWS = 7
    faults: dict[str, str] = {}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(args.first, args.first + args.files):
            file = file_of(random.Random(number))
            try:
                check(file, Path(scratch), config)
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                kind = f"{where.name}:{where.lineno} {type(error).__name__}"
                counts[f"FAULT {kind}"] += 1
                faults.setdefault(kind, f"{number} {file.form} {file.name} {error!s:.900}")
    took = time.perf_counter() - started
    print("\n".join(f"{count:6} {name}" for name, count in sorted(counts.items())))
    for fault, example in [*faults.items()][:MAX_SHOWN]:
        print(fault, example, sep="\n    ")
    print(f"{args.files} files in {took:.0f} s, {len(faults)} kinds of faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
