"""One AI conversation on one call: the greenlet that owns it, from ringing to the last word.

Everything that happens is a fact in a mailbox: the provider's events, playback's reports, keys,
commands, the end. The greenlet takes them one by one and never blocks; only opening the session
and running a tool happen in greenlets of their own, which report back as facts. However the
conversation ends, the observer is told once and nothing stays behind.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable

import gevent
from structlog.contextvars import bind_contextvars

from topcalls import call_trace
from topcalls.bridge.alarm import Alarm
from topcalls.bridge.answer_advice import Advisers
from topcalls.bridge.audio import CallAudio
from topcalls.bridge.config import ConversationConfig
from topcalls.bridge.hold import Reason
from topcalls.bridge.link import ProviderLink
from topcalls.bridge.mailbox import Mailbox, Priority
from topcalls.bridge.parts import BridgeObserver, Parts
from topcalls.bridge.realtime import Conversation
from topcalls.bridge.resumption import Past
from topcalls.bridge.timers import Timers
from topcalls.clock import Clock
from topcalls.core.knowledge_use import LookUp
from topcalls.core.live_words import Words
from topcalls.core.tools import ToolRunner
from topcalls.core.turns import TurnTaking
from topcalls.log import get_logger
from topcalls.providers.base import RealtimeModel

MOST_FAULTS = 20

log = get_logger(__name__)


class BridgeSession:
    """The conversation of one call. No method blocks, except `join`; all may be called any time.

    `needs_stereo`: both sides of the line should be given to `attach`.
    `past`: the call was answered before, and this is what was said; the conversation goes on.
    `run_tool` carries out the tools that do not act on the conversation itself, each call in a
    greenlet of its own; `look_up` likewise finds what is in the call's knowledge. `advisers` are
    asked about what answered.
    """

    def __init__(
        self,
        call_id: str,
        config: ConversationConfig,
        model: RealtimeModel,
        observer: BridgeObserver,
        clock: Clock,
        *,
        past: Past | None = None,
        run_tool: ToolRunner | None = None,
        look_up: LookUp | None = None,
        advisers: Advisers | None = None,
    ) -> None:
        self.needs_stereo = config.hearing.echo.needs_stereo
        self._mailbox = Mailbox()
        self._timers = Timers(clock)
        self._alarm = Alarm(self._timers.until_next, self._mailbox.wake)
        self._observer = observer
        self._outcome: tuple[str, str] | None = None
        self._faults = 0
        self._call_id = call_id
        parts = Parts(
            config,
            clock,
            self._mailbox,
            self._timers,
            ProviderLink(model, config.session, self._mailbox),
            observer,
            self._end,
            TurnTaking(config.rules),
            advisers=advisers or Advisers(),
        )
        self._conversation = Conversation(parts, run_tool, past, look_up)
        self._greenlet = gevent.Greenlet(self._run)

    def start(self) -> None:
        """Open the provider's session and prepare the first words, while the phone rings."""
        self._mailbox.put(self._conversation.begin)
        self._greenlet.start()

    @property
    def has_words(self) -> bool:
        """Something of the agent's is ready to be heard, or being heard."""
        return self._conversation.has_words

    def attach(self, audio: CallAudio) -> None:
        """The call is answered and its audio flows; again after its stream was torn."""
        self._mailbox.put(self._conversation.attach, audio)

    def dtmf(self, digit: str) -> None:
        """The caller pressed a key (0-9, *, #, A-D)."""
        self._mailbox.put(self._conversation.dtmf, digit)

    def press(self, dial_string: str) -> None:
        """Press keys on our side of the call (see `core.keys.dial_string`)."""
        self._mailbox.put(self._conversation.press_for_user, dial_string)

    def transfer(self, destination: str) -> None:
        """Stop talking and ask the observer to connect the caller with this destination."""
        self._mailbox.put(self._conversation.transfer, destination)

    def not_transferred(self, reason: str) -> None:
        """The caller is back: `reason` tells the agent why."""
        self._mailbox.put(self._conversation.not_transferred, reason)

    def hold(self, reason: Reason) -> None:
        """Listen, and say nothing, until `resume`."""
        self._mailbox.put(self._conversation.hold, reason)

    def resume(self, reason: Reason) -> None:
        """This reason to be silent is gone."""
        self._mailbox.put(self._conversation.resume, reason)

    def recording_masked(self, paused: bool, done: bool = True) -> None:
        """The recording is paused, or goes on. Not `done`: the switch did not do it."""
        self._mailbox.put(self._conversation.recording_masked, paused, done)

    def say(self, words: Words) -> None:
        """Have the agent say these words; the observer's `said` tells what became of them."""
        self._mailbox.put(self._conversation.dictation.say, words)

    def inject(self, text: str, *, respond: bool = False) -> None:
        """Tell the model something the caller does not hear."""
        self._mailbox.put(self._conversation.dictation.note, text, respond)

    def tool_result(self, use_id: str, name: str, output: str) -> None:
        """The result of a tool whose server had taken the call to bring it later."""
        self._mailbox.put(self._conversation.tool_result, use_id, name, output)

    def stop(self, reason: str) -> None:
        """End the conversation: the call is over, or shall be."""
        self._mailbox.put(self._conversation.stop, reason, priority=Priority.LAST)
        self._greenlet.start()  # in case it was never started: `finished` is told all the same

    @property
    def is_quiet(self) -> bool:
        """Nobody speaks, and nobody is about to."""
        return self._conversation.is_quiet

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; whether it has come."""
        self._greenlet.join(timeout)
        return bool(self._greenlet.dead)

    def wake(self) -> None:
        """Look at the clock again: it was moved by hand."""
        self._mailbox.wake()

    def _run(self) -> None:
        bind_contextvars(call_id=self._call_id)
        call_trace.current.set(call_trace.of(self._call_id))
        try:
            while self._outcome is None:
                self._alarm.arm()
                fact = self._mailbox.get(None)
                if fact is not None:
                    handler, args = fact
                    self._guarded(handler, *args)
                if self._mailbox.is_empty:  # what has come is not late, however late we look
                    for action in self._timers.take_due():
                        self._guarded(action)
                if self._outcome is None:
                    self._guarded(self._conversation.settle)
        finally:
            self._alarm.cancel()
            self._mailbox.close()
            self._timers.clear()
            self._guarded(self._conversation.close)
            self._observer.finished(*(self._outcome or ("killed", "")))

    def _end(self, reason: str, detail: str) -> None:
        if self._outcome is None:
            self._outcome = (reason, detail)

    def _guarded(self, action: Callable[..., None], *args: object) -> None:
        """One bad fact never ends the call; a conversation that is broken does not go on."""
        try:
            action(*args)
        except Exception as error:  # noqa: BLE001
            self._faults += 1
            where = traceback.format_tb(error.__traceback__)[-1].strip()
            log.error("Bridge fault", error=type(error).__name__, where=where)
            if self._faults >= MOST_FAULTS:
                self._end("internal_error", type(error).__name__)
