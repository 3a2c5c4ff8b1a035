"""The API commands: one line in, the body of the answer out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from topcalls.ids import new_id
from topcalls.sandbox.freeswitch import wire
from topcalls.sandbox.freeswitch.applications import schedule_hangup
from topcalls.sandbox.freeswitch.arguments import separate, split_variables
from topcalls.sandbox.freeswitch.audio_stream import AudioStream
from topcalls.sandbox.freeswitch.bridging import connect
from topcalls.sandbox.freeswitch.call import Call
from topcalls.sandbox.freeswitch.causes import cause_name
from topcalls.sandbox.freeswitch.events import VERSION, status
from topcalls.sandbox.freeswitch.referring import deflect
from topcalls.sandbox.freeswitch.stream_settings import StreamSettings
from topcalls.sandbox.freeswitch.switch import Switch

NO_SUCH_CHANNEL = "-ERR No such channel!\n"
FAILED = "-ERR Operation Failed\n"
NO_REPLY = "-ERR no reply\n"
_AUDIO_STREAM_USAGE = (
    "-USAGE: <uuid> [start | stop | send_text | pause | resume | graceful-shutdown ] "
    "[wss-url | path] [mono | mixed | stereo] [8000 | 16000] [metadata]\n"
)


class Api:
    """Carries out commands on a switch. A call may block its greenlet (`originate`, `stop`)."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._commands: dict[str, Callable[[str], str]] = {
            "create_uuid": lambda _: new_id(),
            "file_exists": lambda path: str(bool(path) and Path(path).exists()).lower(),
            "hostname": lambda _: switch.events.hostname,
            "hupall": self._hupall,
            "module_exists": self._module_exists,
            "originate": switch.originate,
            "sched_del": self._sched_del,
            "sched_hangup": self._sched_hangup,
            "reloadacl": lambda _: "+OK acl reloaded\n",
            "reloadxml": self._reload_xml,
            "show": self._show,
            "sofia": self._sofia,
            "strepoch": lambda _: str(int(switch.clock.now().timestamp())),
            "status": lambda _: status(*switch.counts),
            "uuid_answer": self._answer,
            "uuid_audio_stream": self._audio_stream,
            "uuid_break": self._break,
            "uuid_bridge": self._bridge,
            "uuid_deflect": self._deflect,
            "uuid_displace": self._displace,
            "uuid_dump": self._dump,
            "uuid_exists": lambda uuid: str(uuid in switch.calls).lower(),
            "uuid_fileman": self._fileman,
            "uuid_getvar": self._getvar,
            "uuid_kill": self._kill,
            "uuid_record": self._record,
            "uuid_recv_dtmf": self._recv_dtmf,
            "uuid_ring_ready": self._ring_ready,
            "uuid_send_dtmf": self._send_dtmf,
            "uuid_setvar": self._setvar,
            "version": lambda _: f"FreeSWITCH Version {VERSION}\n",
        }

    def run(self, line: str) -> str:
        """The body of the answer to `line`; an unknown command is named."""
        name, _, argument = line.partition(" ")
        command = self._commands.get(name)
        if command is None:
            return f"-ERR {name} Command not found!\n"
        return command(argument)

    def _call(self, words: list[str]) -> Call | None:
        """A channel from CS_HANGUP on is still shown, but no command finds it
        (switch_core_session_locate)."""
        call = self._switch.calls.get(words[0]) if words else None
        return call if call is not None and call.channel.is_up else None

    def _kill(self, text: str) -> str:
        uuid, _, cause = text.partition(" ")
        call = self._call([uuid])
        if call is None:
            return NO_SUCH_CHANNEL
        call.hang_up(cause_name(cause) if cause else "NORMAL_CLEARING")
        return "+OK\n"

    def _module_exists(self, name: str) -> str:
        name = name.strip()
        return str(name in self._switch.options.modules).lower() if name else NO_REPLY

    def _reload_xml(self, _: str) -> str:
        self._switch.users.reload()
        return "+OK [Success]\n\n"

    def _sofia(self, text: str) -> str:
        uptime, _, calls, _ = self._switch.counts
        words = separate(text, " ")
        if words[-1:] == ["rescan"]:  # it reads the whole configuration
            self._switch.users.reload()
        return self._switch.gateways.command(words, uptime, calls)

    def _hupall(self, text: str) -> str:
        cause, name, value = (*separate(text, " "), "", "", "")[:3]
        for call in tuple(self._switch.calls.values()):
            if not name or call.channel.variables.get(name) == value:
                call.hang_up(cause_name(cause or "MANAGER_REQUEST"))
        return f"+OK hangup all channels with cause {cause_name(cause or 'MANAGER_REQUEST')}\n"

    def _answer(self, uuid: str) -> str:
        call = self._call([uuid])
        if call is None:
            return "-ERROR\n"
        return "+OK\n" if call.answer() else "-ERROR\n"

    def _ring_ready(self, uuid: str) -> str:
        call = self._call([uuid])
        if call is None:
            return "-ERROR\n"
        if call.channel.phase == "arrived":
            call.progress()
        return "+OK\n"

    def _setvar(self, text: str) -> str:
        words = separate(text, " ", 3)
        if not 2 <= len(words) <= 3:
            return "-USAGE: <uuid> <var> [value]\n"
        call = self._call(words)
        if call is None:
            return NO_SUCH_CHANNEL
        call.channel.set_variable(words[1], "".join(words[2:]))
        return "+OK\n"

    def _getvar(self, text: str) -> str:
        words = separate(text, " ", 4)
        if len(words) < 2:
            return "-USAGE: <uuid> <var>\n"
        call = self._call(words)
        if call is None:
            return NO_SUCH_CHANNEL
        return call.channel.variables.get(words[1], "_undef_")

    def _dump(self, text: str) -> str:
        words = separate(text, " ", 2)
        call = self._call(words)
        if call is None:
            return NO_SUCH_CHANNEL
        event = self._switch.events.make("CHANNEL_DATA", call.channel.headers())
        form = words[1] if len(words) > 1 else "txt"
        if form == "json":
            return wire.json_event(event).decode("utf-8", "surrogateescape")
        if form == "plain":
            return wire.plain_event(event).decode("utf-8", "surrogateescape")
        return "".join(f"{name}: {value}\n" for name, value in event.headers.items()) + "\n"

    def _break(self, text: str) -> str:
        uuid, _, flag = text.partition(" ")
        call = self._call([uuid])
        if call is None:
            return NO_SUCH_CHANNEL
        call.audio.player.stop(flush="all" in flag)
        return "+OK\n"

    def _bridge(self, text: str) -> str:
        words = separate(text, " ", 4)
        if len(words) < 2:
            return "-USAGE: <uuid> <other_uuid>\n"
        one, other = self._call(words), self._call(words[1:])
        if one is None or other is None:
            return "-ERR Invalid uuid\n"
        connect(one, other)
        return f"+OK {other.uuid}\n"

    def _deflect(self, text: str) -> str:
        words = separate(text, " ", 2)
        if len(words) < 2:
            return "-USAGE: <uuid> <uri>\n"
        call = self._call(words)
        if call is None:
            return FAILED
        number = words[1].removeprefix("sip:").partition("@")[0]
        return deflect(call, self._switch.scenario_for(number))

    def _displace(self, text: str) -> str:
        words = separate(text, " ", 5)
        if len(words) < 3 or words[1] not in ("start", "stop"):
            return "-USAGE: <uuid> [start|stop] <path> [<limit>] [mux]\n"
        call = self._call(words)
        if call is None:
            return "-ERR Cannot locate session!\n"
        displacing = call.audio.displacing
        if words[1] == "stop":
            done, what = displacing.stop(words[2]), "stop displace"
        else:
            done, what = displacing.start(words[2], "".join(words[4:5])), "displace"
        return "+OK Success\n" if done else f"-ERR Cannot {what} session!\n"

    def _fileman(self, text: str) -> str:
        words = separate(text, " ", 4)
        if len(words) < 2:
            return "-USAGE: <uuid> <cmd>:<val>\n"
        call = self._call(words)
        if call is None:
            return NO_SUCH_CHANNEL
        if not call.audio.player.is_playing:
            return "-ERR No file handle!\n"
        if words[1] == "pause":
            call.audio.player.toggle_pause()
        return "+OK\n"

    def _record(self, text: str) -> str:
        words = separate(text, " ", 5)
        if len(words) < 3:
            return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"
        call = self._call(words)
        if call is None:
            return "-ERR Cannot locate session!\n"
        verb, path = words[1], words[2]
        if verb == "start":
            variables, _ = split_variables("".join(words[4:5]))
            done = call.audio.recordings.start(path, "".join(words[3:4]), variables)
            return "+OK Success\n" if done else "-ERR Cannot record session!\n"
        if verb == "stop":
            done = call.audio.recordings.stop(path)
            return "+OK Success\n" if done else "-ERR Cannot stop record session!\n"
        done = call.audio.recordings.change(verb, path)
        return "+OK Success\n" if done else f"-ERR Cannot {verb} recording session!\n"

    def _send_dtmf(self, text: str) -> str:
        words = separate(text, " ", 2)
        if len(words) < 2:
            return "-USAGE: <uuid> <dtmf_data>\n"
        call = self._call(words)
        if call is None:
            return "-ERR Cannot locate session!\n"
        call.callee.hear_digits(_digits(words[1]))
        return f"+OK {words[0]} sent DTMF {words[1]}.\n"

    def _recv_dtmf(self, text: str) -> str:
        words = separate(text, " ", 2)
        call = self._call(words)
        if len(words) < 2:
            return "-USAGE: <uuid> <dtmf_data>\n"
        if call is None:
            return "-ERR Cannot locate session!\n"
        for digit in _digits(words[1]):
            call.press(digit)
        return f"+OK {words[0]} received DTMF {words[1]}.\n"

    def _sched_hangup(self, text: str) -> str:
        when, uuid, cause = (*separate(text, " ", 4), "", "", "")[:3]
        if not when:
            return "-USAGE: [+]<time> <uuid> [<cause>]\n"
        call = self._call([uuid])
        if call is None:
            return NO_SUCH_CHANNEL
        schedule_hangup(call, when, cause)
        return "+OK\n"

    def _sched_del(self, group: str) -> str:
        call = self._switch.calls.get(group)
        return f"+OK Deleted: {call.unschedule() if call else 0}\n"

    def _audio_stream(self, text: str) -> str:
        words = separate(text, " ", 6)
        if len(words) < 2 or (words[1] == "start" and len(words) < 4):
            return _AUDIO_STREAM_USAGE
        call = self._call(words)
        if call is None:
            return FAILED
        verb = words[1].lower()
        if verb == "start":
            return self._start_stream(call, words[2:])
        if verb == "send_text" and len(words) < 3:
            return ""
        stream = call.audio.stream
        if stream is None or verb not in ("stop", "pause", "resume", "send_text"):
            return FAILED
        if verb == "stop":
            call.audio.stream = None
            stream.stop(" ".join(words[2:3]))
        elif verb == "send_text":
            stream.send_text(words[2])
        else:
            stream.pause(verb == "pause")
        return "+OK Success\n"

    def _start_stream(self, call: Call, words: list[str]) -> str:
        if words[1] not in ("mono", "mixed", "stereo"):
            return ""
        settings = StreamSettings.read(
            call.uuid, words, call.channel.variables, self._switch.options.temporary
        )
        if settings is None or call.audio.stream is not None:
            return FAILED
        if call.channel.direction == "outbound" and not call.channel.has_media:
            self._switch.crash("uuid_audio_stream start on a ringing channel without media")
            return ""
        if not call.channel.has_media:
            call.early_media()  # an inbound leg is pre-answered
        call.audio.stream = AudioStream(
            settings,
            fire=lambda name, body: self._switch.fire(
                "CUSTOM", call.channel, {"Event-Subclass": f"mod_audio_stream::{name}"}, body
            ),
            detach=lambda: setattr(call.audio, "stream", None),
            habits=self._switch.stream_habits(),
        )
        return "+OK Success\n"

    def _show(self, text: str) -> str:
        words = separate(text, " ")
        if words[:1] == ["registrations"]:
            return self._switch.users.registrations(self._switch.events.hostname)
        if words[:1] not in (["channels"], ["calls"]):
            return "-USAGE: channels [count|as json]\n"
        rows = [_row(call, self._switch.events.hostname) for call in self._switch.calls.values()]
        if "count" in words:
            return f"\n{len(rows)} total.\n"
        if "json" in words:
            if not rows:
                return '{"row_count": 0}\n'
            return json.dumps({"row_count": len(rows), "rows": rows}, separators=(",", ":"))
        return _table(rows)


