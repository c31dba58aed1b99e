"""Tool calling with an exported model: parse its calls, run them and return the results to it."""

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..export.feed import feed
from ..runs import UserError
from .messages import Message
from .tools import CallError, Tool, schema

MAX_CALLS = 4  # in a row, before the model has to answer
NO_CALL = r"root ::= [^{ \n] [^\x00]*"  # an answer that is not a call, in llama.cpp's grammar
OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


class Exported(Protocol):
    """What the `load` of a format returns."""

    contract: Any

    def answer(self, messages: Any, **options: Any) -> str:
        """Return the answer to messages of `feed`."""


def converse(
    model: Exported,
    messages: Sequence[Message],
    functions: Mapping[str, Callable[..., Any]],
    must_call: bool = False,
) -> list[Message]:
    """Return the conversation up to the answer, including calls and results (role `tool`).

    `functions` implements the tools that the model was trained with, by name. `must_call` forces
    the first message to be a call. Invalid and failing calls are reported to the model as results.
    After MAX_CALLS calls it has to answer. UserError if the model has no tools, or a tool has no
    function.
    """
    tools, chat = _tools(model, functions), list(messages)
    for turn in range(MAX_CALLS + 1):
        (fed,) = feed({"messages": [chat]}, model.contract)["messages"]
        constraint = {"json_schema": schema(tools)} if must_call and turn == 0 else {}
        text = model.answer(fed, **({"grammar": NO_CALL} if turn == MAX_CALLS else constraint))
        chat.append({"role": "assistant", "content": text})
        try:
            if (call := parse_call(text, tools)) is None:
                break
            result = str(functions[call[0]](**call[1]))
        except (ValueError, ArithmeticError) as error:  # CallError is a ValueError
            result = f"error: {error}"
        chat.append({"role": "tool", "content": result})
    return chat


def _tools(model: Exported, functions: Mapping[str, Any]) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = (model.contract["tokens"]["prompt"] or {}).get("tools", [])
    if not tools:
        raise UserError("the model has no tools: train with --model.prompt prompts/tools.yaml.")
    if missing := [tool["name"] for tool in tools if tool["name"] not in functions]:
        raise UserError(f"the tool {missing[0]} has no function: pass one of that name.")
    return tools


def parse_call(text: str, tools: Sequence[dict[str, Any]]) -> tuple[str, dict[str, Any]] | None:
    """Return the name and the arguments of the tool call in an answer; None if it is not a call.

    CallError says why a call is invalid.
    """
    if not text.lstrip().startswith("{"):
        return None
    try:
        call = json.loads(text)
    except (ValueError, RecursionError):
        raise CallError("the call is not valid JSON, or is truncated") from None
    known = {tool["name"]: tool for tool in tools}
    if {*call} != {"name", "arguments"} or not isinstance(call["arguments"], dict):
        raise CallError("a call has a name and arguments, and nothing else")
    if call["name"] not in [*known]:
        raise CallError(f"there is no such tool, only {', '.join(known)}")
    Tool.model_validate(known[call["name"]]).check(call["arguments"])
    return call["name"], call["arguments"]


def calculate(left: float, operator: str, right: float) -> float:
    """Return the result of one arithmetic operation; ArithmeticError if it has none."""
    return OPERATORS[operator](left, right)
