"""Who answers at the target of a transfer: a person is never taken for a machine."""

import pytest

from topcalls.core.answer_detection import AnswerDetector
from topcalls.core.answer_verdict import Answerer, Verdict
from topcalls.core.transfer_answer import BRIEFED, CHECK_SECONDS, UNBRIEFED, is_machine

pytestmark = pytest.mark.unit

RULES = [
    pytest.param(BRIEFED, True, id="briefed"),
    pytest.param(UNBRIEFED, False, id="unbriefed"),
]


def greeted(rules, words_come, seconds, quiet):
    """The verdict on somebody who spoke for so long and has been quiet since."""
    detector = AnswerDetector(rules, words_come=words_come)
    detector.speech_started(0.5)
    for tenth in range(int(seconds * 10)):
        detector.tick(0.5 + tenth / 10)
        assert detector.verdict is None
    detector.speech_ended(0.5 + seconds)
    detector.tick(0.5 + seconds + quiet)
    return detector


@pytest.mark.parametrize(
    ("answerer", "machine"),
    [
        (Answerer.HUMAN, False),
        (Answerer.SILENCE, False),
        (Answerer.UNKNOWN, False),
        (Answerer.SCREENING, False),
        (Answerer.VOICEMAIL, True),
        (Answerer.IVR, True),
        (Answerer.FAX, True),
        (Answerer.INTERCEPT, True),
    ],
)
def test_who_takes_no_call(answerer, machine):
    assert is_machine(Verdict(answerer, 0.9, 1.0)) is machine


@pytest.mark.parametrize(("rules", "words_come"), RULES)
@pytest.mark.parametrize("seconds", [0.5, 2.0, 4.0, 8.0, 15.0])
def test_whoever_greets_and_waits_is_a_person_however_long_it_took(rules, words_come, seconds):
    found = greeted(rules, words_come, seconds, quiet=3.0).verdict
    assert found.answerer is Answerer.HUMAN


def test_a_person_who_says_a_word_waits_for_little_more_than_half_a_second():
    assert greeted(UNBRIEFED, False, 0.5, quiet=0.5).verdict is None
    assert greeted(UNBRIEFED, False, 0.5, quiet=0.6).verdict.answerer is Answerer.HUMAN


@pytest.mark.parametrize("seconds", [3.0, 8.0])
def test_a_beep_soon_after_the_greeting_is_a_mailbox(seconds):
    detector = greeted(UNBRIEFED, False, seconds, quiet=0.7)
    end = 0.5 + seconds
    verdict = detector.tone("beep", end + 0.7, end + 1.1, end + 1.2)
    assert is_machine(verdict)


def test_words_tell_a_mailbox_also_after_a_greeting_like_a_persons():
    detector = greeted(BRIEFED, True, 6.0, quiet=2.5)
    assert detector.verdict.answerer is Answerer.HUMAN
    verdict = detector.words("You have reached Ann. Please leave a message after the tone.", 9.5)
    assert is_machine(verdict)


def test_somebody_who_says_nothing_is_connected_soon():
    detector = AnswerDetector(UNBRIEFED, words_come=False)
    assert detector.tick(2.9) is None
    assert not is_machine(detector.tick(3.1))
    assert CHECK_SECONDS > 15
