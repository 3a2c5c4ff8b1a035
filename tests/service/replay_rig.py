"""A call that was recorded, as it is found in a database and in its store, and replays of it."""

import io
import wave
from contextlib import closing
from pathlib import Path

import factories
import numpy as np

from topcalls import compose
from topcalls.audio import g711
from topcalls.audio.pcm import interleave
from topcalls.clock import ManualClock
from topcalls.compose.database import open_current
from topcalls.compose.services import wire
from topcalls.config import Settings
from topcalls.core.replay_script import Timing
from topcalls.core.tools import ToolRecord, ToolStatus
from topcalls.core.transcript import Turn
from topcalls.sandbox.line_noise import LineNoise
from topcalls.sandbox.speech import Synthesizer
from topcalls.services.recording_store import digest_of

NUMBER = "+12025550150"
SCENARIO = """
name: asks for another day
number: "+12025550150"
description: Asks for another day, takes it, and says goodbye.
callee:
  - answer
  - say: "Hello?"
  - hang_up
model:
  - when: "^hello"
    speak: "Hi, this is Rachel. Can you come on Tuesday?"
  - when: "difficult"
    told: "offer friday"
    speak: "Then I have Friday at nine. Does Friday suit you?"
    tool: {name: free_times, arguments: {day: friday}}
    then: "Friday is free."
  - when: "difficult"
    speak: "Let me see."
    tool: {name: free_times, arguments: {day: thursday}}
    then: "Thursday at two is free. Does Thursday suit you?"
  - when: "perfect"
    speak: "Then I have you down. Goodbye!"
    tool: {name: end_call}
"""
FREE_TIMES = {
    "name": "free_times",
    "description": "Finds the free times of a day.",
    "url": "https://clinic.example.com/free",
    "parameters": {"type": "object", "properties": {"day": {"type": "string"}}},
}
SAID = (
    ("user", "Hello?", 300),
    ("assistant", "Hi, this is Rachel. Can you come on Tuesday?", 900),
    ("user", "Tuesday is difficult for me.", 700),
    ("assistant", "Let me see.", 900),
    ("assistant", "Thursday at two is free. Does Thursday suit you?", 900),
    ("user", "Thursday is perfect.", 700),
    ("assistant", "Then I have you down. Goodbye!", 900),
)
LAST_SILENCE_MS = 400


def settings_in(directory: Path, **more) -> Settings:
    """Those of an installation with everything in one directory."""
    return Settings(
        telephony="sandbox",
        ai="sandbox",
        data_dir=directory,
        secret_key=factories.SECRET_KEY,
        from_number=factories.FROM_NUMBER,
        echo_cancellation="off",
        ears="server",
        **more,
    )


class Talk:
    """The sound and the turns of a conversation."""

    def __init__(self, said, voice, channel):
        sides = {"user": [], "assistant": []}
        noise, self.turns = LineNoise(channel), []
        for seq, (speaker, text, pause_ms) in enumerate(said, start=1):
            speech = voice.speak(text, "callee" if speaker == "user" else "agent")
            started = self._add(sides, speaker, None, pause_ms, noise)
            ended = self._add(sides, speaker, speech, len(speech) // 8, noise) + len(speech) // 8
            self.turns.append(Turn(seq, speaker, text, started + pause_ms, ended))
        self._add(sides, "user", None, LAST_SILENCE_MS, noise)
        left, right = (b"".join(sides[name]) for name in ("user", "assistant"))
        self.left, self.right = (g711.decode(side, "PCMU") for side in (left, right))

    @staticmethod
    def _add(sides, speaker, speech, lasts_ms, noise):
        """Both sides grow; where this piece begins, in ms."""
        at = sum(map(len, sides["user"])) // 8
        for frame in range(lasts_ms // 20):
            mine = None if speech is None else speech[frame * 160 : frame * 160 + 160]
            heard = mine if speaker == "user" else None
            sides["user"].append(noise.under(heard))
            silent = g711.silence("PCMU", 20)
            sides["assistant"].append(mine if mine and speaker == "assistant" else silent)
        return at

    @property
    def seconds(self):
        return len(self.left) / 16000

    def wav(self, channels=2):
        """As it is recorded."""
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(channels)
            writer.setsampwidth(2)
            writer.setframerate(8000)
            mono = np.frombuffer(self.left, "<i2") // 2 + np.frombuffer(self.right, "<i2") // 2
            both = interleave(self.left, self.right) if channels == 2 else mono.tobytes()
            writer.writeframes(both)
        return file.getvalue()


class Installation:
    """One with recorded calls, in a directory."""

    def __init__(self, directory: Path, **settings):
        self.settings = settings_in(directory, **settings)
        compose.migrate(self.settings)
        self.scenario = directory / "people.yaml"
        self.scenario.write_text(SCENARIO)
        self.db = open_current(self.settings)
        self.services = wire(self.db, ManualClock(factories.START), self.settings)
        self.owner = factories.principal(self.services)
        self._voice = Synthesizer(directory / "sandbox" / "speech")

    def close(self):
        self.db.close()

    def call(self, said=SAID, *, channels=2, record=True, change=lambda turn: turn, **fields):
        """A call that was talked, and is over; its id."""
        fields = {"phone_number": NUMBER, "tools": (FREE_TIMES,), **fields}
        life = factories.Life(
            self.services, factories.claimed_call(self.services, self.owner, **fields)
        )
        talk = Talk(said, self._voice, life.channel_uuid)
        life.talk(talk.seconds)
        now = self.services.clock.now()
        for turn in talk.turns:
            self.services.calls.append_turn(life.call_id, change(turn), now)
        self._tools(life.call_id, talk.turns)
        life.hang_up()
        if record:
            self._record(life.call_id, talk.wav(channels))
        return life.call_id

    def _tools(self, call_id, turns):
        looked = next((turn for turn in turns if turn.text == "Let me see."), None)
        if looked is None:
            return
        record = ToolRecord(
            f"use-{call_id}",
            "free_times",
            False,
            '{"day": "thursday"}',
            looked.ended_ms,
            ToolStatus.SUCCEEDED,
            '{"times": ["14:00"]}',
            duration_ms=150,
        )
        ended = ToolRecord(
            f"end-{call_id}", "end_call", True, "{}", turns[-1].ended_ms, ToolStatus.SUCCEEDED, "{}"
        )
        for one in (record, ended):
            self.services.calls.tools.note(call_id, one, self.services.clock.now())

    def _record(self, call_id, data):
        now = self.services.clock.now()
        self.services.spooled_recordings.begun(call_id, "node-1", now)
        digest = digest_of(io.BytesIO(data))
        self.services.recordings.receive(call_id, len(data), digest, [data], now)

    def replay(self, call_id, fields=None, agent=None, timing=Timing.RELATIVE, **more):
        """One replay of a call."""
        wishes = compose.replay_wishes(fields or {}, agent, timing, **more)
        with closing(compose.ReplayRoom(self.settings, (self.scenario,))) as room:
            return room.replay(call_id, wishes)
