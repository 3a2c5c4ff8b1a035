"""Is the switch the one we need: reachable, ours to command, with modules, gateway and room?

One connection of its own, commands that change nothing, each with a time limit. A switch that
stops answering ends the look; what was found until then is kept.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import gevent

from topcalls.clock import Clock
from topcalls.controller.assembly import SwitchAddress
from topcalls.core.checkup import Finding, crashed, fault, judge_clock, ok, refused, warning
from topcalls.errors import ConfigError, SwitchError, TopCallsError
from topcalls.esl import commands, switch_status
from topcalls.esl.connection import EventSocketConnection
from topcalls.esl.errors import CommandRefused, LoginRefused
from topcalls.ids import new_id
from topcalls.media import utterance_file

LOGIN_SECONDS = 3.0
COMMAND_SECONDS = 2.0
DEFAULT_PASSWORD = "ClueCon"  # noqa: S105 - everybody knows it: that is the trouble
OLDEST_VERSION = (1, 10, 7)
TRIED_VERSION = "1.10.12"

NEEDED = {
    "mod_commands": "the API commands calls are driven with",
    "mod_dptools": "the applications park, playback and sched_hangup",
    "mod_dialplan_xml": "where inbound calls are parked",
    "mod_sofia": "SIP",
    "mod_sndfile": "recordings as WAV files",
    "mod_audio_stream": "the caller's audio; see the module's page for how to build it",
}
"""Module to what it is needed for. `mod_native_file` comes on top where speech goes by files."""

NATIVE_FILE = {"mod_native_file": "speech to the caller from growing files"}
_RATE = re.compile(r"session\(s\) per Sec out of max (\d+)")
_FIELD = re.compile(r"^(State|Status|PingState)\s*\t(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class SwitchCheckup:
    """What to look at. The switch must see both directories at the same path; `playback_dir` is
    None where speech is streamed instead."""

    switch: SwitchAddress
    max_calls: int
    calls_per_second: float
    recordings_dir: Path
    playback_dir: Path | None
    clock: Clock

    def findings(self) -> Iterator[Finding]:
        """Everything the switch tells."""
        address = self.switch
        connection = EventSocketConnection(
            address.host,
            address.port,
            address.password,
            LOGIN_SECONDS,
            command_timeout=COMMAND_SECONDS,
            clock=self.clock,
        )
        try:
            connection.connect()
        except SwitchError as error:
            yield self._unreachable(error)
            return
        try:
            yield from self._answers(connection)
        finally:
            connection.abort("the look is over")

    def _unreachable(self, error: SwitchError) -> Finding:
        where = f"{self.switch.host}:{self.switch.port}"
        if isinstance(error, LoginRefused):
            remedy = error.remedy or "Set TOPCALLS_ESL_PASSWORD as in event_socket.conf.xml."
            return fault("switch", f"{where}: {error.message}", remedy)
        return fault(
            "switch",
            f"{where}: {error.message}",
            "Is FreeSWITCH running, with mod_event_socket listening there (listen-ip, "
            "listen-port), and does no firewall stand between?",
        )

    def _answers(self, connection: EventSocketConnection) -> Iterator[Finding]:
        for check, question in self._questions():
            try:
                yield from question(_Line(connection))
            except CommandRefused as error:
                yield fault(
                    check,
                    f"The switch refuses to tell: {error.reply}",
                    "Let the Event Socket use this command (interface-allowlist, modules).",
                )
            except SwitchError as error:
                yield refused(check, error)
                return
            except TopCallsError as error:
                yield refused(check, error)
            except Exception as error:  # noqa: BLE001 - the other questions shall be asked
                yield crashed(check, error)

    def _questions(self) -> list[tuple[str, Callable[[_Line], Iterator[Finding]]]]:
        return [
            ("switch", self._status),
            ("switch_modules", self._modules),
            ("gateway", self._gateway),
            ("switch_clock", self._clock),
            ("recordings_shared", self._recordings),
            ("playback_shared", self._playback),
        ]

    def _status(self, line: _Line) -> Iterator[Finding]:
        begun = self.clock.monotonic()
        text = line.ask("status")
        milliseconds = (self.clock.monotonic() - begun) * 1000
        told = switch_status.parse(text)
        version = told.version or "unknown"
        found = f"FreeSWITCH {version}, answers in {milliseconds:.0f} ms."
        if not told.is_ready:
            yield fault(
                "switch",
                f"{found} It is not ready: it starts, stops or is paused.",
                "See its log; `fsctl resume` ends a pause.",
            )
        elif _numbers(version) < OLDEST_VERSION:
            yield warning("switch", found, f"Use FreeSWITCH {TRIED_VERSION}: it was tried.")
        else:
            yield ok("switch", found)
        yield self._password()
        yield from self._limits(text)

    def _password(self) -> Finding:
        if self.switch.password == DEFAULT_PASSWORD:
            return warning(
                "switch_password",
                f"The Event Socket's password is the default, {DEFAULT_PASSWORD}: whoever reaches "
                "the port commands the switch, and its machine.",
                "Set another in event_socket.conf.xml and TOPCALLS_ESL_PASSWORD.",
            )
        return ok("switch_password", "Accepted, and not the default one.")

    def _limits(self, status: str) -> Iterator[Finding]:
        told, rate = switch_status.parse(status), _RATE.search(status)
        if told.max_sessions is None or rate is None:
            yield warning("switch_limits", "`status` does not tell limits.", "Look by hand.")
            return
        room, most = told.max_sessions, int(rate.group(1))
        found = f"{told.sessions or 0} sessions of at most {room}, {most} new ones a second."
        short = []
        if room < self.max_calls:
            short.append(f"max-sessions above {self.max_calls}")
        if most < self.calls_per_second:
            short.append(f"sessions-per-second above {self.calls_per_second:g}")
        if short:
            yield warning(
                "switch_limits",
                f"{found} One controller alone may want {self.max_calls} calls, "
                f"{self.calls_per_second:g} a second.",
                f"Set {' and '.join(short)} in switch.conf.xml, or lower max_calls and "
                "calls_per_second.",
            )
        else:
            yield ok("switch_limits", found)

    def _modules(self, line: _Line) -> Iterator[Finding]:
        needed = {**NEEDED, **(NATIVE_FILE if self.playback_dir else {})}
        missing = [name for name in needed if line.ask(f"module_exists {name}") != "true"]
        if not missing:
            yield ok("switch_modules", f"{len(needed)} needed modules are loaded.")
        for name in missing:
            yield fault(
                "switch_modules",
                f"{name} is not loaded.",
                f"It is needed for {needed[name]}. Add it to modules.conf.xml and "
                f"`load {name}` in fs_cli.",
            )

    def _gateway(self, line: _Line) -> Iterator[Finding]:
        if not self.switch.gateway:
            yield ok("gateway", "None of the installation: calls leave by carriers of accounts.")
            return
        name = commands.token("gateway", self.switch.gateway)
        text = line.ask(f"sofia status gateway {name}")
        fields = {key: value.strip() for key, value in _FIELD.findall(text)}
        if "Status" not in fields:
            yield fault(
                "gateway",
                f"The switch knows no gateway {name}.",
                "Set TOPCALLS_GATEWAY to a name that `sofia status` lists; `sofia profile NAME "
                "rescan` reads a new gateway file.",
            )
            return
        state = fields.get("State", "unknown")
        found = f"{name}: {fields['Status']}, registration {state}."
        if not fields["Status"].startswith("UP"):
            yield fault(
                "gateway",
                found,
                "The trunk does not answer OPTIONS or REGISTER: check its address, account and "
                "the firewall. A trunk that never answers OPTIONS must not be pinged.",
            )
        elif state in ("REGED", "NOREG"):
            yield ok("gateway", found)
        else:
            yield warning("gateway", found, "It is not registered: check account and password.")

    def _clock(self, line: _Line) -> Iterator[Finding]:
        before = self.clock.now().timestamp()
        theirs = int(line.ask("strepoch"))
        # The switch tells whole seconds: it is at least this much, and at most one more.
        behind, ahead = theirs + 1 - before, theirs - self.clock.now().timestamp()
        difference = ahead if ahead > 0 else min(behind, 0.0)
        yield judge_clock(
            "switch_clock", difference, "The switch's clock", "Keep both machines' clocks by NTP."
        )

    def _recordings(self, line: _Line) -> Iterator[Finding]:
        if _is_seen(line, self.recordings_dir, _make):
            yield ok("recordings_shared", "The switch sees the directory of recordings.")
            return
        yield warning(
            "recordings_shared",
            f"The switch does not see what is written in {self.recordings_dir}, so calls will "
            "have no recording.",
            "Let both see one directory at the same path, TOPCALLS_RECORDING_SPOOL_DIR, in which "
            "the switch's user may write.",
        )

    def _playback(self, line: _Line) -> Iterator[Finding]:
        if self.playback_dir is None:
            yield ok("playback_shared", "Speech is streamed: no directory has to be shared.")
            return
        if _is_seen(line, self.playback_dir, utterance_file.prepare):
            yield ok("playback_shared", "The switch sees what is written in the directory.")
            return
        yield fault(
            "playback_shared",
            f"The switch does not see what is written in {self.playback_dir}: callers hear "
            "nothing.",
            "Mount one tmpfs at the same path for both, and let the switch's user enter it; or "
            "set TOPCALLS_PLAYBACK=stream.",
        )


class _Line:
    """Questions to the switch."""

    def __init__(self, connection: EventSocketConnection) -> None:
        self._connection = connection

    def ask(self, command: str) -> str:
        """The answer's text. Raises `CommandRefused`, or another `SwitchError` without answer."""
        return self._connection.send_ok(f"api {commands.line(command)}").data.strip()


