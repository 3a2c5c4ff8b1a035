"""The words of the scenario language: steps of the called person, and faults.

A step, or a fault, is in YAML a mapping with one key (the keyword) whose value is either a mapping
of settings or, in short form, the first setting alone; a keyword whose settings all have defaults
may stand as a bare word. The dataclasses below are the whole grammar: keywords, settings, defaults
and the tables in docs/sandbox.md are all read off them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar


def setting(kind: str, meaning: str, default: Any = MISSING) -> Any:
    """A dataclass field that the loader checks as `kind` and the documentation lists."""
    metadata = {"kind": kind, "meaning": meaning}
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


class Keyword:
    """Root of everything that a YAML keyword names: `keyword` is the word."""

    keyword: ClassVar[str]


class Step(Keyword):
    """One thing the called person, or their telephone, does."""


class BeforeAnswer(Step):
    """A step while the telephone is not yet answered."""


class Refusal(BeforeAnswer):
    """The call is not answered: the last step of a scenario."""


class OnTheLine(Step):
    """A step after the answer."""


@dataclass(frozen=True)
class Ring(BeforeAnswer):
    """The telephone rings (180 Ringing, CHANNEL_PROGRESS)."""

    keyword = "ring"
    seconds: float = setting("seconds", "how long, before the next step")


@dataclass(frozen=True)
class EarlyMedia(BeforeAnswer):
    """A ringback tone is heard before the answer (183, CHANNEL_PROGRESS_MEDIA)."""

    keyword = "early_media"
    seconds: float = setting("seconds", "how long, before the next step")


@dataclass(frozen=True)
class Answer(BeforeAnswer):
    """The telephone is picked up."""

    keyword = "answer"
    telephone_events: bool = setting(
        "yes or no", "keys are told apart from the audio; false: by tones only", True
    )
    transfers: bool = setting(
        "yes or no", "a REFER is carried out; false: it is refused (405)", True
    )


@dataclass(frozen=True)
class Busy(Refusal):
    """486 Busy Here, USER_BUSY."""

    keyword = "busy"


@dataclass(frozen=True)
class NoAnswer(Refusal):
    """It rings until the caller gives up, or until the network does (480, NO_ANSWER)."""

    keyword = "no_answer"
    after: float = setting("seconds", "when the network gives up; 0 = never", 0.0)


@dataclass(frozen=True)
class Reject(Refusal):
    """603 Decline, CALL_REJECTED."""

    keyword = "reject"


@dataclass(frozen=True)
class Fail(Refusal):
    """The call fails with any hang-up cause."""

    keyword = "fail"
    cause: str = setting("cause", "a hang-up cause by FreeSWITCH's name: NORMAL_TEMPORARY_FAILURE")


@dataclass(frozen=True)
class Refuse(Refusal):
    """A SIP refusal with any status, its words and headers."""

    keyword = "refuse"
    status: int = setting("refusing status", "300 to 699")
    phrase: str = setting("optional text", "its words; of 603: Network Blocked", "")
    reason: str = setting("optional text", "its Reason header", "")
    retry_after: int = setting(
        "whole seconds", "its Retry-After, as an X-Retry-After that the switch tells of", 0
    )


@dataclass(frozen=True)
class NoCodec(Refusal):
    """Picked up, but the answer offers no codec of ours: the switch hangs up."""

    keyword = "no_codec"
    broken: bool = setting("yes or no", "the answer is no SDP at all", False)


@dataclass(frozen=True)
class Say(OnTheLine):
    """Speaks; the next step follows when the last word is out."""

    keyword = "say"
    text: str = setting("text", "the words")


@dataclass(frozen=True)
class Listen(OnTheLine):
    """Waits until the agent has spoken and then been silent for a while."""

    keyword = "listen"
    silence: float = setting("seconds", "silence of the agent that ends the step", 0.8)
    limit: float = setting("seconds", "the step ends after this, whatever was heard", 20.0)
    prompt: str = setting("optional text", "said once if the agent says nothing", "")
    prompt_after: float = setting("seconds", "how long to wait for the agent before `prompt`", 3.0)


@dataclass(frozen=True)
class LineDies(OnTheLine):
    """No packet of audio comes any more; the switch hangs up after `media_timeout`."""

    keyword = "line_dies"


@dataclass(frozen=True)
class Wait(OnTheLine):
    """Does nothing for a while."""

    keyword = "wait"
    seconds: float = setting("seconds", "how long")


@dataclass(frozen=True)
class Interrupt(OnTheLine):
    """Speaks over the agent; after `limit` speaks anyway."""

    keyword = "interrupt"
    after: float = setting("seconds", "how long the agent has been audible when the words begin")
    say: str = setting("text", "the words")
    limit: float = setting("seconds", "the longest wait for the agent to speak", 20.0)


@dataclass(frozen=True)
class Press(OnTheLine):
    """Presses keys: DTMF events, 200 ms apart."""

    keyword = "press"
    digits: str = setting("digits", "0-9, *, #, A-D")
    in_band: bool = setting(
        "yes or no",
        "their tones are in the audio too; without telephone events they always are",
        False,
    )


@dataclass(frozen=True)
class ExpectKeys(OnTheLine):
    """Waits until the agent has pressed these keys, and nothing else; if it does not, hangs up."""

    keyword = "expect_keys"
    digits: str = setting("digits", "0-9, *, #, A-D")
    limit: float = setting("seconds", "how long to wait", 15.0)


@dataclass(frozen=True)
class Beep(OnTheLine):
    """A 1000 Hz voicemail tone."""

    keyword = "beep"
    seconds: float = setting("seconds", "length of the tone", 0.5)


@dataclass(frozen=True)
class Tone(OnTheLine):
    """A tone of the network or of a machine."""

    keyword = "tone"
    hertz: tuple[float, ...] = setting(
        "frequencies", "one frequency, or a list of those that sound together: 2100, [480, 620]"
    )
    seconds: float = setting("seconds", "length of the tone", 1.0)


@dataclass(frozen=True)
class Noise(OnTheLine):
    """From here on the line hisses, under everything that is said."""

    keyword = "noise"
    level: float = setting("decibels", "loudness, -60 to -20 dBFS", -42.0)


@dataclass(frozen=True)
class Silence(OnTheLine):
    """Says nothing, whatever is heard."""

    keyword = "silence"
    seconds: float = setting("seconds", "how long")


@dataclass(frozen=True)
class Hold(OnTheLine):
    """Puts the call on hold (re-INVITE, CHANNEL_HOLD), hears nothing, and takes it back."""

    keyword = "hold"
    seconds: float = setting("seconds", "how long")


@dataclass(frozen=True)
class Menu(OnTheLine):
    """An automatic attendant: speaks, then waits for one key from the agent.

    The prompt is repeated when no key, or an unknown one, comes in time.
    """

    keyword = "menu"
    say: str = setting("text", "the prompt; a key pressed meanwhile cuts it short")
    keys: Mapping[str, tuple[OnTheLine, ...]] = setting("menu keys", "what follows on each key")
    wait: float = setting("seconds", "how long to wait for a key after the prompt", 6.0)
    times: int = setting("count", "how often the prompt is spoken", 2)
    otherwise: tuple[OnTheLine, ...] = setting("steps", "what follows when no known key came", ())


@dataclass(frozen=True)
class HangUp(OnTheLine):
    """Hangs up. A scenario without it stays on the line in silence."""

    keyword = "hang_up"


class ScenarioFault(Keyword):
    """Something that goes wrong, once, in a call of this scenario."""


@dataclass(frozen=True)
class DropStream(ScenarioFault):
    """The audio stream's TCP connection is reset."""

    keyword = "drop_stream"
    at: float = setting("seconds", "after the answer")


