"""What answered a call, as it is stored, corrected and shown."""

from __future__ import annotations

from datetime import timedelta

import factories
import pytest

from topcalls.core.answer_verdict import Answerer, Evidence, Verdict
from topcalls.errors import Conflict, NotFound

pytestmark = pytest.mark.service

HUMAN = Verdict(Answerer.HUMAN, 0.9, 1.5, (Evidence("short_greeting", 1.5, 0.44),))
VOICEMAIL = Verdict(Answerer.VOICEMAIL, 0.97, 6.2, (*HUMAN.evidence, Evidence("beep", 5.9)))


@pytest.fixture
def call(services):
    return factories.claimed_call(services, factories.principal(services))


@pytest.fixture
def now(services):
    return services.clock.now()


@pytest.fixture
def answers(services):
    return services.calls.answers


def test_the_last_verdict_counts_and_the_first_is_remembered(services, answers, call, now):
    answers.note(call.call_id, HUMAN, now)
    answers.note(call.call_id, VOICEMAIL, now + timedelta(seconds=5))
    seen = answers.of_call(call.account_id, call.call_id)
    assert seen is not None
    assert (seen.detected_first, seen.detected, seen.confidence) == ("human", "voicemail", 0.97)
    assert seen.decided_after_ms == 6200
    assert [item["name"] for item in seen.evidence] == ["short_greeting", "beep"]
    assert services.calls.get(call.account_id, call.call_id).answered_by == "voicemail"


def test_a_correction_stays_whatever_is_found_out_later(services, answers, call, now):
    answers.note(call.call_id, HUMAN, now)
    corrected = answers.correct(call.account_id, call.call_id, "screening", now)
    assert (corrected.detected, corrected.corrected) == ("human", "screening")
    answers.note(call.call_id, VOICEMAIL, now)
    assert services.calls.get(call.account_id, call.call_id).answered_by == "unknown"


def test_what_was_never_judged_has_nothing_to_correct(services, answers, call, now):
    assert answers.of_call(call.account_id, call.call_id) is None
    with pytest.raises(Conflict):
        answers.correct(call.account_id, call.call_id, "human", now)


def test_another_accounts_call_does_not_exist(services, answers, call, now):
    answers.note(call.call_id, HUMAN, now)
    with pytest.raises(NotFound):
        answers.of_call("another", call.call_id)
    with pytest.raises(NotFound):
        answers.correct("another", call.call_id, "human", now)
