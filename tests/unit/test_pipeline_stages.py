"""The chain on stages that do what a test tells them to: early answers, waits, and what fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gevent
import pytest
import waiting
from bridge_realtime_peer import Heard
from gevent.event import Event
from prometheus_client import REGISTRY
from sandbox_openai_speech import silence, spoken

from topcalls.bridge.pipeline import Chain, Pipeline, PipelineSession
from topcalls.bridge.pipeline_reply import CONTINUE, LEAD_SECONDS
from topcalls.clock import SystemClock
from topcalls.core.pronunciation import Pronunciation
from topcalls.core.token_usage import TokenUsage
from topcalls.errors import ProviderError
from topcalls.providers.base import (
    AgentTextDelta,
    AgentTextDone,
    AudioDelta,
    CallerTextDelta,
    CallerTranscript,
    ProviderFailed,
    Rendered,
    ResponseDone,
    ResponseStarted,
    SessionConfig,
    SpeechStarted,
    SpeechStopped,
    Spent,
    StageReplaced,
)
from topcalls.providers.stages import (
    ChatEnded,
    ChatRequest,
    ChatText,
    HearingConfig,
    HearingEvent,
    HearingFailed,
    Partial,
    SpeakingConfig,
    Spoken,
    TurnBegan,
    TurnEnded,
    TurnLikelyOver,
    TurnResumed,
)

pytestmark = pytest.mark.unit

DOWN = ProviderError("Down.", retryable=True, provider_code="down")
LIMIT = 5.0


class Ears:
    """A recogniser that a test speaks for."""

    name = "ears"

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.audio = bytearray()
        self.opened = Event()
        self.tell: Callable[[HearingEvent], None] = lambda _: None
        self.config: HearingConfig | None = None

    def open(self, config: HearingConfig, on_event: Callable[[HearingEvent], None]) -> Ears:
        if self.fails:
            raise DOWN
        self.tell = on_event
        self.config = config
        self.opened.set()
        return self

    def append_audio(self, audio: bytes) -> None:
        self.audio += audio

    def close(self) -> None:
        """Nothing to let go of."""


class Mind:
    """Answers with pieces of text; an exception among them is raised; an event is waited for."""

    def __init__(self, *answers: list[Any]) -> None:
        self.name = "mind"
        self.answers = list(answers)
        self.requests: list[ChatRequest] = []
        self.cancelled = 0

    def answer(self, request: ChatRequest) -> Iterator[Any]:
        self.requests.append(request)
        try:
            for piece in self.answers.pop(0):
                if isinstance(piece, Exception):
                    raise piece
                if isinstance(piece, Event):
                    piece.wait()
                else:
                    yield ChatText(piece)
            yield ChatEnded(usage=TokenUsage(1, output_text=1))
        except gevent.GreenletExit:
            self.cancelled += 1
            raise


class Mouth:
    """Speaks 10 ms a character. `fails_after` so many pieces of a clause, once."""

    name = "mouth"

    def __init__(self, fails_after: int | None = None) -> None:
        self.fails_after = fails_after
        self.said: list[str] = []
        self.configs: list[SpeakingConfig] = []

    def open(self, config: SpeakingConfig) -> Mouth:
        self.configs.append(config)
        return self

    def speak(self, text: str) -> Iterator[Spoken]:
        self.said.append(text)
        for index, word in enumerate(text.split()):
            if index == self.fails_after:
                raise DOWN
            yield Spoken(b"\x01" * 80 * len(word), word)

    def close(self) -> None:
        """Nothing to let go of."""


CONFIG = SessionConfig("model", "Be kind.")


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def opened() -> Iterator[Callable[..., PipelineSession]]:
    sessions = []

    def open_(
        heard: Heard,
        ears: Any,
        minds: Any,
        mouths: Any,
        config: SessionConfig = CONFIG,
        **more: Any,
    ) -> PipelineSession:
        chain = Chain(tuple(ears), tuple(minds), tuple(mouths), **more)
        session = Pipeline(lambda _: chain, SystemClock()).open(config, heard)
        sessions.append(session)
        return session

    yield open_
    for session in sessions:
        session.close()


def until(heard: Heard, kind: type) -> list[Any]:
    found = [heard.next()]
    while not isinstance(found[-1], kind):
        found.append(heard.next())
    return found


def of(events: list[Any], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"topcalls_{name}_total", labels) or 0.0


# --- early answers


def test_an_answer_begun_early_is_used(heard: Heard, opened: Any) -> None:
    ears, mind, mouth = Ears(), Mind(["Yes, I do."]), Mouth()
    session = opened(heard, [ears], [mind], [mouth])
    used = count("speculations", outcome="used")
    ears.tell(TurnBegan(0))
    ears.tell(TurnLikelyOver("Do you?"))
    waiting.until(lambda: mouth.said == ["Yes, I do."])
    ears.tell(TurnEnded(0, "Do you?"))
    events = until(heard, CallerTranscript)
    assert of(events, ResponseStarted) + of(events, AudioDelta) == []
    session.create_response(tag="a")
    events = until(heard, ResponseDone)
    assert (events[0].tag, events[-1].tag) == ("a", "a")
    assert of(events, AgentTextDone)[0].text == "Yes, I do."
    assert len(mind.requests) == 1
    assert count("speculations", outcome="used") == used + 1
    assert [item.text for item in session._messages()][1:] == ["Do you?", "Yes, I do."]


@pytest.mark.parametrize("later", ["Do you think so?", "Do you?"])
def test_an_answer_begun_too_early_is_never_heard(heard: Heard, opened: Any, later: str) -> None:
    waits = Event()
    ears, mouth = Ears(), Mouth()
    mind = Mind(["Early, ", waits], ["Late."])
    session = opened(heard, [ears], [mind], [mouth])
    wasted = count("speculation_wasted_tokens")
    ears.tell(TurnBegan(0))
    ears.tell(TurnLikelyOver("Do you?"))
    waiting.until(lambda: len(mind.requests) == 1)
    ears.tell(TurnResumed())
    waiting.until(lambda: mind.cancelled == 1)
    ears.tell(TurnEnded(0, later))
    session.create_response()
    events = until(heard, ResponseDone)
    assert [event.text for event in of(events, AgentTextDone)] == ["Late."]
    assert "Early," not in " ".join(item.text for item in session._messages())
    assert count("speculation_wasted_tokens") > wasted
    (spent,) = of(events, Spent)
    assert spent.usage.is_waste
    assert spent.usage.wasted_tokens == (len("Be kind.") + len("Do you?") + len("Early, ")) // 4
    assert spent.usage.wasted_characters == 0  # no clause was complete
    assert events[-1].usage == TokenUsage(1, output_text=1)
    assert [one.usage for one in heard.spent] == [TokenUsage(voice_characters=len("Late."))]


def test_what_a_voice_was_given_in_vain_is_told(heard: Heard, opened: Any) -> None:
    ears, mouth = Ears(), Mouth()
    session = opened(heard, [ears], [Mind(["To those."], ["To these."])], [mouth])
    ears.tell(TurnLikelyOver("Those"))
    waiting.until(lambda: mouth.said == ["To those."])
    session.close()
    (spent,) = of(until(heard, Spent), Spent)
    assert spent.usage.wasted_characters == len("To those.")
    assert heard.nothing


def test_an_answer_to_other_words_is_thrown_away(heard: Heard, opened: Any) -> None:
    ears, mind = Ears(), Mind(["To those."], ["To these."])
    session = opened(heard, [ears], [mind], [Mouth()])
    ears.tell(TurnLikelyOver("Those"))
    waiting.until(lambda: len(mind.requests) == 1)
    ears.tell(TurnEnded(0, "These"))
    session.create_response()
    assert of(until(heard, ResponseDone), AgentTextDone)[0].text == "To these."


# --- waits


def test_a_text_is_rendered_beside_an_answer_that_is_thought_of(heard: Heard, opened: Any) -> None:
    thinks, mouth = Event(), Mouth()
    session = opened(heard, [Ears()], [Mind([thinks, "It is red."])], [mouth])
    session.create_response()
    until(heard, ResponseStarted)
    session.render("One moment.")
    assert heard.next() == Rendered("One moment.", b"\x01" * 80 * len("Onemoment."))
    thinks.set()
    assert of(until(heard, ResponseDone), AgentTextDone)[0].text == "It is red."


def test_an_answer_goes_before_what_is_being_rendered(heard: Heard, opened: Any) -> None:
    class Slow(Mouth):
        def speak(self, text: str) -> Iterator[Spoken]:
            if text == "One moment.":
                Event().wait()
            yield from super().speak(text)

    session = opened(heard, [Ears()], [Mind(["It is red."])], [Slow()])
    session.render("One moment.")
    session.render("Just a second.")
    assert heard.next() == Rendered("Just a second.", b"")  # one at a time
    session.create_response()
    events = until(heard, ResponseDone)
    assert of(events, Rendered) == [Rendered("One moment.", b"")]
    assert of(events, AgentTextDone)[0].text == "It is red."


def test_what_no_voice_renders_is_told(heard: Heard, opened: Any) -> None:
    session = opened(heard, [Ears()], [Mind()], [Mouth(fails_after=0)])
    session.render("One moment.")
    assert heard.next() == Rendered("One moment.", b"")


def test_the_first_clause_is_spoken_before_the_answer_is_there(heard: Heard, opened: Any) -> None:
    writes, mouth = Event(), Mouth()
    mind = Mind(["Of course I can, and ", writes, "gladly so."])
    session = opened(heard, [Ears()], [mind], [mouth])
    session.create_response()
    until(heard, AudioDelta)
    assert mouth.said == ["Of course I can,"]
    writes.set()
    until(heard, ResponseDone)
    assert mouth.said == ["Of course I can,", "and gladly so."]


def test_the_voice_gets_words_and_the_transcript_keeps_figures(heard: Heard, opened: Any) -> None:
    mouth, ears = Mouth(), Ears()
    win = Pronunciation("Nguyen", "win")
    config = replace(CONFIG, language="en-US", pronunciations=(win,), keywords=("Acme",))
    mind = Mind(["Mr Nguyen pays $12.50. ", "Bye."], ["Next."])
    session = opened(heard, [ears], [mind], [mouth], config)
    session.create_response()
    events = until(heard, ResponseDone)
    assert mouth.said == ["Mr win pays twelve dollars and fifty cents.", "Bye."]
    assert of(events, AgentTextDone)[0].text == "Mr Nguyen pays $12.50. Bye."
    deltas = "".join(event.text for event in of(events, AgentTextDelta))
    assert deltas.split() == ["Mr", "Nguyen", "pays", "$12.50.", "Bye."]
    assert mouth.configs[0].pronunciations == (win,)
    assert ears.config is not None
    assert ears.config.keywords == ("Acme",)
    session.add_message("user", "And then?")
    session.create_response()
    until(heard, ResponseDone)
    assert any("$12.50" in message.text for message in mind.requests[-1].messages)


def test_who_asks_for_figures_as_they_are_gets_them(heard: Heard, opened: Any) -> None:
    mouth = Mouth()
    config = replace(CONFIG, language="en-US", spoken_forms=False)
    session = opened(heard, [Ears()], [Mind()], [mouth], config)
    session.speak("It is $12.50.")
    until(heard, ResponseDone)
    assert mouth.said == ["It is $12.50."]


# --- what fails


def test_a_model_goes_on_where_the_other_broke_off(heard: Heard, opened: Any) -> None:
    saved = count("calls_saved", stage="model")
    second = Mind(["and it is new."])
    session = opened(heard, [Ears()], [Mind(["It is red, ", DOWN]), second], [Mouth()])
    session.create_response()
    events = until(heard, ResponseDone)
    assert of(events, AgentTextDone)[0].text == "It is red, and it is new."
    assert [item.text for item in second.requests[0].messages[-2:]] == ["It is red, ", CONTINUE]
    assert of(events, StageReplaced) == [StageReplaced("model")]
    assert count("calls_saved", stage="model") == saved + 1


def test_a_mind_that_says_nothing_twice_is_replaced(heard: Heard, opened: Any) -> None:
    mute, other = Mind([], [" "]), Mind(["Here I am."])
    session = opened(heard, [Ears()], [mute, other], [Mouth()])
    saved = count("calls_saved", stage="model")
    session.create_response(tag="first")
    assert not of(until(heard, ResponseDone), AudioDelta)
    session.create_response(tag="second")
    events = until(heard, ResponseDone)
    assert of(events, AgentTextDone)[0].text == "Here I am."
    assert events[-1].status == "completed"
    assert count("calls_saved", stage="model") == saved + 1


def test_the_last_mind_may_say_nothing(heard: Heard, opened: Any) -> None:
    session = opened(heard, [Ears()], [Mind([], [], ["Yes."])], [Mouth()])
    for _ in range(2):
        session.create_response()
        assert until(heard, ResponseDone)[-1].status == "completed"
    session.create_response()
    assert of(until(heard, ResponseDone), AgentTextDone)[0].text == "Yes."


def test_a_voice_that_breaks_off_repeats_nothing(heard: Heard, opened: Any) -> None:
    broken, other = Mouth(fails_after=2), Mouth()
    session = opened(heard, [Ears()], [Mind()], [broken, other], voice="rachel")
    session.speak("One two three four. Five six.")
    events = until(heard, ResponseDone)
    assert events[-1].status == "completed"
    assert of(events, AgentTextDone)[0].text == "One two Five six."
    assert other.said == ["Five six."]
    assert [config.voice for config in broken.configs + other.configs] == ["rachel", ""]
    assert of(events, StageReplaced) == [StageReplaced("voice")]


def test_a_clause_that_no_sound_came_of_is_spoken_by_the_next(heard: Heard, opened: Any) -> None:
    session = opened(heard, [Ears()], [Mind()], [Mouth(fails_after=0), Mouth()])
    session.speak("One two.")
    assert of(until(heard, ResponseDone), AgentTextDone)[0].text == "One two."


def test_the_last_voice_that_fails_is_told(heard: Heard, opened: Any) -> None:
    session = opened(heard, [Ears()], [Mind()], [Mouth(fails_after=0)])
    session.speak("One two.")
    done = until(heard, ResponseDone)[-1]
    assert (done.status, done.error.extra["provider_code"]) == ("failed", "down")


def test_a_recogniser_that_cannot_be_opened_is_passed_over(heard: Heard, opened: Any) -> None:
    ears = Ears()
    opened(heard, [Ears(fails=True), ears], [Mind()], [Mouth()])
    assert ears.opened.is_set()
    assert heard.next() == StageReplaced("recognizer")


def test_a_deaf_recogniser_is_replaced_and_told_what_was_said(heard: Heard, opened: Any) -> None:
    deaf, ears = Ears(), Ears()
    session = opened(heard, [deaf, ears], [Mind()], [Mouth()])
    sound = spoken("word " * 60)
    session.append_audio(silence(5))
    for start in range(0, len(sound), 160):
        session.append_audio(sound[start : start + 160])
    assert ears.opened.wait(LIMIT)
    waiting.until(lambda: len(ears.audio) > 0)
    assert bytes(ears.audio) in silence(5) + sound
    assert len(ears.audio) >= 4000 * 8


def test_the_only_recogniser_is_kept_even_if_it_seems_deaf(heard: Heard, opened: Any) -> None:
    ears = Ears()
    session = opened(heard, [ears], [Mind()], [Mouth()])
    sound = silence(5) + spoken("word " * 60)
    for start in range(0, len(sound), 160):
        session.append_audio(sound[start : start + 160])
    assert bytes(ears.audio) == sound
    assert heard.nothing


def test_the_last_recogniser_that_fails_is_told(heard: Heard, opened: Any) -> None:
    ears = Ears()
    opened(heard, [ears], [Mind()], [Mouth()])
    ears.tell(HearingFailed(DOWN))
    assert until(heard, ProviderFailed)[-1].error is DOWN


# --- turns


def test_words_are_told_as_they_come_and_counted_right(heard: Heard, opened: Any) -> None:
    ears = Ears()
    session = opened(heard, [ears], [Mind()], [Mouth()])
    session.append_audio(silence(1))
    ears.tell(TurnBegan(200))
    for text in ("I", "I would", "Eye would like", "I would like to"):
        ears.tell(Partial(text))
    ears.tell(TurnEnded(900, "I would like two."))
    events = until(heard, CallerTranscript)
    assert events[0] == SpeechStarted(200, events[0].item_id)
    assert "".join(event.text for event in of(events, CallerTextDelta)) == "I would like to"
    assert of(events, SpeechStopped)[0].audio_ms == 900
    assert events[-1].text == "I would like two."


def test_the_silence_that_proved_an_end_is_not_speech(heard: Heard, opened: Any) -> None:
    ears = Ears()
    session = opened(heard, [ears], [Mind()], [Mouth()])
    ears.tell(TurnBegan(0))
    data = spoken("mhm", lead=0.0) + silence(0.8)
    for start in range(0, len(data), 160):
        session.append_audio(data[start : start + 160])
    ears.tell(TurnEnded(len(data) // 8, "Mm-hm."))
    length = len(spoken("mhm", lead=0.0)) / 8
    assert of(until(heard, SpeechStopped), SpeechStopped)[0].audio_ms <= length + 120


def test_a_turn_that_its_recogniser_forgets_is_ended(heard: Heard, opened: Any) -> None:
    ears = Ears()
    session = opened(heard, [ears], [Mind()], [Mouth()])
    ears.tell(TurnBegan(0))
    session.append_audio(silence(2.0))
    session.append_audio(silence(1.0))
    events = until(heard, CallerTranscript)
    assert [type(event) for event in events] == [SpeechStarted, SpeechStopped, CallerTranscript]
    assert events[-1].text == ""
    assert [item.role for item in session._messages()] == ["system"]


def test_a_backchannel_leaves_the_conversation(heard: Heard, opened: Any) -> None:
    ears = Ears()
    session = opened(heard, [ears], [Mind()], [Mouth()])
    ears.tell(TurnBegan(0))
    ears.tell(TurnEnded(0, "Mm-hm."))
    item_id = until(heard, CallerTranscript)[-1].item_id
    session.delete_item(item_id)
    assert [item.role for item in session._messages()] == ["system"]


# --- pace


class SlowMouth(Mouth):
    """Every clause is so long."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.sound = b"\x01" * round(8000 * seconds)

    def speak(self, text: str) -> Iterator[Spoken]:
        self.said.append(text)
        yield Spoken(self.sound, text)


