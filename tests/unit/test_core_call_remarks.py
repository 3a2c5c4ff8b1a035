"""What else was not as it should be, each from its own sign and from no other."""

from dataclasses import replace

import pytest

from topcalls.core.call_remarks import Signs, remarks_on

pytestmark = pytest.mark.unit
FINE = Signs(
    queued_seconds=0.3,
    talked_seconds=60,
    dials=1,
    p95_ms={"endpointing": 600, "provider": 900, "gateway": 30, "ear": 1600},
    first_word_ms=150,
    caller_turns=4,
)


@pytest.mark.parametrize("signs", [FINE, Signs()])
def test_nothing_to_remark(signs):
    assert remarks_on(signs) == []


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"queued_seconds": 61.2}, "long_queue", "61 s"),
        ({"dials": 3}, "several_dials", "3 dials"),
        ({"abandoned": True}, "abandoned", "heard nobody"),
        ({"first_word_ms": 4001}, "late_first_word", "4001 ms"),
        ({"caller_turns": 0}, "nothing_heard", "understood"),
        ({"p95_ms": {"endpointing": 1501}}, "slow_endpointing", "1501 ms of endpointing"),
        ({"p95_ms": {"provider": 2501}}, "slow_provider", "2501 ms of provider"),
        ({"p95_ms": {"gateway": 151}}, "slow_gateway", "151 ms of gateway"),
        ({"stages_replaced": ("voice", "model")}, "stages_replaced", "voice, model"),
        ({"tools_failed": ("order",)}, "tools_failed", "order"),
        ({"recording_refused": True}, "recording_refused", "refused to record"),
        ({"steps_given_up": ("summary",)}, "steps_given_up", "summary"),
        ({"webhooks_dead": 2}, "webhooks_dead", "2 webhooks were given up"),
        ({"webhooks_waiting": 1}, "webhooks_waiting", "1 webhooks are not delivered"),
    ],
)
def test_one_sign_is_one_remark(changes, name, words):
    (remark,) = remarks_on(replace(FINE, **changes))
    assert remark.name == name
    assert words in remark.found
    assert remark.remedy.endswith((".", ")"))


def test_a_short_call_need_not_have_heard_anything():
    assert remarks_on(replace(FINE, talked_seconds=14, caller_turns=0)) == []
