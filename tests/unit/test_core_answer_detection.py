"""Who answered, from what was heard and when."""

from __future__ import annotations

import pytest

from topcalls.core.answer_detection import AnswerDetector
from topcalls.core.answer_phrases import plain
from topcalls.core.answer_verdict import CERTAIN, Answerer, Verdict, classify, documented

pytestmark = pytest.mark.unit


def run(detector: AnswerDetector, since: float, until: float) -> Verdict | None:
    """Let time pass in steps of 40 ms; the first new verdict."""
    for step in range(round((until - since) / 0.04)):
        verdict = detector.tick(since + step * 0.04)
        if verdict is not None:
            return verdict
    return None


def spoken(detector: AnswerDetector, start: float, end: float, clarity: float = 9.0) -> None:
    detector.speech_started(start)
    assert run(detector, start, end) is None
    detector.speech_ended(end, clarity)


def test_a_word_and_a_pause_is_a_person() -> None:
    detector = AnswerDetector()
    spoken(detector, 0.5, 0.95)
    verdict = run(detector, 1.0, 5.0)
    assert verdict is not None
    assert verdict.answerer is Answerer.HUMAN
    assert verdict.at == pytest.approx(1.5, abs=0.08)
    assert [item.name for item in verdict.evidence] == ["short_greeting", "pause"]


@pytest.mark.parametrize(
    ("talk", "clarity", "wait"),
    [
        (0.9, 9.0, 0.5),
        (0.9, 2.0, 1.3),
        (0.8, 2.0, 0.55),
        (1.6, 9.0, 1.0),
        (1.6, 2.0, 1.3),
        (2.6, 9.0, 1.7),
        (2.6, 2.0, 1.9),
    ],
)
def test_who_is_heard_clearly_is_waited_for_less(talk: float, clarity: float, wait: float) -> None:
    detector = AnswerDetector()
    spoken(detector, 0.4, 0.4 + talk, clarity)
    verdict = run(detector, 0.4 + talk, 8.0)
    assert verdict is not None and verdict.answerer is Answerer.HUMAN
    assert verdict.at == pytest.approx(0.4 + talk + wait, abs=0.05)


def test_a_beep_after_a_few_words_hangs_up_on_nobody_until_words_confirm_it() -> None:
    detector = AnswerDetector()
    spoken(detector, 0.4, 1.5)
    verdict = detector.tone("beep", 1.9, 2.3, 2.4)
    assert verdict is not None and verdict.answerer is Answerer.VOICEMAIL
    assert verdict.confidence < CERTAIN
    confirmed = detector.words("Leave a message after the beep.", 3.0)
    assert confirmed is not None and confirmed.confidence >= CERTAIN


def test_a_greeting_that_goes_on_is_a_machine_and_its_beep_confirms_it() -> None:
    detector = AnswerDetector(words_come=False)
    detector.speech_started(0.4)
    verdict = run(detector, 0.4, 8.0)
    assert verdict is not None and verdict.answerer is Answerer.VOICEMAIL
    detector.speech_ended(7.0)
    confirmed = detector.tone("beep", 7.4, 7.9, 8.0)
    assert confirmed is not None and confirmed.confidence == pytest.approx(0.97)
    assert detector.beeps == [(7.4, 7.9)]


def test_a_beep_takes_back_what_the_rhythm_said() -> None:
    detector = AnswerDetector()
    spoken(detector, 0.3, 1.1)
    assert run(detector, 1.1, 2.0) is not None
    detector.speech_started(2.1)
    detector.speech_ended(3.5)
    revised = detector.tone("beep", 3.9, 4.3, 4.4)
    assert revised is not None and revised.answerer is Answerer.VOICEMAIL
    assert detector.first is not None and detector.first.answerer is Answerer.HUMAN


@pytest.mark.parametrize(
    ("tone", "answerer"),
    [("sit", Answerer.INTERCEPT), ("fax", Answerer.FAX), ("modem", Answerer.FAX)],
)
def test_some_tones_settle_it(tone: str, answerer: Answerer) -> None:
    verdict = AnswerDetector().tone(tone, 0.4, None, 1.2)
    assert verdict is not None
    assert verdict.answerer is answerer
    assert verdict.confidence > 0.9


def test_nobody_says_anything() -> None:
    verdict = run(AnswerDetector(), 0.0, 20.0)
    assert verdict is not None
    assert verdict.answerer is Answerer.SILENCE
    assert verdict.at == pytest.approx(8.0, abs=0.05)