@dataclass(frozen=True)
class CutEventSocket(ScenarioFault):
    """Every Event Socket connection is closed, and so is every new one for a while."""

    keyword = "cut_event_socket"
    at: float = setting("seconds", "after the answer")
    seconds: float = setting("seconds", "how long new connections are closed too", 0.0)


@dataclass(frozen=True)
class FreezeEventSocket(ScenarioFault):
    """The Event Socket neither answers nor sends events for a while."""

    keyword = "freeze_event_socket"
    at: float = setting("seconds", "after the answer")
    seconds: float = setting("seconds", "how long", 5.0)


@dataclass(frozen=True)
class SplitEventSocket(ScenarioFault):
    """The Event Socket sends everything byte by byte for a while."""

    keyword = "split_event_socket"
    at: float = setting("seconds", "after the answer")
    seconds: float = setting("seconds", "how long", 5.0)


@dataclass(frozen=True)
class CrashSwitch(ScenarioFault):
    """The switch dies with all of its calls, and is started again after a while."""

    keyword = "crash_switch"
    at: float = setting("seconds", "after the answer")
    seconds: float = setting("seconds", "how long it is down", 3.0)


@dataclass(frozen=True)
class StallStream(ScenarioFault):
    """The audio stream sends nothing for a while, then all of it at once."""

    keyword = "stall_stream"
    at: float = setting("seconds", "after the answer")
    seconds: float = setting("seconds", "how long", 2.0)


