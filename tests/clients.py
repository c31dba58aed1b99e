"""Chat with the servers of a project by clients that people use, in their own environment.

`check_clients` starts the servers. The clients run in a process that knows only their addresses:
`python tests/clients.py MODEL KEY QUESTION ADDRESS...` prints what each has answered, as JSON.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PACKAGES = (
    "langchain==1.5.2",
    "langchain-openai==1.7.4",
    "litellm==1.110.2",
    "openai==3.57.0",
    "openai-agents==0.24.0",
)
OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "OPENAI_AGENTS_DISABLE_TRACING": "1"}
KEY, LIMIT = "sesame", 900  # seconds; vLLM starts in minutes
GATEWAY, VLLM = "gateway", "gateway-vllm"  # with the default engine, and with vLLM
BRIEF, AGAIN = "Be brief.", {"role": "user", "content": "Why?"}
# An engine without the gateway, as in projects without the target `api`.
ENGINE = """
import sys
from pathlib import Path
from {package}.config import load
from {package}.toolkit.config import section
from {package}.toolkit.engines.engine import started
from {package}.toolkit.settings.serve import Serve

name, key, run = sys.argv[1:]
settings = section(load(Path("config.yaml"), {{"serve.engine": name}}), Serve)
with started(Path("runs") / run, settings, "127.0.0.1", 0, key) as engine:
    print(engine.address, flush=True)
    sys.stdin.read()
"""


def check_clients(
    folder: Path, script: str, run: str, servers: tuple[str, ...] = (GATEWAY, "llama-cpp")
) -> None:
    """Assert that all clients get the same answers, whole and streamed, from all servers.

    vLLM may decide a near tie differently. The question is the first with an answer.
    """
    examples = json.loads((folder / "runs" / run / "export/gguf/examples.json").read_text("utf-8"))
    pairs = zip(examples["rows"], examples["predictions"], strict=True)
    question, answer = next((row["messages"][-1]["content"], text) for row, text in pairs if text)
    with ExitStack() as stack:
        addresses = [stack.enter_context(_serving(folder, script, run, name)) for name in servers]
        words = [word for package in PACKAGES for word in ("--with", package)]
        words = ["uv", "run", "--quiet", "--no-project", *words, "python", __file__]
        given = [script, KEY, question, *addresses]
        options = {"env": os.environ | OFFLINE, "timeout": LIMIT}
        done = subprocess.run([*words, *given], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    for name, found in zip(servers, json.loads(done.stdout.splitlines()[-1]), strict=True):
        print(name, found)
        texts = {text for chat, stream, _ in found.values() for text in (chat, stream)}
        assert texts == {answer} or (name == VLLM and len(texts) == 1), (name, found, answer)
        assert all(isinstance(turns, str) for _, _, turns in found.values()), (name, found)


def installs_vllm(folder: Path) -> bool:
    """Install the environment of vLLM, 5 GB, and return True; print why it can't be installed."""
    kind = "gpu" if shutil.which("nvidia-smi") else "cpu"
    words = ["uv", "sync", "--quiet", "--project", f"deploy/vllm/{kind}"]
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(words, cwd=folder, env=kept, capture_output=True, text=True)
    if done.returncode:
        print(f"no client tries vLLM, which can't be installed here: {done.stderr.strip()[-500:]}")
    return not done.returncode


@contextmanager
def _serving(folder: Path, script: str, run: str, name: str) -> Iterator[str]:
    """Start the gateway with an engine, or an engine alone; yield the address of its /v1."""
    command = [str(folder / ".venv/bin/python"), "-c"]
    command += [ENGINE.format(package=script.replace("-", "_")), name, KEY, run]
    if is_gateway := name.startswith(GATEWAY):
        command = [str(folder / ".venv/bin" / script), "serve", f"--run={run}", "--serve.port=0"]
        command += [f"--serve.engine={name.removeprefix(f'{GATEWAY}-')}"] * (name != GATEWAY)
    options = {"cwd": folder, "env": os.environ | {"MODEL_API_KEY": KEY}, "text": True}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **options, **pipes) as process:
        try:
            found = re.search(r"http://[^/\s]+", process.stdout.readline())
            assert found, f"{name} did not start"
            yield f"{found[0]}/v1"
        finally:
            if is_gateway:
                process.terminate()
            process.stdin.close()


Answers = tuple[str, str, str]  # of a chat, a stream and an agent in its second turn


def openai(base: str, key: str, model: str, question: str) -> Answers:
    """OpenAI's client, and the agents of its SDK."""
    from agents import Agent, ModelBehaviorError, OpenAIChatCompletionsModel, Runner
    from openai import AsyncOpenAI, OpenAI

    options = {"base_url": base, "api_key": key, "max_retries": 0}
    messages = [{"role": "user", "content": question}]
    with OpenAI(**options) as client:
        create = client.chat.completions.create
        chat = create(model=model, messages=messages).choices[0].message
        usage = {"stream_options": {"include_usage": True}}
        chunks = [*create(model=model, messages=messages, stream=True, **usage)]
        assert chunks[-1].usage.completion_tokens > 0
        stream = "".join(each.delta.content or "" for chunk in chunks for each in chunk.choices)
        for answer in (chat, chat.model_dump()):  # as clients send it back
            create(model=model, messages=[*messages, answer, AGAIN])

    async def turns() -> str:
        async with AsyncOpenAI(**options) as client:
            asked = OpenAIChatCompletionsModel(model=model, openai_client=client)
            agent = Agent(name="agent", instructions=BRIEF, model=asked)
            first = await Runner.run(agent, question)
            return (await Runner.run(agent, [*first.to_input_list(), AGAIN])).final_output

    try:
        return chat.content, stream, asyncio.run(turns())
    except ModelBehaviorError as error:  # a small model may have no word to say
        assert "produced no assistant text" in str(error), error
        return chat.content, stream, ""


def langchain(base: str, key: str, model: str, question: str) -> Answers:
    """LangChain's chat model, and its agent without tools."""
    from langchain.agents import create_agent
    from langchain_openai import ChatOpenAI

    chat = ChatOpenAI(base_url=base, api_key=key, model=model, max_retries=0)
    agent = create_agent(chat, tools=[], system_prompt=BRIEF)
    first = agent.invoke({"messages": [{"role": "user", "content": question}]})
    second = agent.invoke({"messages": [*first["messages"], AGAIN]})
    stream = "".join(chunk.content for chunk in chat.stream(question))
    return chat.invoke(question).content, stream, second["messages"][-1].content


def litellm(base: str, key: str, model: str, question: str) -> Answers:
    """LiteLLM, with the loop of an agent by hand: it has none."""
    from litellm import completion

    options = {"model": f"openai/{model}", "api_base": base, "api_key": key, "max_retries": 0}
    messages = [{"role": "user", "content": question}]
    chat = completion(messages=messages, **options).choices[0].message
    chunks = completion(messages=messages, stream=True, **options)
    stream = "".join(each.delta.content or "" for chunk in chunks for each in chunk.choices)
    begun = [{"role": "system", "content": BRIEF}, *messages, chat.model_dump(), AGAIN]
    again = completion(messages=begun, **options, stop=None)
    return chat.content, stream, again.choices[0].message.content


CLIENTS: tuple[Callable[[str, str, str, str], Answers], ...] = (openai, langchain, litellm)


def main(model: str, key: str, question: str, *addresses: str) -> None:
    """Print {client: its answers}, without surrounding white space, of each server."""
    found = []
    for base in addresses:
        answers = {client.__name__: client(base, key, model, question) for client in CLIENTS}
        found.append({name: [text.strip() for text in each] for name, each in answers.items()})
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
