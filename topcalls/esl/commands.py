"""Everything we ever send to FreeSWITCH, as pure functions from checked values to text.

A builder returns the command without `api` or `bgapi`, or raises `InvalidRequest` naming the field
at fault: no caller's name, tool argument or SIP header can become a command of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from topcalls.core.dead_line import LONGEST_SECONDS
from topcalls.core.keys import Sounds
from topcalls.errors import InvalidRequest
from topcalls.esl import quoting
from topcalls.esl.key_tones import tone_stream

Mix = Literal["mono", "mixed", "stereo"]

CODECS = ("PCMU", "PCMA")
HOLD_MUSIC = "silence"
"""When the far end puts a call on hold. By default the switch plays a stream that it need not have
to whoever the channel is connected with, and its thread waits for it."""
_STREAM_URL = re.compile(r"wss?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_.~%/?=&+-]*)?")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(:[0-9]{1,5})?")
_EVENT_NAME = re.compile(r"[A-Z][A-Z_]{2,63}")
_SUBCLASS = re.compile(r"[a-z0-9_]+(::[A-Za-z0-9_-]+)+")
_DTMF = re.compile(r"[0-9A-Da-d*#wW]{1,64}(@[0-9]{1,5})?")
_CAUSE = re.compile(r"[A-Z][A-Z0-9_]{2,63}", re.IGNORECASE)
_APPLICATION = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MAX_HEADER_ARGUMENT = 2048

RECORD_BUFFER_BYTES = 8192
"""Sound reaches a recording's file in pieces of this size, a quarter of a second in stereo: what is
lost when the switch dies. Its own default is eight times as much."""

token = quoting.token


# -- dialling ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dial:
    """One outbound call to place; see `originate`.

    `channel_uuid` becomes the channel's uuid. `ring_timeout_seconds` limits the dial (the switch
    gives up within a second after it), `max_duration_seconds` the call from its answer (enforced by
    the switch, until another limit is set). `variables` are set on the channel besides ours and may
    not name one of them.
    """

    channel_uuid: str
    call_id: str
    owner: str
    node: str
    gateway: str
    number: str
    caller_id_number: str
    caller_id_name: str = ""
    ring_timeout_seconds: int = 60
    max_duration_seconds: int = 3600
    codecs: tuple[str, ...] = CODECS
    stream_buffer_ms: int = 40
    seconds_without_audio: float = LONGEST_SECONDS
    variables: Mapping[str, str] = field(default_factory=dict)


def originate(dial: Dial) -> str:
    """Dial one number through a gateway and park the channel on answer."""
    ours = _dial_variables(dial)
    for name in dial.variables:
        if name in ours:
            raise InvalidRequest("This variable is set by the gateway itself.", field=name)
    return originate_to(
        gateway_endpoint(dial.gateway, dial.number),
        {**ours, **dial.variables},
        channel_uuid=dial.channel_uuid,
    )


def originate_to(endpoint: str, variables: Mapping[str, str], *, channel_uuid: str) -> str:
    """Dial any endpoint, written in the switch's own syntax, and park the channel.

    `endpoint` comes from configuration, never from a caller: use `gateway_endpoint`.
    """
    if re.search(r"[\s,|{}\[\]<>'\\$]|:_:", endpoint):
        raise InvalidRequest("An endpoint has no blanks, commas, bars or braces.", field="endpoint")
    quoting.printable("endpoint", endpoint)
    pairs = {"origination_uuid": quoting.uuid("channel_uuid", channel_uuid), **variables}
    braces = ",".join(
        f"{quoting.name('variables', name)}={quoting.variable(name, value)}"
        for name, value in pairs.items()
    )
    return f"originate {{{braces}}}{endpoint} &park()"


def gateway_endpoint(gateway: str, number: str) -> str:
    """A number behind a SIP gateway of the switch."""
    return f"sofia/gateway/{token('gateway', gateway)}/{quoting.sip_user('number', number)}"


_CLOCK_SECOND = 1
"""FreeSWITCH counts ticks of the clock's second, the first of which may come at once: without this
one a phone rings up to a second less than was asked for, and a law may want a least time."""


def _dial_variables(dial: Dial) -> dict[str, str]:
    limit = quoting.seconds("max_duration_seconds", dial.max_duration_seconds)
    if not dial.codecs or not set(dial.codecs) <= set(CODECS):
        raise InvalidRequest("Only PCMU and PCMA can be played.", field="codecs")
    if dial.stream_buffer_ms not in range(20, 1001, 20):
        raise InvalidRequest("Must be a multiple of 20 up to 1000.", field="stream_buffer_ms")
    caller = quoting.sip_user("caller_id_number", dial.caller_id_number)
    return {
        "tc_call_id": token("call_id", dial.call_id),
        "tc_owner": token("owner", dial.owner),
        "tc_node": token("node", dial.node),
        "ignore_early_media": "true",
        "originate_timeout": str(
            quoting.seconds("ring_timeout_seconds", dial.ring_timeout_seconds) + _CLOCK_SECOND
        ),
        "origination_caller_id_number": caller,
        "origination_caller_id_name": _display_name(dial.caller_id_name or caller),
        "absolute_codec_string": ",".join(dial.codecs),
        "RECORD_STEREO": "true",
        "send_silence_when_idle": "400",
        "playback_terminators": "none",
        "hold_music": HOLD_MUSIC,
        "STREAM_BUFFER_SIZE": str(dial.stream_buffer_ms),
        "STREAM_HEART_BEAT": "0",
        "STREAM_MESSAGE_DEFLATE": "false",
        "media_timeout": str(round(dial.seconds_without_audio * 1000)),
        "execute_on_answer": f"sched_hangup +{limit} allotted_timeout",
    }


def _display_name(value: str) -> str:
    """A caller's name; what would end the quotes or brackets of a SIP header is refused."""
    quoting.printable("caller_id_name", value)
    if len(value) > 64 or set(value) & set('"<>\\'):
        raise InvalidRequest(
            "At most 64 characters, without quotation marks, brackets and backslashes.",
            field="caller_id_name",
        )
    return value


