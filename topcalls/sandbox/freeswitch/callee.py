"""The person on the telephone: plays a scenario's steps, one 20 ms frame at a time.

`Callee.speak_frame` gives what the person says now; `Callee.hear` takes how loud it is what they
hear. Both are called once per frame by the media clock, so time is counted in frames. Nothing here
blocks: words are rendered before they are needed; until they are there the person is silent.
"""

from __future__ import annotations

import math
import struct
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from topcalls.sandbox.freeswitch.codec import FRAME_BYTES, FRAME_SECONDS, PCMU, RATE
from topcalls.sandbox.freeswitch.line_sounds import Hiss, tones
from topcalls.sandbox.freeswitch.tone_stream import KEYS, KeyEar
from topcalls.sandbox.scenario import Scenario
from topcalls.sandbox.scenario_steps import (
    Answer,
    Beep,
    ExpectKeys,
    HangUp,
    Hold,
    Interrupt,
    LineDies,
    Listen,
    Menu,
    Noise,
    Press,
    Say,
    Silence,
    Step,
    Tone,
    Wait,
)

AUDIBLE_LEVEL = 300  # RMS of 16-bit samples: about -41 dBFS, above comfort noise
PAUSE_INSIDE_SPEECH = 0.35  # shorter gaps do not end what is heard as one speech
_LEAST_SPEECH = 0.2
_BETWEEN_DIGITS = 0.2
_BEEP_HZ = 1000
_HEARD_FRAMES = 50 * 300

Frames = Generator[bytes | None, None, None]


class Telephone(Protocol):
    """What the person can do beyond speaking."""

    def press(self, digit: str) -> None:
        """A key is pressed."""
        ...

    def put_on_hold(self, held: bool) -> None:
        """The person puts the call on hold, or takes it back."""
        ...

    def put_down(self) -> None:
        """The person hangs up."""
        ...


@dataclass(frozen=True, slots=True)
class HeardFrame:
    """20 ms of what was played to the person."""

    at: float  # monotonic seconds
    level: int  # RMS, 0 to 32768; 0 also when nothing at all came

    @property
    def audible(self) -> bool:
        """Whether it was louder than line noise."""
        return self.level >= AUDIBLE_LEVEL


class Ear:
    """Makes speech and silence out of frames."""

    def __init__(self) -> None:
        self.log: deque[HeardFrame] = deque(maxlen=_HEARD_FRAMES)
        self.audible_frames = 0
        self._frames_of_speech = 0
        self._quiet_frames = 0

    def take(self, frame: HeardFrame) -> None:
        """Note 20 ms."""
        self.log.append(frame)
        if frame.audible:
            self.audible_frames += 1
            self._frames_of_speech += self._quiet_frames + 1 if self._frames_of_speech else 1
            self._quiet_frames = 0
        else:
            self._quiet_frames += 1
            if self.silent_for > PAUSE_INSIDE_SPEECH:
                self._frames_of_speech = 0

    @property
    def speaking_for(self) -> float:
        """Seconds since the speech that is going on began; 0 in silence."""
        return self._frames_of_speech * FRAME_SECONDS

    @property
    def silent_for(self) -> float:
        """Seconds since the last audible frame."""
        return self._quiet_frames * FRAME_SECONDS


