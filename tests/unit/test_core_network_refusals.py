"""What a refusal says beyond its status."""

import pytest

from topcalls.core.call_events import Hangup
from topcalls.core.call_providers import SPEECH, failed_provider
from topcalls.core.hangup_causes import Unanswered, in_words, outcome_of
from topcalls.core.network_refusals import (
    LONGEST_RETRY_SECONDS,
    is_network_block,
    redress,
    retry_after,
)
from topcalls.core.routing import Then, decide

pytestmark = pytest.mark.unit
REASON = 'SIP;cause=603;text="v=analytics1;url=https://Who.example/Redress;email=a@b.example"'


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        (" 120 ", 120.0),
        ("120 (in a meeting)", 120.0),
        ("18000;duration=3600", LONGEST_RETRY_SECONDS),
        ("0", None),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("Tue, 15 Nov 1994 08:12:31 GMT", None),
        ("9" * 400, None),
    ],
)
def test_for_how_long_one_is_asked_to_wait(text, seconds):
    assert retry_after(text) == seconds


@pytest.mark.parametrize(
    ("status", "phrase", "reason", "is_block"),
    [
        (608, "", "", True),
        (608, "Rejected", REASON, True),
        (603, "Network Blocked", "", True),
        (603, " network blocked", "", True),
        (603, "Decline", REASON, True),
        (603, "Decline", "", False),
        (603, "Decline", 'Q.850;cause=21;text="Call Rejected"', False),
        (603, "", 'SIP;text="no v=analytics1"', False),
        (403, "Network Blocked", REASON, False),
        (None, "Network Blocked", REASON, False),
    ],
)
def test_a_network_that_blocks_is_told_from_a_person_who_declines(status, phrase, reason, is_block):
    assert is_network_block(status, phrase, reason) is is_block


def test_to_whom_one_may_object():
    assert redress(REASON) == "https://Who.example/Redress"
    assert redress('SIP;text="v=analytics1;tel=+12025550100"') == "+12025550100"
    assert redress('SIP;text="v=analytics1;url=https://a b"') == "https://a"
    assert redress("SIP;cause=603") is None
    assert redress('SIP;text="' + "x" * 10_000) is None


def test_a_block_is_no_decline_and_is_explained_with_where_to_object():
    blocked = Hangup("CALL_REJECTED", 603, phrase="Network Blocked", reason=REASON)
    assert outcome_of(blocked) is Unanswered.FAILED
    assert outcome_of(Hangup("CALL_REJECTED", 603, phrase="Decline")) is Unanswered.REJECTED
    assert "https://Who.example/Redress" in in_words(blocked)
    assert "blocked the call" in in_words(Hangup("CALL_REJECTED", 608))
    assert "unwanted" in in_words(Hangup("UNWANTED", 607))
    assert decide(blocked, 0.0, 1, 3).then is Then.STOP


def test_which_provider_failed():
    chain = {"recognizer": "deepgram", "model": "openai", "voice": "elevenlabs"}
    assert failed_provider(chain, "voice: http_503") == "elevenlabs"
    assert failed_provider(chain, "no_session") is None
    assert failed_provider({SPEECH: "openai"}, "no_session") == "openai"
    assert failed_provider({"recognizer": "openai", "model": "openai"}, "") == "openai"
    assert failed_provider({}, "voice: x") is None