# -- a live channel ---------------------------------------------------------------------------


def uuid_kill(uuid: str, cause: str = "NORMAL_CLEARING") -> str:
    """Hang up, whatever the channel is doing."""
    return f"uuid_kill {_channel(uuid)} {_matching(_CAUSE, 'cause', cause)}"


def uuid_answer(uuid: str) -> str:
    """Answer an inbound call."""
    return f"uuid_answer {_channel(uuid)}"


def uuid_ring_ready(uuid: str) -> str:
    """Tell the caller that it rings (SIP 180)."""
    return f"uuid_ring_ready {_channel(uuid)}"


def uuid_setvar(uuid: str, name: str, value: str) -> str:
    """Set a channel variable; an empty value unsets it."""
    text = f" {quoting.argument('value', value)}" if value else ""
    return f"uuid_setvar {_channel(uuid)} {quoting.name('name', name)}{text}"


def uuid_getvar(uuid: str, name: str) -> str:
    """Answers with a channel variable's value, `_undef_` where it has none."""
    return f"uuid_getvar {_channel(uuid)} {quoting.name('name', name)}"


def uuid_exists(uuid: str) -> str:
    """Answers `true` or `false`."""
    return f"uuid_exists {_channel(uuid)}"


def uuid_dump(uuid: str) -> str:
    """All headers and variables of a channel, as JSON."""
    return f"uuid_dump {_channel(uuid)} json"


def uuid_transfer(
    uuid: str, destination: str, *, dialplan: str = "XML", context: str = "default"
) -> str:
    """Send a channel through the dialplan; our hold on it ends there."""
    where = quoting.sip_user("destination", destination)
    plan, room = token("dialplan", dialplan), token("context", context)
    return f"uuid_transfer {_channel(uuid)} {where} {plan} {room}"


def uuid_bridge(uuid: str, other: str) -> str:
    """Connect two answered channels; whatever is played to them stops."""
    return f"uuid_bridge {_channel(uuid)} {_channel(other)}"