class Callee:
    """One person in one call."""

    def __init__(
        self,
        scenario: Scenario,
        steps: Sequence[Step],
        telephone: Telephone,
        *,
        on_utterance: Callable[[str, bytes], None],
        rendered: Callable[[str], bytes | None],
    ) -> None:
        """`steps`: those after the answer. `rendered(text)`: PCMU, or None while it is made.

        `on_utterance(text, pcmu)` is called when the first frame of something said is due.
        """
        self.scenario = scenario
        self.ear = Ear()
        self.digits_heard: list[str] = []
        self.said: list[str] = []
        self.sends_packets = True
        self._telephone = telephone
        self._on_utterance = on_utterance
        self._rendered = rendered
        self._digits: deque[str] = deque()
        self._key_ear = KeyEar()
        # whether the line tells keys apart from the audio
        answers = (step for step in scenario.callee if isinstance(step, Answer))
        self.tells_keys = next((step.telephone_events for step in answers), True)
        self._hiss: Hiss | None = None
        self._frames = self._play(steps)

    def speak_frame(self) -> bytes | None:
        """PCMU of the next 20 ms; None is silence."""
        frame = next(self._frames, None)
        return frame if self._hiss is None else self._hiss.under(frame)

    def fall_silent(self) -> None:
        """Whatever was still to be said or done is left."""
        self._frames = _nothing(0)

    def hear(self, loudness: int, at: float) -> None:
        """20 ms of what the switch sent: its RMS, and when."""
        self.ear.take(HeardFrame(at, loudness))

    def hear_digits(self, digits: str) -> None:
        """The agent pressed keys, and the switch told the line so: by telephone events, or by an
        INFO, which a line that knows only tones answers and forgets."""
        if self.tells_keys:
            self._take_digits(digits)

    def hear_tones(self, samples: bytes) -> None:
        """20 ms of what the switch sent, as 16-bit samples: keys in it count where nothing else
        tells them."""
        if not self.tells_keys and (key := self._key_ear.hear(samples)):
            self._take_digits(key)

    def _take_digits(self, digits: str) -> None:
        self.digits_heard.extend(digits)
        self._digits.extend(digits)

    def _play(self, steps: Sequence[Step]) -> Frames:
        for step in steps:
            yield from self._step(step)
            if isinstance(step, HangUp | LineDies):
                return

    def _step(self, step: Step) -> Frames:
        match step:
            case Say(text):
                yield from self._say(text)
            case Listen():
                yield from self._listen(step)
            case Wait(seconds) | Silence(seconds):
                yield from _nothing(seconds)
            case Hold(seconds):
                self._telephone.put_on_hold(True)
                yield from _nothing(seconds)
                self._telephone.put_on_hold(False)
            case Interrupt():
                yield from self._interrupt(step)
            case Press():
                yield from self._press(step)
            case ExpectKeys():
                yield from self._expect_keys(step)
            case Beep(seconds):
                yield from tones((_BEEP_HZ,), seconds)
            case Tone(hertz, seconds):
                yield from tones(hertz, seconds)
            case Noise(level):
                self._hiss = Hiss(level)
            case Menu():
                yield from self._menu(step)
            case LineDies():
                self.sends_packets = False
            case HangUp():
                self._telephone.put_down()

    def _say(self, text: str) -> Frames:
        audio = self._rendered(text)
        while audio is None:
            yield None
            audio = self._rendered(text)
        self.said.append(text)
        self._on_utterance(text, audio)
        for at in range(0, len(audio), FRAME_BYTES):
            yield audio[at : at + FRAME_BYTES]

    def _listen(self, step: Listen) -> Frames:
        before = self.ear.audible_frames
        prompted = not step.prompt
        for waited in _seconds(step.limit):
            heard = (self.ear.audible_frames - before) * FRAME_SECONDS
            if heard >= _LEAST_SPEECH and self.ear.silent_for >= step.silence:
                return
            if not prompted and not heard and waited >= step.prompt_after:
                prompted = True
                yield from self._say(step.prompt)
            yield None

    def _interrupt(self, step: Interrupt) -> Frames:
        for _ in _seconds(step.limit):
            if self.ear.speaking_for >= step.after:
                break
            yield None
        yield from self._say(step.say)

    def _press(self, step: Press) -> Frames:
        for digit in step.digits:
            if step.in_band or not self.tells_keys:
                sound = _key_sound(digit)
                yield from (
                    sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)
                )
            if self.tells_keys:
                self._telephone.press(digit)
            yield from _nothing(_BETWEEN_DIGITS)

    def _expect_keys(self, step: ExpectKeys) -> Frames:
        pressed = ""
        for _ in _seconds(step.limit):
            while self._digits:
                pressed += self._digits.popleft()
            if pressed == step.digits:
                return
            if not step.digits.startswith(pressed):
                break
            yield None
        self._telephone.put_down()

    def _menu(self, step: Menu) -> Frames:
        self._digits.clear()
        for _ in range(step.times):
            for frame in self._say(step.say):
                if self._digits:
                    break
                yield frame
            for _ in _seconds(step.wait):
                if self._digits:
                    break
                yield None
            key = self._digits.popleft() if self._digits else ""
            if key in step.keys:
                yield from self._play(step.keys[key])
                return
        yield from self._play(step.otherwise)


def _seconds(limit: float) -> Iterable[float]:
    """The elapsed seconds of each frame until `limit`."""
    return (count * FRAME_SECONDS for count in range(math.ceil(limit / FRAME_SECONDS)))


def _nothing(seconds: float) -> Frames:
    for _ in _seconds(seconds):
        yield None


@cache
def _tone(frequencies: tuple[int, ...], amplitude: int) -> bytes:
    """20 ms of PCMU; every frequency must be a multiple of 50 Hz or be cut at the frame's edge."""
    samples = [
        round(sum(amplitude * math.sin(2 * math.pi * hz * at / RATE) for hz in frequencies))
        for at in range(FRAME_BYTES)
    ]
    return PCMU.from_linear(struct.pack(f"<{FRAME_BYTES}h", *samples))


@cache
def _key_sound(key: str) -> bytes:
    """100 ms of a key's tones in PCMU."""
    at = KEYS.index(key)
    pair = (697, 770, 852, 941)[at // 4], (1209, 1336, 1477, 1633)[at % 4]
    samples = [
        round(sum(6000 * math.sin(2 * math.pi * hz * n / RATE) for hz in pair))
        for n in range(RATE // 10)
    ]
    return PCMU.from_linear(struct.pack(f"<{len(samples)}h", *samples))


def ringback() -> Frames:
    """What the network plays while it rings: two seconds of tone, four of silence, for ever."""
    tone = _tone((450, 500), amplitude=3000)
    while True:
        for _ in _seconds(2.0):
            yield tone
        yield from _nothing(4.0)
