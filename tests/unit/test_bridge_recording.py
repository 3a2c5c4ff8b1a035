"""The announcement before everything else, and words that are not written down."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from bridge_doubles import CONFIG, Audio, Talk

from topcalls.bridge.config import conversation_for
from topcalls.bridge.opening import Opening
from topcalls.bridge.timers import Timers
from topcalls.clock import ManualClock
from topcalls.core.builtin_tools import PAUSE_RECORDING, RESUME_RECORDING
from topcalls.core.call_request import CallRequest, Recording
from topcalls.core.redaction import MASKED
from topcalls.core.turn_rules import Protection

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NOTICE = "This call is recorded."


def config(inbound=False, wait_for_greeting=False, first_sentence=None, **recording):
    request = CallRequest(
        phone_number="+12025550100",
        task="Ask whether Tuesday suits.",
        first_sentence=first_sentence,
        wait_for_greeting=wait_for_greeting,
        recording=Recording(**recording),
    )
    return conversation_for(request, default_model="gpt-realtime", inbound=inbound)


def said(conversation):
    """What is asked of the model until the call has been answered for a moment."""
    asks = []
    opening = Opening(
        conversation.opening, Timers(ManualClock(NOW)), asks.append, lambda: asks.append("released")
    )
    opening.prepare()
    opening.answered()
    return asks


@pytest.mark.parametrize("wishes", [{}, {"inbound": True}, {"wait_for_greeting": True}])
def test_an_announcement_comes_first_and_is_heard_to_its_end(wishes):
    notice, greeting, released = said(config(announcement=NOTICE, **wishes))
    assert (notice.text, notice.exact, notice.opening) == (NOTICE, True, True)
    assert notice.protection is Protection.ABSOLUTE
    assert (greeting.exact, greeting.opening, greeting.protection) == (
        False,
        False,
        Protection.NONE,
    )
    assert released == "released"


def test_the_first_sentence_follows_the_announcement():
    notice, first, _ = said(config(announcement=NOTICE, first_sentence="Hello, this is Ann."))
    assert (notice.text, first.text, first.exact) == (NOTICE, "Hello, this is Ann.", True)


def test_what_is_not_recorded_is_not_announced():
    asks = said(config(announcement=NOTICE, enabled=False, first_sentence="Hello."))
    assert [ask.text for ask in asks[:-1]] == ["Hello."]


@pytest.mark.parametrize(
    ("recording", "has"),
    [
        ({}, False),
        ({"agent_may_pause": True}, True),
        ({"agent_may_pause": True, "enabled": False}, False),
    ],
)
def test_the_agent_pauses_only_where_it_may(recording, has):
    names = {tool.name for tool in config(**recording).session.tools}
    assert ({PAUSE_RECORDING.name, RESUME_RECORDING.name} <= names) is has
    assert bool({PAUSE_RECORDING.name, RESUME_RECORDING.name} & names) is has


# --- masking


@pytest.fixture
def talk():
    """The caller was answered; the agent may pause the recording."""
    tools = (*CONFIG.builtin_tools, PAUSE_RECORDING.name, RESUME_RECORDING.name)
    made = Talk(replace(CONFIG, builtin_tools=tools)).ring()
    made.bridge.attach(Audio(made.line, made.loudspeaker))
    made.settle()
    made.caller_says("Hello?")
    made.session.respond("Hello.", 1.0)
    made.advance(1.5)
    made.calls.clear()
    yield made
    made.end()


def words(talk):
    return [turn.text for turn in talk.observer.turns]


def outputs(talk):
    return [call[2] for call in talk.calls if call[0] == "output"]


def test_the_agent_hears_of_its_pause_when_the_switch_has_done_it(talk):
    talk.caller_says("I pay by card.")
    talk.session.call("pause_recording", "{}")
    talk.settle()
    assert (talk.observer.masked, outputs(talk)) == ([True], [])
    talk.bridge.recording_masked(True, True)
    talk.settle()
    assert outputs(talk) == ['{"status":"paused"}']


def test_a_switch_that_did_not_mask_is_told_to_the_agent_and_nothing_is_written(talk):
    talk.caller_says("I pay by card.")
    talk.session.call("pause_recording", "{}")
    talk.settle()
    talk.bridge.recording_masked(True, False)
    talk.settle()
    assert "error" in outputs(talk)[0]
    talk.caller_says("Four one one one.")
    assert words(talk)[-1] == MASKED


def test_what_is_said_in_a_pause_is_not_written_down(talk):
    talk.bridge.recording_masked(True)
    talk.settle()
    talk.caller_says("Four one one one.")
    assert words(talk)[-1] == MASKED
    talk.advance(2.0)
    talk.bridge.recording_masked(False)
    talk.advance(2.0)
    talk.caller_says("That is all.")
    assert words(talk)[-1] == "That is all."
    assert "Four one one one." not in words(talk)