def uuid_deflect(uuid: str, number: str, host: str) -> str:
    """Have the far end dial a number itself (SIP REFER). With `sip_refer_continue_after_reply` the
    answer comes at once, and what became of it shows in variables of the channel; without it, the
    channel is hung up whatever became of it."""
    user = quoting.sip_user("number", number)
    return f"uuid_deflect {_channel(uuid)} sip:{user}@{_matching(_HOST, 'host', host)}"


def uuid_send_dtmf(uuid: str, digits: str) -> str:
    """Press keys: `0-9*#A-D`, `w` waits half a second, `W` one; `@ms` sets the length of a tone."""
    return f"uuid_send_dtmf {_channel(uuid)} {_matching(_DTMF, 'digits', digits)}"


def uuid_press_tones(uuid: str, keys: Sounds) -> str:
    """Have keys heard as tones (ITU-T Q.23) instead of what is said meanwhile, on lines without
    `telephone-event`. Recordings do not have them, a break leaves them alone, and only one such
    command works at a time. Heard only while something is written: `send_silence_when_idle`."""
    return f"uuid_displace {_channel(uuid)} start {tone_stream(keys)}"


def sched_hangup(uuid: str, seconds: int, cause: str = "allotted_timeout") -> str:
    """Hang up after so many seconds. A second one does not replace the first: `sched_del` it."""
    delay = quoting.seconds("seconds", seconds)
    return f"sched_hangup +{delay} {_channel(uuid)} {_matching(_CAUSE, 'cause', cause)}"


def sched_del(uuid: str) -> str:
    """Drop whatever was scheduled for a channel."""
    return f"sched_del {_channel(uuid)}"


def show_channels() -> str:
    """Every channel of the switch, as JSON."""
    return "show channels as json"


# -- call audio -------------------------------------------------------------------------------


def uuid_audio_stream_start(
    uuid: str, url: str, *, mix: Mix = "mono", rate: int = 8000, metadata: str = ""
) -> str:
    """Fork a channel's audio to a WebSocket. `+OK` means attached, not connected.

    Never on a channel without media: it crashes the switch.
    """
    if mix not in ("mono", "mixed", "stereo"):
        raise InvalidRequest("Must be mono, mixed or stereo.", field="mix")
    if rate <= 0 or rate % 8000:
        raise InvalidRequest("Must be a multiple of 8000.", field="rate")
    extra = f" {quoting.argument('metadata', metadata)}" if metadata else ""
    target = _matching(_STREAM_URL, "url", url)
    return f"uuid_audio_stream {_channel(uuid)} start {target} {mix} {rate}{extra}"


def uuid_audio_stream_stop(uuid: str) -> str:
    """End the fork. Blocks the switch for up to a second: send it with `bgapi`."""
    return f"uuid_audio_stream {_channel(uuid)} stop"


def uuid_audio_stream_resume(uuid: str) -> str:
    """Go on with the fork, from now: what the switch has kept for it is thrown away."""
    return f"uuid_audio_stream {_channel(uuid)} resume"


def uuid_break(uuid: str, *, everything: bool = True) -> str:
    """Stop what is being played, and with `everything` also what is queued behind it."""
    return f"uuid_break {_channel(uuid)}{' all' if everything else ''}"


def uuid_fileman_pause(uuid: str) -> str:
    """Pause what is being played, or go on with it: the switch toggles."""
    return f"uuid_fileman {_channel(uuid)} pause"


def uuid_displace_start(uuid: str, path: str) -> str:
    """Loop a file under whatever the channel's caller hears, and put it into recordings (`fml`:
    first, mixed, looping). Heard only while something is written: `send_silence_when_idle`."""
    return f"uuid_displace {_channel(uuid)} start {quoting.path('path', path)} 0 fml"


def uuid_displace_stop(uuid: str, path: str) -> str:
    """Take that file away again."""
    return f"uuid_displace {_channel(uuid)} stop {quoting.path('path', path)}"