def test_sound_is_made_no_further_ahead_than_is_worth_it(heard: Heard, opened: Any) -> None:
    mouth, mind = SlowMouth(LEAD_SECONDS + 30), Mind(["One. ", "Two. ", "Three."])
    session = opened(heard, [Ears()], [mind], [mouth])
    session.create_response()
    item_id = until(heard, AudioDelta)[-1].item_id
    for _ in range(5):
        gevent.idle()
    assert mouth.said == ["One."]
    session.cancel_response()
    until(heard, ResponseDone)
    assert [one.usage for one in heard.spent] == [TokenUsage(voice_characters=len("One."))]
    session.truncate(item_id, 30_000, 45_000)
    assert [item.text for item in session._messages()] == ["Be kind.", "One."]


def test_it_goes_on_once_enough_of_it_was_heard(heard: Heard, opened: Any) -> None:
    mouth = SlowMouth(LEAD_SECONDS + 0.02)
    session = opened(heard, [Ears()], [Mind(["One. ", "Two."])], [mouth])
    session.create_response()
    until(heard, ResponseDone)
    assert mouth.said == ["One.", "Two."]


# --- a caller who does not stop


def speaking_on(heard: Heard, opened: Any, mind: Mind) -> tuple[Ears, PipelineSession, bytes]:
    """The recogniser has understood four words, and the caller goes on; more of their sound."""
    ears = Ears()
    session = opened(heard, [ears], [mind], [Mouth()])
    ears.tell(TurnBegan(0))
    sound = spoken("word " * 12, lead=0.0)
    feed(session, sound[:8000])
    ears.tell(Partial("and then I said"))
    until(heard, CallerTextDelta)
    return ears, session, sound[8000:]


