"""Calls held again by the real bridge: the same agent, another one, and what cannot be replayed."""

from dataclasses import replace

import pytest
from replay_rig import SAID, Installation

from topcalls.core.call_request import Recording
from topcalls.core.redaction import MASKED
from topcalls.core.replay_script import Timing
from topcalls.errors import Conflict, InvalidRequest, NotFound

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]
OFFER_FRIDAY = "You are Rachel of the clinic. Where Tuesday is difficult, offer Friday."
SCHEMA = {"type": "object", "properties": {"day": {"type": "string", "description": "the day"}}}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """One installation for all of these tests."""
    found = Installation(tmp_path_factory.mktemp("replays"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def call(place):
    """A call that was recorded."""
    return place.call()


@pytest.fixture(scope="module")
def same(place, call):
    """It, with the same agent."""
    return place.replay(call)


@pytest.fixture(scope="module")
def other(place, call):
    """It, with other instructions."""
    return place.replay(call, {"instructions": OFFER_FRIDAY})


def test_the_same_agent_says_the_same(same):
    assert same.comparison.fork is None, same.comparison
    assert [one.now.agent for one in same.comparison.exchanges] == [
        "",
        SAID[1][1],
        f"{SAID[3][1]} {SAID[4][1]}",
        SAID[6][1],
    ]
    assert [one.now.caller for one in same.comparison.exchanges[1:]] == [
        text for speaker, text, _ in SAID if speaker == "user"
    ]
    assert (same.pace, same.changed) == ("virtual", ())
    assert same.comparison.exchanges[-1].now.ends


def test_its_tools_answer_from_the_call(same):
    (used,) = same.comparison.exchanges[2].now.tools
    assert (used.name, used.status) == ("free_times", "succeeded")
    assert same.not_on_cassette == ()


def test_the_caller_answers_as_quickly_as_then(same):
    for one in same.comparison.exchanges[1:]:
        assert one.now.wait_ms is not None
    assert abs(same.seconds_now - same.seconds_then) < 6


def test_other_instructions_fork_where_they_matter(other):
    assert other.comparison.fork == 2
    assert "tools" in other.comparison.exchanges[2].reasons
    assert "Friday" in other.comparison.exchanges[2].now.agent
    assert [one.after_fork for one in other.comparison.exchanges] == [False, False, False, True]
    assert "instructions" in [change.path for change in other.changed]


def test_a_tool_that_was_not_called_so_fails_and_is_shown(other):
    assert other.not_on_cassette == ("free_times",)


def test_nothing_is_written_to_the_call(place, call, same, other):
    view = place.services.calls.get(place.owner.account_id, call)
    assert [item.text for item in view.transcript] == [text for _, text, _ in SAID]
    assert len(place.services.calls.tools.of_call(place.owner.account_id, call)) == 2


def test_other_first_words_fork_at_once(place, call):
    found = place.replay(call, {"first_sentence": "Good morning, the clinic speaking."})
    assert found.comparison.fork == 1  # this caller spoke first
    assert found.comparison.exchanges[1].now.agent.startswith("Good morning")


def test_a_caller_by_the_clock_speaks_when_they_did(place, call):
    found = place.replay(call, timing=Timing.ABSOLUTE)
    assert [one.now.caller for one in found.comparison.exchanges[1:] if one.now][0] == "Hello?"


def test_the_outcome_is_that_of_what_is_said_now(place):
    wishes = {
        "analysis_schema": SCHEMA,
        "outcome_mapping": (
            {
                "when": {"field": "call.end_reason", "op": "eq", "value": "agent_ended"},
                "outcome": "done",
            },
        ),
    }
    found = place.replay(place.call(**wishes))
    assert found.outcome.errors == {}
    assert found.outcome.found["disposition"] == "done"
    changed = {change.field for change in found.outcome.changes}
    assert {"disposition", "end_reason"} <= changed


# --- what cannot be replayed, and what is refused


def masked(turn):
    return replace(turn, text=MASKED) if turn.text.startswith("Tuesday") else turn


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        ({"record": False, "recording": Recording(enabled=False)}, "not recorded"),
        ({"channels": 1}, "mono"),
        ({"change": masked}, "paused"),
    ],
)
def test_a_recording_that_is_of_no_use_is_refused_with_its_reason(place, wishes, why):
    with pytest.raises(Conflict, match=why):
        place.replay(place.call(**wishes))


def test_a_deleted_recording_may_be_brought_along(place, tmp_path):
    call_id = place.call()
    sound = place.services.recordings.sound(place.owner.account_id, call_id)
    file = tmp_path / "exported.wav"
    with sound.file:
        file.write_bytes(sound.file.read())
    place.services.recordings.delete(place.owner.account_id, call_id, place.services.clock.now())
    with pytest.raises(Conflict, match="deleted"):
        place.replay(call_id)
    assert place.replay(call_id, recording=file).comparison.fork is None


def test_an_encrypted_recording_is_read(tmp_path):
    place = Installation(tmp_path, recording_encryption=True)
    try:
        assert place.replay(place.call()).comparison.fork is None
    finally:
        place.close()


@pytest.mark.parametrize(
    "fields", [{"voice": "nobody"}, {"phone_number": "+12025550100"}, {"colour": "red"}]
)
def test_what_would_be_refused_of_a_call_is_refused(place, call, fields):
    with pytest.raises(InvalidRequest):
        place.replay(call, fields)


def test_a_call_or_an_agent_that_there_is_not_is_named(place, call):
    nobody = "53e35988-9ad9-4bfc-816b-f2d2e55ca88c"
    with pytest.raises(NotFound, match=nobody):
        place.replay(nobody)
    with pytest.raises(NotFound):
        place.replay(call, agent=(nobody, None))
