"""Ears of our own: what they tell the session, and when; and whose voice reaches them."""

from dataclasses import replace

import pytest
from bridge_doubles import CONFIG, Audio, Talk

from topcalls.audio import g711
from topcalls.audio.pcm import interleave
from topcalls.audio.vad import Began, Ended, VadRules
from topcalls.bridge import local_ears as module
from topcalls.bridge.config import conversation_for
from topcalls.bridge.hearing import HearingOptions, HearingPlan
from topcalls.bridge.local_ears import LocalEars, LocalEarsPlan
from topcalls.bridge.own_voice import EchoPlan, OwnVoice
from topcalls.core.call_request import CallRequest
from topcalls.core.interruption import Interruption
from topcalls.sandbox.speech import Synthesizer

PLAN = LocalEarsPlan(VadRules(), silence_ms=500)
FRAME = g711.silence("PCMU", 20)


class ScriptedVad:
    """Hears what a test tells it to, by milliseconds of audio."""

    def __init__(self, *changes):
        self.changes = list(changes)
        self.heard_ms = 0
        self.skipped_ms = 0

    def feed(self, l16):
        self.heard_ms += len(l16) // 16
        due = [change for at, change in self.changes if at <= self.heard_ms]
        self.changes = self.changes[len(due) :]
        return due

    def skip(self, size):
        self.heard_ms += size // 16
        self.skipped_ms += size // 16


class Told:
    def __init__(self):
        self.log = []
        self.ms = 0

    def append_audio(self, audio):
        self.ms += len(audio) // 8

    def begin_turn(self, at_ms):
        self.log.append(("began", at_ms, self.ms))

    def commit_turn(self, at_ms):
        self.log.append(("over", at_ms, self.ms))