def feed(session: PipelineSession, audio: bytes) -> None:
    for start in range(0, len(audio), 160):
        session.append_audio(audio[start : start + 160])


def test_a_turn_is_split_at_a_gap_between_words(heard: Heard, opened: Any) -> None:
    mind = Mind(["I see. What day?"])
    ears, session, _ = speaking_on(heard, opened, mind)
    session.end_turn(1000)
    session.speak("Take the floor.", exact=False, tag="floor")
    assert mind.requests == []  # the words up to the gap belong to the question
    feed(session, silence(0.2))
    events = until(heard, ResponseDone)
    assert [type(event) for event in events[:2]] == [SpeechStopped, CallerTranscript]
    assert events[1].text == "and then I said"
    assert [item.text for item in mind.requests[0].messages[1:]] == [
        "and then I said",
        "Take the floor.",
    ]
    ears.tell(Partial("and then I said no to"))
    ears.tell(TurnEnded(1300, "and then I said no to him."))
    rest = until(heard, CallerTranscript)
    assert isinstance(rest[0], SpeechStarted)
    assert rest[0].item_id != events[0].item_id
    assert (of(rest, CallerTextDelta)[0].text, rest[-1].text) == ("no to", "no to him.")
    ears.tell(TurnBegan(1400))
    ears.tell(TurnEnded(1500, "All of it."))
    assert until(heard, CallerTranscript)[-1].text == "All of it."