def _is_seen(line: _Line, directory: Path, make: Callable[[Path], None]) -> bool:
    """Write a file there, ask the switch, and leave nothing behind. Raises `ConfigError`.

    Files are touched on a thread: a directory on the network may hang.
    """
    thread = gevent.get_hub().threadpool
    path = directory / f".topcalls-doctor-{new_id()}"
    made: list[Path] = []
    try:
        problem = thread.apply(_touch, (path, made, make))
        if problem is not None:
            raise problem
        return line.ask(f"file_exists {path}") == "true"
    finally:
        thread.apply(_remove, (path, made))


def _touch(path: Path, made: list[Path], make: Callable[[Path], None]) -> ConfigError | None:
    """Make the file, and before it the directories that are missing: those go into `made`.

    A thread hands over its errors as values.
    """
    places = (path.parent, *path.parent.parents)
    made.extend(place for place in places if not place.exists())
    try:
        make(path.parent)
        path.touch(0o644)
    except ConfigError as error:
        return error
    except OSError as error:
        return ConfigError(
            f"No file can be written in {path.parent}: {(error.strerror or '').lower()}.",
            remedy="Let the user that TopCalls runs as write there.",
        )
    return None


def _make(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)


def _remove(path: Path, made: list[Path]) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        for place in made:
            place.rmdir()


def _numbers(version: str) -> tuple[int, ...]:
    """`1.10.12-release` as numbers; an unknown version counts as new."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    return tuple(int(part) for part in found.groups()) if found else (999,)