@dataclass(frozen=True)
class HalfCloseStream(ScenarioFault):
    """The audio stream's TCP connection is closed in one direction: no more audio from the call."""

    keyword = "half_close_stream"
    at: float = setting("seconds", "after the answer")


@dataclass(frozen=True)
class FloodStream(ScenarioFault):
    """The audio stream sends far more than real time: silence, as fast as it is taken."""

    keyword = "flood_stream"
    at: float = setting("seconds", "after the answer")
    seconds: float = setting("seconds", "how much audio", 20.0)


@dataclass(frozen=True)
class LoseEvent(ScenarioFault):
    """One event of this call is never sent."""

    keyword = "lose_event"
    event: str = setting("event name", "its name, or subclass: CHANNEL_ANSWER")


@dataclass(frozen=True)
class DuplicateEvent(ScenarioFault):
    """One event of this call is sent twice."""

    keyword = "duplicate_event"
    event: str = setting("event name", "its name, or subclass: CHANNEL_HANGUP_COMPLETE")


@dataclass(frozen=True)
class DelayEvent(ScenarioFault):
    """One event of this call comes late, after those that follow it."""

    keyword = "delay_event"
    event: str = setting("event name", "its name, or subclass: CHANNEL_ANSWER")
    seconds: float = setting("seconds", "how late", 2.0)


@dataclass(frozen=True)
class SwapEvents(ScenarioFault):
    """One event of this call is sent after another that follows it."""

    keyword = "swap_events"
    event: str = setting("event name", "its name, or subclass: CHANNEL_ANSWER")
    after: str = setting("event name", "the other's: CHANNEL_PARK")


@dataclass(frozen=True)
class JoinEvents(ScenarioFault):
    """This call's events are kept back and leave together, in one packet."""

    keyword = "join_events"
    event: str = setting("event name", "the first: CHANNEL_ANSWER")
    last: str = setting("event name", "the last", "CHANNEL_HANGUP_COMPLETE")


@dataclass(frozen=True)
class FalsifyHeader(ScenarioFault):
    """A header in one event of this call has a value that nobody expects."""

    keyword = "falsify_header"
    event: str = setting("event name", "its name, or subclass: CHANNEL_ANSWER")
    header: str = setting("text", "the header's name: Caller-Caller-ID-Name")
    value: str = setting("text", "percent-encoded: %FF is no UTF-8, %0A breaks the line")


@dataclass(frozen=True)
class LoseJobResult(ScenarioFault):
    """A background job about this call never says that it is done."""

    keyword = "lose_job_result"
    command: str = setting("text", "the job's command: originate")


@dataclass(frozen=True)
class RefuseModel(ScenarioFault):
    """The AI's next requests are refused, from the dial on and whichever call makes them."""

    keyword = "refuse_model"
    status: int = setting("http error", "401 is a wrong key, 429 too many requests")
    times: int = setting("count", "how many requests", 1)


@dataclass(frozen=True)
class RefuseCommand(ScenarioFault):
    """One command about this call is answered with an error."""

    keyword = "refuse_command"
    command: str = setting("text", "the API command's name: uuid_audio_stream")
    reply: str = setting("text", "the answer", "-ERR Operation Failed")


STEPS: tuple[type[Step], ...] = (
    *(Ring, EarlyMedia, Answer, Busy, NoAnswer, Reject, Fail, Refuse, NoCodec),
    *(Say, Listen, Wait, Interrupt, Press, ExpectKeys, Hold, Menu),
    *(Beep, Tone, Noise, Silence, LineDies, HangUp),
)
FAULTS: tuple[type[ScenarioFault], ...] = (
    *(DropStream, StallStream, HalfCloseStream, FloodStream),
    *(CutEventSocket, FreezeEventSocket, SplitEventSocket, CrashSwitch),
    *(LoseEvent, DuplicateEvent, DelayEvent, SwapEvents, JoinEvents, FalsifyHeader),
    *(LoseJobResult, RefuseCommand, RefuseModel),
)


def settings_of(kind: type) -> dict[str, Field[Any]]:
    """The settings of a step, fault or rule, in the order they are documented."""
    return {item.name: item for item in fields(kind)}


def is_required(item: Field[Any]) -> bool:
    """Whether a setting has no default."""
    return item.default is MISSING and item.default_factory is MISSING