def test_a_turn_without_gaps_is_split_all_the_same(heard: Heard, opened: Any) -> None:
    _, session, _ = speaking_on(heard, opened, Mind())
    session.end_turn(1000)
    feed(session, b"\x00" * 8 * 1980)  # the loudest there is
    assert heard.nothing
    feed(session, b"\x00" * 8 * 40)
    assert until(heard, CallerTranscript)[-1].text == "and then I said"


def test_the_end_of_a_split_turn_that_says_no_more_is_no_turn(heard: Heard, opened: Any) -> None:
    ears, session, _ = speaking_on(heard, opened, Mind())
    session.end_turn(1000)
    feed(session, silence(0.2))
    until(heard, CallerTranscript)
    ears.tell(Partial("and then I said"))
    ears.tell(TurnEnded(1200, "and then I said"))
    assert heard.nothing


def test_a_turn_that_ends_before_it_is_split_ends_once(heard: Heard, opened: Any) -> None:
    ears, session, more = speaking_on(heard, opened, Mind(["Yes."]))
    session.end_turn(1000)
    ears.tell(TurnEnded(1000, "and then I said no."))
    assert until(heard, CallerTranscript)[-1].text == "and then I said no."
    session.create_response()
    until(heard, ResponseDone)
    feed(session, silence(0.3) + more[:160])
    assert heard.nothing


