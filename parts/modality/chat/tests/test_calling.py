"""A call is run if its schema allows it, and a schema is checked before a model is told of it."""

import pytest
import yaml
from prompted import PROMPTS

from my_model.chats.calling import called
from my_model.chats.tools import Argument, Arguments, CallError

ONE = '{"name": "calculate", "arguments": {"left": 1, "operator": "+", "right": 1}}'
WRONG = {
    ONE[:30]: "no JSON, or is cut off",
    '{"name": "calculate"}': "a name and arguments, and nothing else",
    '{"name": "calculate", "arguments": 1}': "a name and arguments",
    ONE.replace("calc", "spec"): "no such tool, only calculate",
    ONE.replace('"calculate"', "[]"): "no such tool",
    ONE.replace('"left": 1, ', ""): "calculate needs left",
    ONE.replace("left", "a"): "calculate takes no a",
    ONE.replace("1}}", '"1"}}'): "right is no integer",
    ONE.replace("1}}", "true}}"): "right is no integer",
    ONE.replace("1}}", "0.5}}"): "right is no integer",
    ONE.replace("1}}", "-1000001}}"): "right is below -1000000",
    ONE.replace("+", "**"): r"operator is not one of \+, -",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_call_is_not_run(text: str) -> None:
    tools = yaml.safe_load((PROMPTS / "tools.yaml").read_text("utf-8"))["tools"]
    with pytest.raises(CallError, match=WRONG[text]):
        called(text, tools)
    assert called(ONE, tools) == ("calculate", {"left": 1, "operator": "+", "right": 1})
    assert called("It is 4.", tools) is None


SCHEMAS = {
    "maxLength is for strings alone": {"type": "integer", "maxLength": 3},
    "minimum and maximum are for numbers alone": {"type": "boolean", "minimum": 3},
    "a value of enum is no string": {"type": "string", "enum": ["a", 1]},
    "a value of enum is longer than 1": {"type": "string", "enum": ["ab"], "maxLength": 1},
    "Extra inputs are not permitted": {"type": "string", "pattern": "a"},
}


@pytest.mark.parametrize("reason", SCHEMAS)
def test_a_schema_that_can_not_be_checked_is_refused(reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Argument.model_validate(SCHEMAS[reason])
    with pytest.raises(ValueError, match="b is required, but not one of the properties"):
        Arguments.model_validate({"type": "object", "properties": {}, "required": ["b"]})
