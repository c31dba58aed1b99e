"""An engine that is dead, slow or full hangs nobody; one that nobody listens to stops."""

import asyncio
import json
import shutil
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from api_client import BODY, ask, serving, slow
from openai import APIError, OpenAI

from my_model.config import Config, section
from my_model.engines.engine import Engine, started
from my_model.server.replies import Answer
from my_model.server.upstream import PATH, Upstream
from my_model.settings.serve import Serve

WINDOW = b"llama.context_length\x04\0\0\0"  # a number of 32 bits comes next


def test_more_than_may_wait_are_refused(run: Path, config: Config) -> None:
    with slow() as server, serving(run, config, server.engine, parallel=1, max_queue=1) as port:
        with ThreadPoolExecutor(2) as pool:
            open_ = [pool.submit(ask, port, BODY) for _ in range(2)]
            while "chat_open 2.0" not in ask(port, path="/metrics")[1]:
                time.sleep(0.01)
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("POST", PATH, json.dumps(BODY))
            refused = connection.getresponse()
            assert refused.status == 503 and refused.headers["retry-after"]
            connection.close()
            server.go.set()
            assert [answer.result()[0] for answer in open_] == [502, 502]  # it broke off
        assert "chat_open 0.0" in ask(port, path="/metrics")[1]


def test_a_dead_or_slow_engine_is_told_at_once(run: Path, config: Config) -> None:
    with serving(run, config, Engine("http://127.0.0.1:9", "none", None)) as port:
        assert ask(port, BODY)[0] == 502 and ask(port, path="/ready")[0] == 503
    with slow() as server, serving(run, config, server.engine, max_seconds=0.3) as port:
        assert ask(port, BODY)[0] == 504
        client = OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0)
        with client, pytest.raises(APIError, match=r"more than 0\.3 seconds"):
            pieces = client.chat.completions.create(**BODY, stream=True)
            assert next(pieces).choices[0].delta.content == "Well"
            next(pieces)


class Hasty(BaseHTTPRequestHandler):
    """What ends each connection a little after its answer, without having said so."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = b'data: {"choices": [{"delta": {"content": "Well"}}]}\n\ndata: [DONE]\n\n'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        time.sleep(0.05)
        self.close_connection = True


def test_an_engine_may_end_a_connection_after_each_answer() -> None:
    async def ask_thrice(engine: Engine) -> list[str]:
        upstream, found = Upstream(engine), []
        for _ in range(3):
            words, answer = {"messages": BODY["messages"]}, Answer("any")
            found.append("".join([piece async for piece in upstream.answer(words, answer)]))
        await upstream.client.aclose()
        return found

    with slow(Hasty) as server:
        assert asyncio.run(ask_thrice(server.engine)) == ["Well"] * 3


@pytest.mark.parametrize("stream", [False, True])
def test_an_engine_is_left_when_the_client_goes(stream: bool, run: Path, config: Config) -> None:
    body = json.dumps(BODY | {"stream": stream}).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with slow() as server, serving(run, config, server.engine) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(head + body)
            assert server.asked.wait(10) and not server.left.is_set()
        assert server.left.wait(10)
        assert 'status="499"' in ask(port, path="/metrics")[1]


def test_llama_cpp_stops_when_nobody_reads(run: Path, config: Config, tmp_path: Path) -> None:
    """An answer that fills a window of 32,000 tokens would take a minute."""
    folder = shutil.copytree(run / "export/gguf", tmp_path / "export/gguf")
    told = json.loads((folder / "contract.json").read_text())
    told["tokens"] |= {"max_tokens": 32_000, "new_tokens": 30_000}
    (folder / "contract.json").write_text(json.dumps(told | {"sha256": {}}))
    start, end = (folder / "model.gguf").read_bytes().split(WINDOW)
    (folder / "model.gguf").write_bytes(start + WINDOW + struct.pack("<I", 32_000) + end[4:])

    async def leave(engine: Engine) -> None:
        async def works() -> bool:
            slots = (await upstream.client.get("/slots")).json()
            return any(slot["is_processing"] for slot in slots)

        upstream, words = Upstream(engine), {"messages": BODY["messages"], "ignore_eos": True}
        async with aclosing(upstream.answer(words, Answer("any"))) as pieces:
            await anext(pieces)
            assert await works()
        async with asyncio.timeout(10):
            while await works():
                await asyncio.sleep(0.01)
        await upstream.client.aclose()

    with started(tmp_path, section(config, Serve), "127.0.0.1", 0, "secret") as engine:
        asyncio.run(leave(engine))
