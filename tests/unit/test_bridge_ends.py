"""How a conversation ends that is nobody's success, and what the model took for it."""

from __future__ import annotations

from dataclasses import replace

from bridge_doubles import CONFIG, LIMIT, Audio, Loudspeaker, Talk, configured

from topcalls.bridge.agent import MOST_LOST
from topcalls.core.token_usage import TokenUsage
from topcalls.media.heard import Heard


class FullDisk(Loudspeaker):
    """Only the first `milliseconds` of what is said while the disk is full can be written."""

    milliseconds: int | None = 0

    def finish(self, utterance_id: str) -> None:
        super().finish(utterance_id)
        if self.milliseconds is not None:
            spoken = self.said[utterance_id]
            self.queue.remove(spoken)
            self.on_finished(Heard(spoken.id, self.milliseconds, len(spoken.audio) // 8))


def on_a_full_disk(milliseconds: int = 0) -> Talk:
    talk = Talk(CONFIG)
    talk.loudspeaker = FullDisk(talk.clock)
    talk.loudspeaker.milliseconds = milliseconds
    return talk.ring().answer()


def answered_once(talk: Talk) -> None:
    talk.caller_says("Are you there?")
    talk.session.respond("Yes, I am.", 2.0)
    talk.settle()


def test_an_agent_that_nobody_hears_does_not_go_on() -> None:
    talk = on_a_full_disk()
    for _ in range(MOST_LOST - 1):
        answered_once(talk)
        assert talk.observer.ends == []
    answered_once(talk)
    assert talk.observer.over.wait(LIMIT)
    assert talk.observer.ends == [("playback_failed", "")]
    talk.is_gone()


def test_a_sentence_that_breaks_off_early_counts_as_unheard() -> None:
    talk = on_a_full_disk(milliseconds=900)
    for _ in range(MOST_LOST):
        answered_once(talk)
    assert talk.observer.over.wait(LIMIT)
    assert talk.observer.ends == [("playback_failed", "")]
    talk.is_gone()


def test_a_sentence_that_was_heard_makes_up_for_one_that_was_not() -> None:
    talk = on_a_full_disk()
    for milliseconds in (0, None, 0, 1500):
        talk.loudspeaker.milliseconds = milliseconds
        answered_once(talk)
        talk.advance(2.5)
    assert talk.observer.ends == []
    talk.end()


def test_a_switch_that_takes_no_commands_is_waited_for() -> None:
    talk = Talk(CONFIG)
    talk.loudspeaker = FullDisk(talk.clock)
    talk.ring()
    talk.bridge.attach(Audio(talk.line, talk.loudspeaker, can_play=False))
    for _ in range(MOST_LOST + 1):
        answered_once(talk)
    assert talk.observer.ends == []
    talk.end()


# --- a model that says nothing


def says_nothing(talk: Talk) -> None:
    """Every response it is asked for is empty, and so is the one that is asked for instead."""
    for _ in range(2):
        talk.session.end(talk.session.begin())
        talk.advance(1.0)


def test_a_mute_model_is_replaced_and_the_caller_answered() -> None:
    talk = Talk(CONFIG).ring().answer()
    talk.caller_says("What time is it?")
    says_nothing(talk)
    assert len(talk.model.sessions) == 2
    assert ("message", "user", "What time is it?") in talk.session.calls
    assert talk.session.calls[-1] == ("respond",)
    talk.session.respond("It is ten.", 1.0)
    talk.advance(1.2)
    assert talk.observer.texts()[-1] == ("assistant", "It is ten.")
    talk.end()


def test_a_model_that_stays_mute_ends_the_call_with_an_apology() -> None:
    config = configured(apology=b"\x01" * 800, apology_text="A technical problem.")
    talk = Talk(config).ring().answer()
    talk.caller_says("What time is it?")
    says_nothing(talk)
    says_nothing(talk)
    talk.advance(1.0)
    assert talk.observer.texts()[-1] == ("assistant", "A technical problem.")
    assert talk.observer.ends == [("provider_failed", "no_words")]
    assert talk.clock.monotonic() < 10.0
    talk.is_gone()


def test_a_model_may_say_nothing_to_a_menu() -> None:
    plan = replace(CONFIG.answer, detect=True, ivr="navigate", goal="Reach sales.")
    talk = Talk(configured(answer=plan)).ring().answer()
    talk.caller_says("For sales, press one. For anything else, press two.")
    says_nothing(talk)
    assert len(talk.model.sessions) == 1
    talk.end()


def test_what_every_response_took_is_told() -> None:
    talk = Talk(CONFIG).ring().answer()
    used = [TokenUsage(100, 50, 20, 10, 90, 5), TokenUsage(200, 80, 150, 4, 30, 40)]
    for usage in used:
        talk.caller_says("Well?")
        response_id = talk.session.begin()
        talk.session.say(response_id, "Well.", 0.5)
        talk.session.end(response_id, usage=usage)
        talk.settle()
        talk.advance(1.0)
    assert talk.observer.used == [(CONFIG.session.model, usage) for usage in used]
    assert used[0] + used[1] == TokenUsage(300, 130, 170, 14, 120, 45)
    talk.end()
