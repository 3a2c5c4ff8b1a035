"""Tools that customers define: every fault is told, with the field it is in."""

import pytest

from topcalls.core.tool_rules import MAX_TOOLS, tool_faults
from topcalls.core.tools import DEFAULT_TIMEOUT, HIDDEN, tools_of
from topcalls.core.web_addresses import EVERYWHERE

pytestmark = pytest.mark.unit

TOOL = {
    "name": "look_up_order",
    "description": "Finds an order.",
    "url": "https://example.com/orders",
}
KEPT = "0b0ea4ec-3d2c-4c1d-9a2f-6c1f0a6f3d11"


def codes(*tools, **rules):
    return {fault.path: fault.code for fault in tool_faults(list(tools), **rules)}


def test_a_whole_definition_is_taken():
    whole = {
        **TOOL,
        "parameters": {"type": "object", "properties": {"order": {"type": "integer"}}},
        "headers": {"Authorization": "Bearer abc def", "X-Shop": "1"},
        "timeout_seconds": 5,
        "speak_while_waiting": "One moment, please.",
        "async": True,
    }
    assert codes(whole) == {}
    (tool,) = tools_of([whole])
    assert tool.is_async
    assert tool.timeout_seconds == 5
    assert tool.spec.parameters == whole["parameters"]


def test_what_is_null_is_not_given():
    nothing = dict.fromkeys(("parameters", "headers", "timeout_seconds", "async"))
    assert codes({**TOOL, **nothing}) == {}
    (tool,) = tools_of([{**TOOL, **nothing}])
    assert (tool.timeout_seconds, tool.is_async, tool.headers) == (DEFAULT_TIMEOUT, False, {})
    assert tool.spec.parameters["type"] == "object"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"name": "1st"}, "name", "invalid_name"),
        ({"name": None}, "name", "invalid_name"),
        ({"name": "end_call"}, "name", "reserved"),
        ({"description": ""}, "description", "required"),
        ({"description": "  "}, "description", "required"),
        ({"description": 5}, "description", "invalid_type"),
        ({"description": "x" * 1001}, "description", "length"),
        ({"parameters": {"type": "array"}}, "parameters.type", "invalid_schema"),
        ({"parameters": "string"}, "parameters", "invalid_schema"),
        ({"url": None}, "url", "required"),
        ({"url": "ftp://example.com"}, "url", "invalid_url"),
        ({"url": "http://10.0.0.1/"}, "url", "private_address"),
        ({"timeout_seconds": True}, "timeout_seconds", "invalid_type"),
        ({"timeout_seconds": 31}, "timeout_seconds", "range"),
        ({"timeout_seconds": 0}, "timeout_seconds", "range"),
        ({"speak_while_waiting": " "}, "speak_while_waiting", "length"),
        ({"speak_while_waiting": 5}, "speak_while_waiting", "invalid_type"),
        ({"async": "yes"}, "async", "invalid_type"),
        ({"method": "GET"}, "method", "unknown"),
        ({"headers": []}, "headers", "invalid_type"),
        ({"headers": {f"X-{n}": "1" for n in range(21)}}, "headers", "too_many"),
        ({"headers": {"X Y": "1"}}, "headers.X Y", "invalid_header"),
        ({"headers": {"": "1"}}, "headers.", "invalid_header"),
        ({"headers": {"Host": "a"}}, "headers.Host", "reserved"),
        ({"headers": {"webhook-id": "a"}}, "headers.webhook-id", "reserved"),
        ({"headers": {"Idempotency-Key": "a"}}, "headers.Idempotency-Key", "reserved"),
        ({"headers": {"X-A": "1\r\nHost: b"}}, "headers.X-A", "invalid_header"),
        ({"headers": {"X-A": " a"}}, "headers.X-A", "invalid_header"),
        ({"headers": {"X-A": "ä"}}, "headers.X-A", "invalid_header"),
        ({"headers": {"X-A": 1}}, "headers.X-A", "invalid_type"),
        ({"headers": {"X-A": "a" * 4097}}, "headers.X-A", "invalid_header"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "headers.x-a", "duplicate"),
        ({"headers": {"X-A": HIDDEN}}, "headers.X-A", "hidden_value"),
        ({"headers_id": "7"}, "headers_id", "invalid_id"),
    ],
)
def test_a_tool_that_cannot_be_used_is_refused(change, field, code):
    assert codes({**TOOL, **change}) == {f"tools.0.{field}": code}


def test_a_value_may_be_hidden_where_it_is_kept():
    assert codes({**TOOL, "headers": {"X-A": HIDDEN}, "headers_id": KEPT}) == {}


def test_an_address_may_be_private_where_that_is_allowed():
    assert codes({**TOOL, "url": "http://127.0.0.1:9/"}, reach=EVERYWHERE) == {}


def test_two_tools_may_not_share_a_name():
    assert codes(TOOL, TOOL) == {"tools.1.name": "duplicate"}


def test_a_list_that_is_none_or_too_long_is_refused():
    assert codes(5) == {"tools.0": "invalid_tool"}
    assert codes(*[TOOL] * (MAX_TOOLS + 1)) == {"tools": "invalid_tools"}
    assert [fault.code for fault in tool_faults({}, "tools")] == ["invalid_tools"]
    long = [{**TOOL, "name": f"t{n}", "description": "x" * 20_000} for n in range(8)]
    assert codes(*long) == {"tools": "too_large"}
