"""The switch: its calls, the events it raises, its own heartbeat. No socket in here."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import gevent

from topcalls.clock import Clock, SystemClock
from topcalls.errors import TopCallsError
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.sandbox.freeswitch.arguments import (
    Originate,
    OriginateSyntax,
    parse_originate,
    patience,
)
from topcalls.sandbox.freeswitch.audio_stream import StreamHabits
from topcalls.sandbox.freeswitch.call import Call
from topcalls.sandbox.freeswitch.cdr import write_cdr
from topcalls.sandbox.freeswitch.channel import Channel, Times
from topcalls.sandbox.freeswitch.directory import Directory
from topcalls.sandbox.freeswitch.events import EventFactory, heartbeat
from topcalls.sandbox.freeswitch.gateways import Gateways
from topcalls.sandbox.freeswitch.invite import INBOUND, Invite
from topcalls.sandbox.freeswitch.media import MediaClock
from topcalls.sandbox.freeswitch.playback import Execution
from topcalls.sandbox.freeswitch.sip import outbound_variables, parked_variables
from topcalls.sandbox.freeswitch.wire import Event
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.scenario import Scenario
from topcalls.sandbox.scenario_steps import Answer
from topcalls.sandbox.speech import Synthesizer

GATEWAY = "sandbox"
HEARTBEAT_SECONDS = 20.0
ORIGINATE_USAGE = (
    "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>]"
    " [<cid_name>] [<cid_num>] [<timeout_sec>]\n"
)
_CALLS_REMEMBERED = 50
_LATE_METADATA_SECONDS = 0.06
_WITHOUT_VARIABLES = frozenset({"DTMF"})
_NULL = Scenario("null endpoint", "", "Answers at once and says nothing.", (Answer(),))

log = get_logger("sandbox.switch")


@dataclass
class Hooks:
    """What the switch tells the rest of the sandbox. None may block."""

    event: Callable[[Event], None] = lambda event: None
    utterance: Callable[[str, Scenario, str, bytes], None] = lambda *_: None
    answered: Callable[[Call], None] = lambda call: None
    dialled: Callable[[Call], None] = lambda call: None
    crashed: Callable[[str], None] = lambda reason: None


@dataclass
class SwitchOptions:
    """Where and how often. `gateways_down`: those of `gateways` whose pings are not answered.
    `journal`: a file that gets a line of JSON for each originate, answer and end of a channel.
    `cdr_dir`: where mod_json_cdr writes a record of each ended channel; None: it is not loaded.
    `node` is on every call that comes in, which is refused when nobody claims it for so long."""

    temporary: Path = Path("/tmp")
    gateways: frozenset[str] = frozenset({GATEWAY})
    gateways_down: frozenset[str] = frozenset()
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    journal: Path | None = None
    cdr_dir: Path | None = None
    node: str = "node-1"
    unclaimed_seconds: float = 20.0
    modules: frozenset[str] = frozenset(
        {
            "mod_audio_stream",
            "mod_commands",
            "mod_dialplan_xml",
            "mod_dptools",
            "mod_event_socket",
            "mod_native_file",
            "mod_sndfile",
            "mod_sofia",
        }
    )


class Switch:
    """Channels and their behaviour. `Api` gives it commands, `Hooks` take what it raises."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        plan: NumberPlan,
        hooks: Hooks,
        options: SwitchOptions | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.options = options or SwitchOptions()
        self.calls: dict[str, Call] = {}
        self.past_calls: deque[Call] = deque(maxlen=_CALLS_REMEMBERED)
        self.clock = clock or SystemClock()
        self.media = MediaClock(self.clock)
        self.events = EventFactory(self.clock)
        self.gateways = Gateways(
            lambda: self.options.gateways, lambda: self.options.gateways_down, self.raise_event
        )
        self.users = Directory()
        self._started_at = self.clock.monotonic()
        self._sessions = 0
        self._peak = 0
        self._plan = plan
        self._hooks = hooks
        self._synthesizer = synthesizer
        self._speech: dict[str, bytes] = {}
        self._streams = 0
        self._heart: gevent.Greenlet | None = None

    # --- process

    def start(self) -> None:
        """Read the gateways and users, begin the heartbeat."""
        self.gateways.restart()
        self.users.reload()
        self._heart = gevent.spawn(self._beat)

    def read_files(self, directory: Path) -> None:
        """Where the files are that controllers write for the switch; before it is started."""
        self.gateways.directory = directory / "gateways"
        self.users.directory = directory / "users"

    def stop(self) -> None:
        """End everything quietly."""
        if self._heart is not None:
            self._heart.kill()
        self.media.stop()
        for call in tuple(self.calls.values()):
            call.vanish()
        self.calls.clear()

    def crash(self, reason: str) -> None:
        """The process dies: every call is gone without a word. Commands find nobody."""
        log.error("The switch has crashed.", reason=reason)
        self.stop()
        self._hooks.crashed(reason)

    # --- calls

    def originate(self, text: str) -> str:
        """`originate`: blocks until the leg is answered, refused or timed out; the reply."""
        try:
            request = parse_originate(text)
        except OriginateSyntax:
            return ORIGINATE_USAGE
        self._note("originate", request.variables)
        gateway = self.gateways.find(request.gateway)
        if request.gateway and gateway is None:
            return "-ERR INVALID_GATEWAY\n"
        if gateway is not None and not gateway.is_up:
            return "-ERR GATEWAY_DOWN\n"
        scenario = self._who_answers(request)
        if scenario is None:
            return "-ERR USER_NOT_REGISTERED\n"
        uuid = request.variables.get("origination_uuid") or new_id()
        if uuid in self.calls:
            return "-ERR DESTINATION_OUT_OF_ORDER\n"
        variables = outbound_variables(uuid, request.gateway, request.number, self._sessions + 1)
        channel = self._channel(
            "outbound",
            uuid,
            request.variables.get("origination_caller_id_number", "0000000000"),
            request.variables.get("origination_caller_id_name", ""),
            request.number,
        )
        channel.variables |= variables | request.variables
        call = self._add(Call(self, channel, scenario))
        call.dial(gateway.refusal if gateway is not None else None)
        if not channel.settled.wait(patience(request.timeout, self.clock.now())):
            call.hang_up("NO_ANSWER", "send_cancel")
        if not channel.is_up:
            channel.over.wait()
            return f"-ERR {channel.cause}\n"
        if request.application == "park":
            call.park()
        return f"+OK {uuid}\n"

    def _who_answers(self, request: Originate) -> Scenario | None:
        if request.user:
            return self.users.rings(request.user)
        return self._plan.scenario_for(request.number) if request.gateway else _NULL

    def call_in(self, invite: Invite, scenario: Scenario | None = None) -> Call:
        """Somebody calls us: an inbound leg, parked unanswered with tc_owner=unclaimed, or refused
        by the dialplan (404). `scenario` is the caller's; by default the one of their number.

        Raises `LoginRefused` for a wrong password: the switch makes no leg then (403).
        """
        user = self.users.proved(invite.user, invite.password) if invite.user else None
        uuid = new_id()
        channel = self._channel("inbound", uuid, invite.shown_number, invite.shown_name, invite.to)
        channel.variables |= invite.variables(uuid, self._sessions + 1)
        channel.variables |= user.on_its_calls if user is not None else {}
        context = (user.context if user is not None else "") or INBOUND
        parked_in = invite.parked_in(context)
        channel.context = parked_in or context
        channel.codec, channel.has_common_codec = invite.codec_of_ours, invite.has_codec_of_ours
        channel.is_hidden = invite.is_hidden
        call = self._add(Call(self, channel, scenario or self._plan.scenario_for(invite.caller)))
        if parked_in is not None:
            parked = parked_variables(self.options.node)
            call.offer(invite.patience, parked, self.options.unclaimed_seconds)
        else:
            call.hang_up("UNALLOCATED_NUMBER")
        return call

    def call(self, uuid: str) -> Call | None:
        """A call by its uuid, also a past one."""
        past = (call for call in reversed(self.past_calls) if call.uuid == uuid)
        return self.calls.get(uuid) or next(past, None)

    def scenario_for(self, number: str) -> Scenario:
        """Who answers on a number."""
        return self._plan.scenario_for(number)

    def send_message(self, uuid: str, headers: dict[str, str]) -> bool:
        """`sendmsg`; False when there is no such channel."""
        call = self.calls.get(uuid)
        if call is None:
            return False
        command = headers.get("call-command", "")
        if command == "hangup":
            call.hang_up(headers.get("hangup-cause", "NORMAL_CLEARING").upper())
        elif command == "execute" and headers.get("execute-app-name"):
            call.audio.player.queue(
                Execution(
                    application=headers["execute-app-name"],
                    argument=headers.get("execute-app-arg", ""),
                    event_lock=headers.get("event-lock", "").lower() in ("true", "yes", "1"),
                    event_uuid=headers.get("event-uuid") or new_id(),
                )
            )
        return True

    def send_event(self, uuid: str, headers: Mapping[str, str]) -> None:
        """`sendevent` to a channel: who eavesdrops there is told what to do."""
        call = self.calls.get(uuid)
        if call is not None and call.audio.spying is not None:
            for key in headers.get("eavesdrop-command", ""):
                call.audio.spying.command(key)

    def stream_habits(self) -> StreamHabits:
        """What is up to chance on the real switch takes turns here, so that clients meet it."""
        self._streams += 1
        return StreamHabits(
            metadata_delay=0.0 if self._streams % 2 else _LATE_METADATA_SECONDS,
            offers_compression=self._streams % 3 == 0,
        )

    def _channel(
        self, direction: str, uuid: str, caller: str, caller_name: str, number: str
    ) -> Channel:
        return Channel(
            uuid=uuid,
            direction=direction,
            caller_number=caller,
            caller_name=caller_name,
            destination=number,
            times=Times(created=self.microseconds()),
        )

    def _add(self, call: Call) -> Call:
        self.calls[call.uuid] = call
        self._sessions += 1
        self._peak = max(self._peak, len(self.calls))
        gevent.spawn(self._render, call.scenario)
        self._hooks.dialled(call)
        return call

    def _render(self, scenario: Scenario) -> None:
        for text in scenario.spoken_texts():
            if text in self._speech:
                continue
            try:
                self._speech[text] = self._synthesizer.speak(text, "callee")
            except TopCallsError as error:  # the call goes on, the person is mute
                log.error("The called person cannot speak.", error=str(error))
                self._speech[text] = b""

    # --- Host of the calls

    def fire(
        self, name: str, channel: Channel, more: dict[str, str] | None = None, body: str = ""
    ) -> None:
        """See `call.Host`."""
        verbose = name not in _WITHOUT_VARIABLES
        self.raise_event(name, {**channel.headers(verbose), **(more or {})}, body)

    def microseconds(self) -> int:
        """See `call.Host`."""
        return int(self.clock.now().timestamp() * 1_000_000)

    def begin_media(self, call: Call) -> None:
        """See `call.Host`."""
        self.media.add(call.audio)

    def call_answered(self, call: Call) -> None:
        """See `call.Host`."""
        self._note("answered", call.channel.variables)
        self._hooks.answered(call)

    def report(self, call: Call) -> None:
        """See `call.Host`."""
        if self.options.cdr_dir is not None:
            core = self.events.core_uuid
            write_cdr(self.options.cdr_dir, core, self.events.hostname, call.channel)

    def call_over(self, call: Call) -> None:
        """See `call.Host`."""
        self._note("over", call.channel.variables)
        self.media.remove(call.audio)
        self.calls.pop(call.uuid, None)
        self.past_calls.append(call)

    def find(self, uuid: str) -> Call | None:
        """See `call.Host`."""
        return self.calls.get(uuid)

    def rendered(self, text: str) -> bytes | None:
        """See `call.Host`."""
        return self._speech.get(text)

    def utterance(self, call: Call, text: str, audio: bytes) -> None:
        """See `call.Host`."""
        self._hooks.utterance(call.uuid, call.scenario, text, audio)

    # --- events

    def raise_event(self, name: str, headers: dict[str, str], body: str = "") -> None:
        """An event of any kind, with the headers that every event has."""
        self._hooks.event(self.events.make(name, headers, body))

    def _note(self, what: str, variables: Mapping[str, str]) -> None:
        """One line of the journal."""
        if self.options.journal is None:
            return
        call_id = variables.get("tc_call_id", "")
        line = {"at": self.clock.now().isoformat(), "what": what, "call_id": call_id}
        with self.options.journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(line) + "\n")

    @property
    def counts(self) -> tuple[float, int, int, int]:
        """Uptime in seconds; calls now, since startup, and at most at once."""
        uptime = self.clock.monotonic() - self._started_at
        return uptime, len(self.calls), self._sessions, self._peak

    def _beat(self) -> None:
        while True:
            gevent.sleep(self.options.heartbeat_seconds)
            self.raise_event("HEARTBEAT", heartbeat(*self.counts))
