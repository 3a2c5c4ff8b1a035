"""What the hands of a call make of what its conversation reports."""

from types import SimpleNamespace

import pytest

from topcalls.controller.call_effects import CallEffects
from topcalls.core.call_events import BridgeFailed, BridgeFinished, StreamLost
from topcalls.core.token_usage import TokenUsage
from topcalls.services.carried import Carried, Used

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("reason", "detail", "event"),
    [
        ("agent_ended", "", BridgeFinished("agent_ended")),
        ("silence", "", BridgeFinished("silence")),
        ("provider_failed", "rate_limit", BridgeFailed("rate_limit", "provider_failed")),
        ("playback_failed", "", BridgeFailed("", "playback_failed")),
        ("internal_error", "KeyError", BridgeFailed("KeyError", "internal_error")),
        ("killed", "", BridgeFailed("killed", "internal_error")),
        ("media_lost", "", StreamLost()),
    ],
)
def test_the_end_of_a_conversation_is_told_by_what_it_was(reason, detail, event):
    posted = []
    CallEffects.finished(SimpleNamespace(_post=posted.append), reason, detail)
    assert posted == [event]


def test_what_models_took_is_written_as_a_sum_of_each():
    written = []
    journal = SimpleNamespace(usage=lambda *told: written.append(told))
    before = {"gpt-realtime": Used(TokenUsage(10, 20), 3)}
    call = SimpleNamespace(carried=Carried(used=before))
    hands = SimpleNamespace(_used={}, _journal=journal, _call=call)
    waste = TokenUsage(wasted_tokens=7, wasted_characters=8)
    for usage in (TokenUsage(1, 2), TokenUsage(), waste, TokenUsage(3, 4)):
        CallEffects.usage(hands, "gpt-realtime", usage)
    CallEffects.usage(hands, "gpt-transcribe", TokenUsage(heard_ms=500))
    CallEffects.usage(hands, "gpt-realtime", TokenUsage(1))
    assert written == [
        ("gpt-realtime", TokenUsage(11, 22), 4),
        ("gpt-realtime", TokenUsage(11, 22) + waste, 4),
        ("gpt-realtime", TokenUsage(14, 26) + waste, 5),
        ("gpt-transcribe", TokenUsage(heard_ms=500), 0),
        ("gpt-realtime", TokenUsage(15, 26) + waste, 6),
    ]


def test_replaced_stages_are_written_with_those_of_before():
    written = []
    journal = SimpleNamespace(stages_replaced=written.append)
    hands = SimpleNamespace(_stages_replaced=("voice",), _journal=journal)
    for stage in ("model", "voice"):
        CallEffects.stage_replaced(hands, stage)
    assert written == [("voice", "model"), ("voice", "model", "voice")]
