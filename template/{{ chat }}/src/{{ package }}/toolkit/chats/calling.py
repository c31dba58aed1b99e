"""An exported model with tools: its calls are read, checked and run, and it goes on from them."""

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..export.feed import feed
from ..runs import UserError
from .messages import Message
from .tools import CallError, Tool, schema

CALLS = 4  # in a row, before the answer
ANSWER = r"root ::= [^{ \n] [^\x00]*"  # no call, in the grammar of llama.cpp
STEPS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


class Exported(Protocol):
    """What the `load` of a format returns."""

    contract: Any

    def answer(self, messages: Any, **words: Any) -> str:
        """Return the answer to messages of `feed`."""


def converse(
    model: Exported,
    messages: Sequence[Message],
    functions: Mapping[str, Callable[..., Any]],
    must_call: bool = False,
) -> list[Message]:
    """Return the conversation to its answer, with calls, and results as messages of the tool.

    `functions` holds those of the tools that the model was tuned with, by name. `must_call` lets
    the first answer be nothing but a call. A call that is wrong or fails is told as a result too.
    After so many calls it has to answer. UserError if there are no tools, or one has no function.
    """
    tools, chat = _tools(model, functions), list(messages)
    for turn in range(CALLS + 1):
        (asked,) = feed({"messages": [chat]}, model.contract)["messages"]
        held = {"json_schema": schema(tools)} if must_call and turn == 0 else {}
        said = model.answer(asked, **({"grammar": ANSWER} if turn == CALLS else held))
        chat.append({"role": "assistant", "content": said})
        try:
            if (call := called(said, tools)) is None:
                break
            result = str(functions[call[0]](**call[1]))
        except (ValueError, ArithmeticError) as error:  # CallError is a ValueError
            result = f"error: {error}"
        chat.append({"role": "tool", "content": result})
    return chat


def _tools(model: Exported, functions: Mapping[str, Any]) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = (model.contract["tokens"]["prompt"] or {}).get("tools", [])
    if not tools:
        raise UserError("the model knows no tools: train with --model.prompt prompts/tools.yaml.")
    if missing := [tool["name"] for tool in tools if tool["name"] not in functions]:
        raise UserError(f"the tool {missing[0]} has no function: give one of that name.")
    return tools


def called(text: str, tools: Sequence[dict[str, Any]]) -> tuple[str, dict[str, Any]] | None:
    """Return the tool that an answer calls, with its arguments; None if it calls none.

    CallError says why a call can't be run.
    """
    if not text.lstrip().startswith("{"):
        return None
    try:
        call = json.loads(text)
    except (ValueError, RecursionError):
        raise CallError("the call is no JSON, or is cut off") from None
    known = {tool["name"]: tool for tool in tools}
    if {*call} != {"name", "arguments"} or not isinstance(call["arguments"], dict):
        raise CallError("a call has a name and arguments, and nothing else")
    if call["name"] not in [*known]:
        raise CallError(f"there is no such tool, only {', '.join(known)}")
    Tool.model_validate(known[call["name"]]).check(call["arguments"])
    return call["name"], call["arguments"]


def calculate(left: float, operator: str, right: float) -> float:
    """Return the result of one step of arithmetic; ArithmeticError if there is none."""
    return STEPS[operator](left, right)
