"""The controller's handle on one FreeSWITCH: two connections that look after themselves.

One connection carries events, the other commands only, because the switch handles each connection
in one thread: a slow command on a shared one would hold up events, and a burst of events the
command that stops a voice in mid-word. After every (re)connect the subscription and its filters are
set again, and `on_up` tells the controller to compare its calls with the switch's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from topcalls import metrics
from topcalls.clock import Clock, SystemClock
from topcalls.errors import SwitchError
from topcalls.esl import commands, softphone_commands
from topcalls.esl.connection import COMMAND_TIMEOUT, EventSocketConnection, verb_of
from topcalls.esl.dispatcher import QUEUE_LIMIT, EventDispatcher
from topcalls.esl.errors import CommandNotSent, CommandRefused, ConnectionLost
from topcalls.esl.jobs import Job, JobTable
from topcalls.esl.link import Link, Watchdog
from topcalls.esl.parser import ESLEvent
from topcalls.esl.switch_state import SwitchState
from topcalls.esl.wire import Outcome, Reply
from topcalls.ids import new_id
from topcalls.log import get_logger

EVENT_NAMES = (
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_ANSWER",
    "CHANNEL_PARK",
    "CHANNEL_HANGUP_COMPLETE",
    "BACKGROUND_JOB",
    "PLAYBACK_START",
    "PLAYBACK_STOP",
    "DTMF",
    "HEARTBEAT",
    "RECORD_STOP",
    "CHANNEL_HOLD",
    "CHANNEL_UNHOLD",
)
GATEWAY_STATE = "sofia::gateway_state"
EVENT_SUBCLASSES = (
    "mod_audio_stream::connect",
    "mod_audio_stream::disconnect",
    "mod_audio_stream::error",
    GATEWAY_STATE,
)
STREAM_PLAYBACK_SUBCLASS = "mod_audio_stream::play"
"""6 kB per chunk of speech; only wanted where speech goes to the switch over the WebSocket."""

UNCLAIMED = "unclaimed"
_EVENTS_WITHOUT_OWNER = ("BACKGROUND_JOB", "HEARTBEAT", "DTMF")
"""The switch puts no channel variables into these, so a filter on the owner would drop them."""


def _ignore(_: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class SwitchMetrics:
    """A snapshot; numbers are totals since the client was made unless they say otherwise.

    `commands_failed` counts commands that were refused, not sent or not answered in time.
    """

    is_up: bool
    events: int
    event_lag_seconds: float
    worst_event_lag_seconds: float
    queue_depth: int
    dropped: int
    reconnects: int
    jobs_pending: int
    jobs_timed_out: int
    commands_waiting: int
    commands_failed: int
    late_replies: int
    undecodable: int
    malformed: int
    handler_errors: int
    slow_handlers: int


class SwitchClient:
    """Events from, and commands to, one switch.

    `on_event` gets every event in order and must return at once, as must the callbacks of jobs.
    `on_up()` is called when both connections are made and subscribed, `on_down(reason)` once per
    outage after that; the two never overlap and may block. `on_overflow(lost)` says that events
    were dropped because `on_event` did not keep up: compare with the switch as after `on_up`.
    `on_command` is told each command about a call, and must return at once.
    `stream_playback`: also tell of the files that mod_audio_stream wrote.
    `queue_limit` is a number of events; `backoff` gives seconds after so many failures in a row.
    """

    def __init__(
        self,
        host: str,
        port: int,
        password: str,
        *,
        owner: str,
        node: str,
        on_event: Callable[[ESLEvent], None],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
        on_overflow: Callable[[int], None] | None = None,
        on_command: Callable[[str], None] | None = None,
        stream_playback: bool = False,
        command_timeout: float = COMMAND_TIMEOUT,
        clock: Clock | None = None,
        watchdog: Watchdog | None = None,
        queue_limit: int = QUEUE_LIMIT,
        backoff: Callable[[int], float] | None = None,
    ) -> None:
        self._owner = commands.token("owner", owner)
        extra = (STREAM_PLAYBACK_SUBCLASS,) if stream_playback else ()
        self._subclasses = (*EVENT_SUBCLASSES, *extra)
        self._command_timeout = command_timeout
        self._on_command = on_command or _ignore
        self._log = get_logger("esl").bind(node=node)
        self._commands_failed = 0
        self._state = SwitchState(on_up, on_down)
        clock = clock or SystemClock()
        self._dispatcher = EventDispatcher(
            on_event,
            clock,
            limit=queue_limit,
            on_overflow=on_overflow,
            observe_lag=metrics.esl_lag.observe,
        )
        self._jobs = JobTable(self._dispatcher.post)
        connect = partial(EventSocketConnection, host, port, password, clock=clock)
        make_link = partial(
            Link, clock=clock, on_change=self._link_changed, watchdog=watchdog, backoff=backoff
        )
        self._events = make_link("events", connect(), set_up=self._subscribe)
        self._commands = make_link("commands", connect())
        self._events.connection.register_handle("*", self._take_event)

    # -- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._dispatcher.start()
        self._state.start()
        self._events.start()
        self._commands.start()

    def stop(self) -> None:
        """Close both connections; jobs under way fail. `on_down` is not called."""
        self._state.close()
        self._commands.stop()
        self._events.stop()
        self._jobs.fail_all(lambda: ConnectionLost("The switch client was stopped."))
        self._dispatcher.stop()

    def wait_up(self, timeout: float | None = None) -> bool:
        """Wait until the switch can be used; False when it could not within `timeout` seconds."""
        return self._state.wait_up(timeout)

    @property
    def is_up(self) -> bool:
        """Both connections are made, and events are subscribed."""
        return self._state.is_up

    @property
    def last_error(self) -> str:
        """Why the switch cannot be used, for people; empty while it can."""
        return self._commands.last_error or self._events.last_error

    # -- commands -----------------------------------------------------------------------------

    def api(self, command: str, timeout: float | None = None) -> str:
        """Run a command in the switch's connection thread and return what it printed.

        For commands that are quick on the switch: the next command waits for this one. Raises
        `CommandRefused`, `CommandNotSent`, `CommandTimeout` or `ConnectionLost`.
        """
        line = "api " + commands.line(command)
        self._on_command(line)
        limit = self._command_timeout if timeout is None else timeout
        try:
            reply = self._commands.connection.send_ok(line, timeout=limit)
        except SwitchError:
            self._commands_failed += 1
            raise
        return reply.data.rstrip("\r\n")

    def bgapi(self, command: str, timeout: float) -> Job:
        """Run a command in a thread of its own on the switch; returns at once.

        The job is over by its result, after `timeout` seconds, or when the connection that would
        bring the result breaks. Raises `CommandNotSent` when nothing was sent.
        """
        line = "bgapi " + commands.line(command)
        if not self._events.is_ready:
            raise CommandNotSent("The event connection that would bring the result is down.")
        self._on_command(line)
        job = Job(new_id(), verb_of(line), timeout)
        self._jobs.open(job)
        try:
            self._commands.connection.submit(
                f"{line}\nJob-UUID: {job.uuid}",
                timeout=self._command_timeout,
                on_outcome=partial(self._job_accepted, job),
                job_uuid=job.uuid,
            )
        except SwitchError as error:
            self._jobs.fail(job.uuid, error)
            raise
        return job

    def post(self, command: str) -> None:
        """Send an `api` command and do not wait; never yields.

        Commands and applications are carried out in the order given. A refusal, or a connection
        that is down, is counted and logged.
        """
        self._send_and_forget("api " + commands.line(command))

    def eavesdrop(self, uuid: str, mix: str) -> None:
        """Change who hears a channel that runs `eavesdrop`, like `post`."""
        self._send_and_forget(softphone_commands.eavesdrop(uuid, mix))

    def execute(self, uuid: str, app: str, arg: str = "", *, event_lock: bool = True) -> None:
        """Run a dialplan application on a channel, like `post`.

        Applications sent with `event_lock` run one after another.
        """
        self._send_and_forget(commands.sendmsg_execute(uuid, app, arg, event_lock=event_lock))

    @property
    def events_waiting(self) -> int:
        """Events of the switch that nobody has taken yet."""
        return self._dispatcher.depth

    @property
    def metrics(self) -> SwitchMetrics:
        """What happened so far."""
        both = (self._events.connection, self._commands.connection)
        return SwitchMetrics(
            is_up=self.is_up,
            events=sum(connection.counters.events for connection in both),
            event_lag_seconds=self._dispatcher.lag_seconds,
            worst_event_lag_seconds=self._dispatcher.worst_lag_seconds,
            queue_depth=self._dispatcher.depth,
            dropped=self._dispatcher.dropped,
            reconnects=sum(max(0, link.connects - 1) for link in (self._events, self._commands)),
            jobs_pending=len(self._jobs),
            jobs_timed_out=self._jobs.timed_out,
            commands_waiting=sum(connection.waiting for connection in both),
            commands_failed=self._commands_failed,
            late_replies=sum(connection.counters.late_replies for connection in both),
            undecodable=sum(connection.counters.text.replaced for connection in both),
            malformed=sum(connection.counters.malformed for connection in both),
            handler_errors=self._dispatcher.handler_errors,
            slow_handlers=self._dispatcher.slow_handlers,
        )

    # -- inside -------------------------------------------------------------------------------

    def _subscribe(self, connection: EventSocketConnection) -> None:
        """Filters first: they are ORed, and nothing foreign may slip through in between."""
        send = partial(connection.send_ok, timeout=self._command_timeout)
        for owner in (self._owner, UNCLAIMED):
            send(commands.event_filter("variable_tc_owner", owner))
        for name in _EVENTS_WITHOUT_OWNER:
            send(commands.event_filter("Event-Name", name))
        send(commands.event_filter("Event-Subclass", GATEWAY_STATE))
        send(commands.event_subscription(EVENT_NAMES, self._subclasses))

    def _take_event(self, event: ESLEvent) -> None:
        if event.name == "BACKGROUND_JOB":
            # Results of other controllers' jobs come too; they are nobody's here.
            self._jobs.result(event)
        else:
            self._dispatcher.offer(event)

    def _job_accepted(self, job: Job, outcome: Outcome) -> None:
        error = outcome if isinstance(outcome, SwitchError) else None
        if isinstance(outcome, Reply) and outcome.refusal is not None:
            error = CommandRefused("The switch refused a command.", reply=outcome.refusal)
        if error is not None:
            self._commands_failed += 1
            self._jobs.fail(job.uuid, error)

    def _send_and_forget(self, text: str) -> None:
        self._on_command(text)
        answered = partial(self._answered, verb_of(text))
        try:
            self._commands.connection.submit(
                text, timeout=self._command_timeout, on_outcome=answered
            )
        except SwitchError as error:
            answered(error)

    def _answered(self, verb: str, outcome: Outcome) -> None:
        error = outcome.refusal if isinstance(outcome, Reply) else str(outcome)
        if error is not None:
            self._commands_failed += 1
            self._log.warning("A command had no effect.", command=verb, error=error)

    def _link_changed(self, link: Link) -> None:
        if link is self._events and not link.is_ready:
            self._jobs.fail_all(
                lambda: ConnectionLost("The event connection broke; the result is unknown.")
            )
        if link.is_ready:
            other = self._commands if link is self._events else self._events
            other.retry_now()
        self._state.change(self._events.is_ready and self._commands.is_ready, link.last_error)
