"""One channel: its variables, its times, and the headers its events carry."""

from __future__ import annotations

from dataclasses import dataclass, field

from gevent.event import Event as Flag

from topcalls.sandbox.freeswitch.causes import q850
from topcalls.sandbox.freeswitch.codec import PCMU, Codec

# Channel-State, its number, Channel-Call-State, Answer-State
_STATES = {
    "new": ("CS_INIT", "2", "DOWN", "ringing"),
    "arrived": ("CS_EXECUTE", "4", "RINGING", "ringing"),
    "dialing": ("CS_CONSUME_MEDIA", "7", "DOWN", "ringing"),
    "ringing": ("CS_CONSUME_MEDIA", "7", "RINGING", "ringing"),
    "early": ("CS_CONSUME_MEDIA", "7", "EARLY", "early"),
    "active": ("CS_EXECUTE", "4", "ACTIVE", "answered"),
    "hangup": ("CS_HANGUP", "10", "HANGUP", "hangup"),
    "reporting": ("CS_REPORTING", "11", "HANGUP", "hangup"),
}


@dataclass
class Times:
    """Microseconds since the epoch; 0 = has not happened."""

    created: int
    progress: int = 0
    progress_media: int = 0
    answered: int = 0
    hungup: int = 0


@dataclass
class Channel:
    """A call leg as the switch sees it. `Switch` moves it through its life."""

    uuid: str
    direction: str
    caller_number: str
    caller_name: str
    destination: str
    times: Times
    variables: dict[str, str] = field(default_factory=dict)
    codec: Codec = PCMU
    has_common_codec: bool = True
    is_hidden: bool = False  # the caller asked that the number is not shown
    context: str = "default"
    phase: str = "new"
    cause: str = ""
    application: str = ""
    application_data: str = ""
    parked: bool = False
    on_hold: bool = False  # by the far end
    settled: Flag = field(default_factory=Flag)  # answered, early media, or over
    over: Flag = field(default_factory=Flag)  # CHANNEL_HANGUP_COMPLETE is out

    @property
    def name(self) -> str:
        """Channel-Name."""
        profile = "sofia/external" if self.direction == "outbound" else "sofia/internal"
        return f"{profile}/{self.destination}"

    @property
    def has_media(self) -> bool:
        """Whether audio flows: answered, or early media is there."""
        return self.phase in ("early", "active")

    @property
    def is_up(self) -> bool:
        """Whether it has not been hung up."""
        return self.phase not in ("hangup", "reporting")

    def headers(self, with_variables: bool = True) -> dict[str, str]:
        """The channel's part of an event: Channel-*, Caller-*, and mostly every variable."""
        variables = self.variables.items() if with_variables else ()
        return {
            **self._state_headers(),
            **self._codec_headers(),
            **self._caller_headers(),
            **{f"variable_{name}": value for name, value in variables},
        }

    def _state_headers(self) -> dict[str, str]:
        state, number, call_state, answer_state = _STATES[self.phase]
        if self.on_hold and self.is_up:
            call_state = "HELD"
        result = {
            "Channel-State": state,
            "Channel-Call-State": call_state,
            "Channel-State-Number": number,
            "Channel-Name": self.name,
            "Unique-ID": self.uuid,
            "Call-Direction": self.direction,
            "Presence-Call-Direction": self.direction,
            "Channel-HIT-Dialplan": "true" if self.direction == "inbound" else "false",
            "Channel-Call-UUID": self.uuid,
            "Answer-State": answer_state,
        }
        if self.cause:
            result["Hangup-Cause"] = self.cause
        return result

    def _codec_headers(self) -> dict[str, str]:
        if not self.times.progress_media and not self.times.answered:
            return {}
        return {
            f"Channel-{way}-Codec-{what}": value
            for way in ("Read", "Write")
            for what, value in (("Name", self.codec.name), ("Rate", "8000"), ("Bit-Rate", "64000"))
        }

    def _caller_headers(self) -> dict[str, str]:
        times = self.times
        facts = {
            "Direction": self.direction,
            "Logical-Direction": self.direction,
            "Dialplan": "XML",
            "Caller-ID-Name": self.caller_name,
            "Caller-ID-Number": self.caller_number,
            "Orig-Caller-ID-Name": self.caller_name,
            "Orig-Caller-ID-Number": self.caller_number,
            "Callee-ID-Number": self.destination if self.direction == "outbound" else "",
            "Network-Addr": "127.0.0.1",
            "ANI": self.caller_number,
            "Destination-Number": self.destination,
            "Unique-ID": self.uuid,
            "Source": "mod_sofia",
            "Context": self.context,
            "Channel-Name": self.name,
            "Profile-Index": "1",
            "Profile-Created-Time": str(times.created),
            "Channel-Created-Time": str(times.created),
            "Channel-Answered-Time": str(times.answered),
            "Channel-Progress-Time": str(times.progress),
            "Channel-Progress-Media-Time": str(times.progress_media),
            "Channel-Hangup-Time": str(times.hungup),
            "Channel-Transfer-Time": "0",
            "Channel-Resurrect-Time": "0",
            "Channel-Bridged-Time": "0",
            "Channel-Last-Hold": "0",
            "Channel-Hold-Accum": "0",
            "Screen-Bit": "true",
            "Privacy-Hide-Name": str(self.is_hidden).lower(),
            "Privacy-Hide-Number": str(self.is_hidden).lower(),
        }
        return {f"Caller-{name}": value for name, value in facts.items() if value}

    def is_true(self, name: str) -> bool:
        """Whether a variable says yes."""
        return self.variables.get(name, "").lower() in ("true", "yes", "on", "1")

    def set_variable(self, name: str, value: str) -> None:
        """An empty value removes the variable."""
        if value:
            self.variables[name] = value
        else:
            self.variables.pop(name, None)

    def close_books(self) -> None:
        """Set the variables that appear when a call is over: causes, seconds, timestamps."""
        times = self.times
        self.variables["hangup_cause"] = self.cause
        self.variables["hangup_cause_q850"] = str(q850(self.cause))
        stamps = {
            "start": times.created,
            "progress": times.progress,
            "progress_media": times.progress_media,
            "answer": times.answered,
            "end": times.hungup,
        }
        for name, stamp in stamps.items():
            self.variables[f"{name}_epoch"] = str(stamp // 1_000_000)
            self.variables[f"{name}_uepoch"] = str(stamp)
        spans = {
            "bill": (times.answered, times.hungup),
            "flow_bill": (times.created, times.hungup),
            "progress": (times.created, times.progress),
            "progress_media": (times.created, times.progress_media),
            "answer": (times.created, times.answered),
            "wait": (times.created, times.progress_media or times.answered or times.progress),
        }
        for name, (begin, end) in spans.items():
            span = end - begin if begin and end else 0
            self.variables[f"{name}sec"] = str(span // 1_000_000)
            self.variables[f"{name}msec"] = str(span // 1000)
            self.variables[f"{name}usec"] = str(span)
        total = times.hungup - times.created
        self.variables["duration"] = str(total // 1_000_000)
        self.variables["mduration"] = str(total // 1000)
        self.variables["uduration"] = str(total)