def test_every_stage_is_billed_by_its_own_name(heard: Heard, opened: Any) -> None:
    first, second, mouth = Ears(), Ears(), Mouth()
    first.name, second.name, mouth.name = "deepgram:nova-3", "openai:gpt-transcribe", "local:voice"
    session = opened(heard, [first, second], [Mind(["It is red."])], [mouth])
    session.append_audio(b"\xff" * 8 * 6_000)  # six seconds
    session.append_audio(b"\xff" * 8 * 500)
    session.create_response()
    until(heard, ResponseDone)
    first.tell(HearingFailed(DOWN))
    second.opened.wait(5)
    session.close()
    taken = [(one.model, one.usage.heard_ms, one.usage.voice_characters) for one in heard.spent]
    assert taken[:2] == [("nova-3", 6_000, 0), ("voice", 0, len("It is red."))]
    assert taken[2:] == [("nova-3", 500, 0), ("gpt-transcribe", 600, 0)]


def test_the_model_that_answered_is_told_with_what_it_took(heard: Heard, opened: Any) -> None:
    broken, other = Mind([DOWN]), Mind(["It is red."])
    broken.name, other.name = "first", "second"
    session = opened(heard, [Ears()], [broken, other], [Mouth()])
    session.create_response()
    done = until(heard, ResponseDone)[-1]
    assert (done.model, done.usage) == ("second", TokenUsage(1, output_text=1))