def uuid_record_start(uuid: str, path: str, *, stereo: bool = True, limit_seconds: int = 0) -> str:
    """Record a channel into a file, for at most `limit_seconds` (0: no limit).

    `stereo`: what the channel hears (the other person) on the left, what it says on the right,
    whoever called whom; else both in one. Again with the same path changes nothing.
    """
    limit = quoting.seconds("limit_seconds", limit_seconds) if limit_seconds else 0
    buffer = f"enable_file_write_buffering={RECORD_BUFFER_BYTES}"
    options = f"{{RECORD_STEREO={str(stereo).lower()},{buffer}}}"
    return f"uuid_record {_channel(uuid)} start {quoting.path('path', path)} {limit} {options}"


def uuid_record_mask(uuid: str, path: str) -> str:
    """Write silence into the recording from now on; its length stays true. Twice is no error."""
    return f"uuid_record {_channel(uuid)} mask {quoting.path('path', path)}"


def uuid_record_unmask(uuid: str, path: str) -> str:
    """Write what sounds into the recording again."""
    return f"uuid_record {_channel(uuid)} unmask {quoting.path('path', path)}"


def uuid_record_pause(uuid: str, path: str) -> str:
    """Write nothing into the recording from now on: it is that much shorter."""
    return f"uuid_record {_channel(uuid)} pause {quoting.path('path', path)}"


def uuid_record_resume(uuid: str, path: str) -> str:
    """Write again. Of one that is not paused this changes nothing."""
    return f"uuid_record {_channel(uuid)} resume {quoting.path('path', path)}"


def uuid_record_stop(uuid: str, path: str) -> str:
    """End the recording that writes this file."""
    return f"uuid_record {_channel(uuid)} stop {quoting.path('path', path)}"


def sendmsg_execute(uuid: str, app: str, arg: str = "", *, event_lock: bool = True) -> str:
    """Run a dialplan application on a channel. Locked ones run one after another."""
    lines = [
        f"sendmsg {_channel(uuid)}",
        "call-command: execute",
        f"execute-app-name: {_matching(_APPLICATION, 'app', app)}",
    ]
    if event_lock:
        lines.append("event-lock: true")
    text = _application_argument(arg)
    if text and (text != text.strip(" ") or len(text) > _MAX_HEADER_ARGUMENT):
        length = len(text.encode())
        lines += ["content-type: text/plain", f"content-length: {length}", "", text]
    elif text:
        lines.append(f"execute-app-arg: {text}")
    return "\n".join(lines)


def _application_argument(value: str) -> str:
    quoting.printable("arg", value)
    if value.startswith("%") or "\\" in value:
        raise InvalidRequest("A leading '%' and backslashes mean something else.", field="arg")
    return value


# -- the connection itself --------------------------------------------------------------------


def event_subscription(names: Iterable[str], subclasses: Iterable[str] = ()) -> str:
    """Subscribe to events as JSON; CUSTOM and its subclasses have to come last."""
    wanted = [_matching(_EVENT_NAME, "events", name) for name in names]
    custom = [_matching(_SUBCLASS, "subclasses", subclass) for subclass in subclasses]
    return " ".join(["event json", *wanted, *(["CUSTOM", *custom] if custom else [])])


def event_filter(header: str, value: str) -> str:
    """Let through events with this header and value. Filters are ORed; the rest is dropped."""
    if header == "Event-Subclass":
        return f"filter {header} {_matching(_SUBCLASS, 'value', value)}"
    return f"filter {quoting.name('header', header)} {token('value', value)}"


def line(command: str) -> str:
    """The last check before a command goes out: one line, nothing the switch acts on itself."""
    quoting.printable("command", command)
    if not command or command != command.strip(" "):
        raise InvalidRequest("A command is one line of text.", field="command")
    return command


def _channel(uuid: str) -> str:
    return quoting.uuid("uuid", uuid)


def _matching(pattern: re.Pattern[str], field_name: str, value: str) -> str:
    if not pattern.fullmatch(value):
        raise InvalidRequest("This value cannot go into a command.", field=field_name)
    return value