def test_who_speaks_after_a_long_silence_is_still_told_apart() -> None:
    detector = AnswerDetector()
    assert run(detector, 0.0, 9.0) is not None
    detector.speech_started(10.0)
    detector.speech_ended(10.6)
    revised = run(detector, 10.6, 14.0)
    assert revised is not None and revised.answerer is Answerer.HUMAN


def test_no_time_counts_while_it_rings() -> None:
    detector = AnswerDetector()
    for ring in (0.2, 6.2, 12.2):
        detector.tone("ringback", ring, None, ring + 0.4)
        assert run(detector, ring + 0.4, ring + 2.0) is None
        detector.tone("ringback", ring, ring + 2.0, ring + 2.1)
        assert run(detector, ring + 2.1, ring + 6.0) is None
    spoken(detector, 19.0, 19.4)
    verdict = run(detector, 19.4, 22.0)
    assert verdict is not None
    assert verdict.answerer is Answerer.HUMAN
    assert verdict.at == pytest.approx(19.95 - 14.2, abs=0.1)


def test_words_say_what_kind_of_machine_it_is() -> None:
    detector = AnswerDetector()
    detector.speech_started(0.3)
    detector.speech_ended(3.4)
    verdict = detector.words("Welcome to the bank. For your balance, press one.", 4.3)
    assert verdict is not None
    assert verdict.answerer is Answerer.IVR
    assert [item.name for item in verdict.evidence] == ["ivr_words"]


def test_a_greeting_that_noise_hides_waits_for_its_words() -> None:
    detector = AnswerDetector()
    spoken(detector, 0.3, 2.0, clarity=0.4)
    assert run(detector, 2.0, 4.2) is None
    verdict = detector.words("Miller and sons, how can I help you?", 4.2)
    assert verdict is not None and verdict.answerer is Answerer.HUMAN


def test_many_words_are_a_long_greeting_however_little_of_it_was_heard() -> None:
    detector = AnswerDetector()
    spoken(detector, 0.3, 0.7, clarity=0.4)
    assert (
        detector.words("Nobody at all comes to the phone today, so try again tomorrow", 2.0) is None
    )
    verdict = run(detector, 2.0, 9.0)
    assert verdict is not None and verdict.evidence[0].value == pytest.approx(3.0, abs=0.01)


def test_noise_that_swells_is_no_part_of_a_greeting() -> None:
    detector = AnswerDetector()
    spoken(detector, 0.1, 1.0, clarity=0.3)
    spoken(detector, 1.2, 1.7, clarity=6.0)
    verdict = run(detector, 1.7, 4.0)
    assert verdict is not None and verdict.evidence[0].value == pytest.approx(0.5, abs=0.01)


def test_nobody_waits_who_is_about_to_speak() -> None:
    detector = AnswerDetector()
    spoken(detector, 0.3, 0.7)
    assert detector.tick(1.3, stirs=True) is None
    assert detector.tick(1.34) is not None


def test_a_greeting_word_is_no_person_while_the_voice_goes_on() -> None:
    detector = AnswerDetector()
    detector.speech_started(0.3)
    assert detector.words("Hello", 2.0) is None


def test_two_words_of_a_long_speech_are_not_taken_for_all_of_it() -> None:
    detector = AnswerDetector()
    detector.speech_started(0.3)
    detector.speech_ended(5.0)
    assert detector.words("Hello", 5.8) is None


def test_a_model_judges_what_the_phrases_do_not_know() -> None:
    detector = AnswerDetector()
    detector.speech_started(0.2)
    detector.speech_ended(4.0)
    assert detector.words("The quick brown fox", 5.0) is None
    assert detector.unsettled == "the quick brown fox"
    verdict = detector.judged(Answerer.IVR, 0.9, 5.6)
    assert verdict is not None and verdict.evidence[0].name == "model"
    assert detector.unsettled == ""


def test_a_verdict_that_has_become_certain_is_told_again() -> None:
    detector = AnswerDetector(words_come=False)
    detector.speech_started(0.4)
    assert run(detector, 0.4, 8.0) is not None
    detector.speech_ended(7.0)
    verdict = detector.tone("beep", 7.4, 7.9, 8.0)
    assert verdict is not None and verdict.confidence >= CERTAIN
    assert detector.tone("beep", 9.4, 9.9, 10.0) is None