def _digits(text: str) -> str:
    """The keys of a DTMF string: without pauses (`w`) and duration (`@200`)."""
    return "".join(key for key in text.partition("@")[0] if key in "0123456789*#ABCD")


_INITIAL = ("cid_name", "cid_num", "ip_addr", "dest", "dialplan", "context")


def _row(call: Call, hostname: str) -> dict[str, str]:
    channel = call.channel
    headers = channel.headers()
    media = {"codec": channel.codec.name, "rate": "8000", "bit_rate": "64000"}
    row = {
        "uuid": call.uuid,
        "direction": channel.direction,
        "created": headers["Caller-Channel-Created-Time"],
        "created_epoch": str(channel.times.created // 1_000_000),
        "name": channel.name,
        "state": headers["Channel-State"],
        "cid_name": channel.caller_name,
        "cid_num": channel.caller_number,
        "ip_addr": "127.0.0.1",
        "dest": channel.destination,
        "application": channel.application or ("park" if channel.parked else ""),
        "application_data": channel.application_data,
        "dialplan": "XML",
        "context": "default",
        **{f"read_{key}": value if channel.has_media else "" for key, value in media.items()},
        **{f"write_{key}": value if channel.has_media else "" for key, value in media.items()},
        "secure": "",
        "hostname": hostname,
        "presence_id": "",
        "presence_data": "",
        "accountcode": channel.variables.get("accountcode", ""),
        "callstate": headers["Channel-Call-State"],
        "callee_name": "",
        "callee_num": channel.destination,
        "callee_direction": "",
        "call_uuid": call.uuid,
        "sent_callee_name": "",
        "sent_callee_num": "",
    }
    return row | {f"initial_{name}": row[name] for name in _INITIAL}


def _table(rows: Iterable[dict[str, str]]) -> str:
    rows = list(rows)
    if not rows:
        return "\n0 total.\n"
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    return "\n".join(lines) + f"\n\n{len(rows)} total.\n"
