"""What the form of a chat with an agent holds."""

import pytest
from werkzeug.datastructures import MultiDict

from topcalls.console import agent_chat

pytestmark = pytest.mark.unit


def test_what_tools_gave_is_told_before_what_is_said():
    before = '[{"role": "assistant", "text": "", "tool_calls": [{"id": "a"}]}]'
    given = MultiDict({"said": before, "gave.a": "Tuesday", "text": " Fine. ", "version": "2"})
    assert agent_chat.said(given)[1:] == [
        {"role": "tool", "tool_call_id": "a", "text": "Tuesday"},
        {"role": "user", "text": "Fine."},
    ]
    assert agent_chat.said(MultiDict({"said": "[1", "text": ""})) == []
    assert agent_chat.said(MultiDict({"said": "[1]", "text": "Hello"})) == [
        {"role": "user", "text": "Hello"}
    ]