def behind_a_menu() -> AnswerDetector:
    detector = AnswerDetector()
    detector.speech_started(0.3)
    detector.speech_ended(3.4)
    assert detector.words("For your balance, press one.", 4.3) is not None
    return detector


@pytest.mark.parametrize(
    ("text", "answerer"),
    [
        ("Sales, this is Susan, how can I help you?", Answerer.HUMAN),
        ("You have reached Susan. Leave a message after the tone.", Answerer.VOICEMAIL),
    ],
)
def test_whom_a_menu_leads_to_is_told_by_their_words(text: str, answerer: Answerer) -> None:
    detector = behind_a_menu()
    assert detector.words("Thank you. One moment.", 8.0) is None
    assert detector.words("For old orders, press two.", 9.0) is None
    verdict = detector.words(text, 15.0)
    assert verdict is not None and verdict.answerer is answerer
    assert detector.first is not None and detector.first.answerer is Answerer.IVR


def test_a_person_who_leads_back_to_the_menu_leads_back_to_the_menu() -> None:
    detector = behind_a_menu()
    assert detector.words("This is Susan, how can I help you?", 15.0) is not None
    verdict = detector.words("For your balance, press one. For cards, press two.", 30.0)
    assert verdict is not None and verdict.answerer is Answerer.IVR


def test_the_customer_may_overrule_any_verdict() -> None:
    verdict = behind_a_menu().overruled(Answerer.SCREENING, 5.0)
    assert verdict is not None
    assert (verdict.answerer, verdict.confidence) == (Answerer.SCREENING, 1.0)
    assert [item.name for item in verdict.evidence] == ["ivr_words", "webhook"]


@pytest.mark.parametrize(
    ("text", "answerer"),
    [
        ("You have reached Anna. Leave a message after the tone.", Answerer.VOICEMAIL),
        ("Hier ist die Mailbox von Peter. Sprechen Sie nach dem Signalton.", Answerer.VOICEMAIL),
        ("Ahora no puedo atender. Deje un mensaje después de la señal.", Answerer.VOICEMAIL),
        ("Laissez un message après le bip.", Answerer.VOICEMAIL),
        ("Lasciate un messaggio dopo il segnale.", Answerer.VOICEMAIL),
        ("Deixe a sua mensagem após o sinal.", Answerer.VOICEMAIL),
        ("Spreek een bericht in na de piep.", Answerer.VOICEMAIL),
        ("For sales, press two. For anything else, press zero.", Answerer.IVR),
        ("Für Kontofragen drücken Sie die eins.", Answerer.IVR),
        ("Para citas, pulse uno.", Answerer.IVR),
        ("Pour une facture, tapez deux.", Answerer.IVR),
        ("Per il saldo, prema uno.", Answerer.IVR),
        ("Para saldo, digite um.", Answerer.IVR),
        ("Voor uw saldo, toets een.", Answerer.IVR),
        ("Record your name and reason for calling.", Answerer.SCREENING),
        ("Nennen Sie Ihren Namen und den Grund Ihres Anrufs.", Answerer.SCREENING),
        ("Diga su nombre y el motivo de su llamada.", Answerer.SCREENING),
        ("Dites votre nom et la raison de votre appel.", Answerer.SCREENING),
        ("The number you have dialed is not in service.", Answerer.INTERCEPT),
        ("Kein Anschluss unter dieser Nummer.", Answerer.INTERCEPT),
        ("Hello?", Answerer.HUMAN),
        ("Allô ?", Answerer.HUMAN),
        ("¿Diga?", Answerer.HUMAN),
        ("Yeah, hello?", Answerer.HUMAN),
        ("¿Sí, dígame?", Answerer.HUMAN),
        ("Alô, bom dia.", Answerer.HUMAN),
        ("Thank you for calling Acme, this is Bob.", Answerer.HUMAN),
        ("Thank you for calling. This is the billing line.", None),
        ("Thanks for calling, this is Bob. Please leave a message.", Answerer.VOICEMAIL),
        ("Pronto, chi parla?", None),
        ("I would like to order a pizza.", None),
    ],
)
def test_phrases_of_seven_languages(text: str, answerer: Answerer | None) -> None:
    found = classify(plain(text))
    assert (found[0] if found else None) is answerer


def test_what_the_documented_field_has_no_word_for_is_unknown() -> None:
    assert [documented(kind) for kind in ("human", "voicemail", "ivr")] == [
        "human",
        "voicemail",
        "ivr",
    ]
    assert documented(Answerer.FAX) == documented("screening") == "unknown"