class Rig:
    def __init__(self, monkeypatch, *changes, plan=PLAN):
        self.vad = ScriptedVad(*changes)
        monkeypatch.setattr(module, "voice_activity", lambda _: self.vad)
        self.audible = False
        self.ears = LocalEars(plan, "PCMU", lambda: self.audible)
        self.session = Told()
        self.ears.connect(self.session)

    def hear(self, milliseconds):
        for _ in range(milliseconds // 20):
            self.ears.append_audio(FRAME)
        return self.session.log


def test_a_turn_is_told_from_its_first_sound_to_its_last(monkeypatch):
    rig = Rig(monkeypatch, (200, Began(100)), (1250, Ended(1000)))
    assert rig.hear(240) == [("began", 100, 200)]
    assert rig.hear(2000)[1:] == [("over", 1000, 1500)]  # half a second after it
    assert rig.session.ms == 2240


def test_a_short_pause_ends_no_turn(monkeypatch):
    rig = Rig(
        monkeypatch,
        (200, Began(100)),
        (1250, Ended(1000)),
        (1440, Began(1400)),
        (2250, Ended(2000)),
    )
    assert rig.hear(4000) == [("began", 100, 200), ("over", 2000, 2500)]


def test_over_the_agent_the_end_is_told_at_once(monkeypatch):
    rig = Rig(monkeypatch, (200, Began(100)), (1250, Ended(1000)))
    rig.audible = True
    assert rig.hear(2000) == [("began", 100, 200), ("over", 1000, 1260)]


def test_an_agent_that_begins_to_speak_ends_the_wait(monkeypatch):
    rig = Rig(monkeypatch, (200, Began(100)), (1250, Ended(1000)))
    rig.hear(1300)
    rig.audible = True
    assert rig.hear(20)[1:] == [("over", 1000, 1320)]


def test_ears_beside_a_recogniser_listen_only_over_the_agent(monkeypatch):
    rig = Rig(monkeypatch, (100, Began(50)), plan=replace(PLAN, always=False))
    assert rig.hear(1000) == []
    assert rig.vad.skipped_ms == 1000
    rig.audible = True
    assert rig.hear(20) == [("began", 50, 1020)]
    rig.audible = False  # cut off: the speech under way is heard to its end
    rig.vad.changes = [(1300, Ended(1100))]
    assert rig.hear(1000)[1:] == [("over", 1100, 1600)]
    assert rig.vad.skipped_ms == 1000 + 420


def test_a_new_session_is_told_of_the_speech_under_way(monkeypatch):
    rig = Rig(monkeypatch, (200, Began(100)), (1250, Ended(1000)))
    rig.hear(600)
    other = Told()
    rig.ears.connect(other)
    rig.hear(1400)
    assert rig.session.log == [("began", 100, 200)]
    assert other.log == [("began", 0, 0), ("over", 400, 900)]


# --- echo


def test_of_a_stereo_line_the_caller_goes_on():
    heard = []
    voice = OwnVoice(EchoPlan(), heard.append)
    voice.hear(b"\1\0\2\0")
    voice.line_is(stereo=True)
    voice.hear(interleave(b"\1\0" * 80, b"\2\0" * 80))
    assert heard == [b"\1\0\2\0", b"\1\0" * 80]


def test_a_canceller_that_breaks_leaves_the_call_its_ears(monkeypatch):
    class Broken:
        def clean(self, near, far):
            raise RuntimeError

    heard = []
    monkeypatch.setattr(EchoPlan, "guard", lambda _: Broken())
    voice = OwnVoice(EchoPlan("cancel"), heard.append)
    voice.line_is(stereo=True)
    for _ in range(2):
        voice.hear(interleave(b"\1\0" * 80, b"\2\0" * 80))
    assert heard == [b"\1\0" * 80] * 2


# --- a whole conversation


@pytest.fixture(scope="module")
def question():
    return g711.decode(Synthesizer().speak("What are your opening hours?", "callee"), "PCMU")


def local(**changes):
    ears = replace(CONFIG.session.ears, local=True)
    hearing = HearingPlan(PLAN, EchoPlan("gate"))
    return replace(CONFIG, session=replace(CONFIG.session, ears=ears), hearing=hearing, **changes)


class LocalTalk(Talk):
    """Both sides of the line as audio: what the loudspeaker plays is on the right."""

    def answer(self):
        self.bridge.attach(Audio(self.line, self.loudspeaker, is_stereo=True))
        self.settle()
        return self

    def hear(self, l16):
        """So much of the caller passes."""
        for at in range(0, len(l16), 320):
            near = l16[at : at + 320].ljust(320, b"\0")
            self.line.on_audio(interleave(near, bytes(320)))
            self.advance(0.02)


def test_a_turn_that_our_ears_hear_is_answered(question):
    talk = LocalTalk(local()).ring().answer()
    talk.hear(bytes(8000) + question)
    assert talk.bridge._conversation._parts.turns.caller_speaking
    assert talk.calls == []
    talk.hear(bytes(16 * 800))
    assert talk.calls == [("respond",)]
    talk.session.respond()
    talk.end()


def test_our_ears_interrupt_the_agent(question):
    talk = LocalTalk(local()).ring().answer()
    talk.session.emit  # noqa: B018
    talk.dictate("Once upon a time there was a king.")
    talk.settle()
    talk.session.respond("Once upon a time there was a king.", 20.0)
    talk.advance(1.0)
    talk.hear(question)
    talk.advance(2.0)  # its words may come, and do not
    assert talk.loudspeaker.log == ["pause", "clear"]
    talk.end()


# --- which ears


@pytest.mark.parametrize(
    ("mode", "usual", "asked", "expected"),
    [
        ("realtime", "auto", None, False),
        ("legacy", "auto", None, True),
        ("realtime", "auto", "local", True),
        ("realtime", "local", None, True),
        ("legacy", "server", None, False),
        ("legacy", "local", "server", False),
        ("realtime", "local", "auto", False),
    ],
)
def test_a_call_says_whose_ears_or_the_installation(mode, usual, asked, expected):
    request = CallRequest(
        "+15550100", task="Talk.", mode=mode, interruption=Interruption(ears=asked)
    )
    options = HearingOptions(usual, installed=True, echo=EchoPlan("gate"))
    made = conversation_for(request, default_model="model", hearing=options)
    assert made.session.ears.local is expected
    assert (made.hearing.ears is not None) is expected
    assert made.hearing.echo.needs_stereo is expected
    if expected:
        assert made.hearing.ears.always is (mode == "realtime")
        assert made.rules.hangover_ms == made.hearing.ears.rules.hang_ms


def test_ears_that_are_not_there_are_not_used():
    request = CallRequest("+15550100", task="Talk.", interruption=Interruption(ears="local"))
    made = conversation_for(request, default_model="model", hearing=HearingOptions("local"))
    assert made.hearing == HearingPlan()
    assert not made.session.ears.local
