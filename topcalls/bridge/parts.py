"""What the rooms of one conversation share, and how they tell the rest of the gateway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from topcalls.bridge.answer_advice import Advisers
from topcalls.bridge.config import ConversationConfig
from topcalls.bridge.link import ProviderLink
from topcalls.bridge.mailbox import Mailbox
from topcalls.bridge.stopwatch import TurnStopwatch
from topcalls.bridge.timers import Timers
from topcalls.clock import Clock
from topcalls.core.answer_verdict import Verdict
from topcalls.core.knowledge_citations import Lookup
from topcalls.core.latency import TurnTiming
from topcalls.core.live_words import Outcome
from topcalls.core.opt_out import OptOut
from topcalls.core.redaction import Redaction
from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolRecord
from topcalls.core.transcript import Transcript, Turn
from topcalls.core.turns import TurnTaking


class BridgeObserver(Protocol):
    """Who follows a conversation. Every method returns at once."""

    def ready(self) -> None:
        """The model is there and configured; told once."""

    def turn(self, turn: Turn) -> None:
        """A turn was completed, or (the same `seq` again) corrected."""

    def turn_begun(self, turn: Turn) -> None:
        """A turn of the agent is audible: how it stands unless more is told of it. Without words:
        nothing of it was heard."""

    def turn_growing(self, turn: Turn) -> None:
        """What the caller has said so far; `turn` tells all of it, or `turn_begun` that it was
        nothing."""

    def timing(self, timing: TurnTiming) -> None:
        """Where the time of one answer went."""

    def usage(self, model: str, usage: TokenUsage) -> None:
        """What one response of the model took, or what was spent in vain."""

    def stage_replaced(self, stage: str) -> None:
        """A stage of the chain, or the speech-to-speech model, has failed; the next goes on."""

    def answered_by(self, verdict: Verdict) -> None:
        """What took the call; told again when better evidence says otherwise."""

    def send_keys(self, digits: str) -> None:
        """Press these keys (see `core.keys.dial_string`) on the call."""

    def mask_recording(self, paused: bool) -> None:
        """Record nothing, or everything again; `BridgeSession.recording_masked` tells how that
        went."""

    def key_heard(self, digit: str) -> None:
        """The other person pressed a key."""

    def opted_out(self, heard: OptOut) -> None:
        """The other person does not want to be called, at all or about this; told again when it
        has become clearer."""

    def transfer(self, destination: str, summary: str) -> None:
        """Connect the caller with this destination; `BridgeSession.not_transferred` tells if that
        fails."""

    def looked_up(self, lookup: Lookup) -> None:
        """Something was looked up in the call's knowledge, and the model was told of it."""

    def tool(self, record: ToolRecord) -> None:
        """The model called a tool; told again (the same `id`) when more is known."""

    def said(self, wish: str, outcome: Outcome) -> None:
        """What became of words that somebody outside wanted said; told once for each `id`."""

    def finished(self, reason: str, detail: str = "") -> None:
        """The conversation is over; told exactly once, as the last of all."""


@dataclass
class Parts:
    """One conversation's shared state, owned by its greenlet.

    `end(reason, detail)` ends it. `answered_at` is monotonic; None while it rings.
    """

    config: ConversationConfig
    clock: Clock
    mailbox: Mailbox
    timers: Timers
    link: ProviderLink
    observer: BridgeObserver
    end: Callable[[str, str], None]
    turns: TurnTaking
    transcript: Transcript = field(default_factory=Transcript)
    stopwatch: TurnStopwatch = field(default_factory=TurnStopwatch)
    redaction: Redaction = field(default_factory=Redaction)
    advisers: Advisers = field(default_factory=Advisers)
    answered_at: float | None = None

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    def call_ms(self, moment: float | None = None) -> int:
        """A monotonic moment (now) as milliseconds since the answer."""
        if self.answered_at is None:
            return 0
        moment = self.now if moment is None else moment
        return max(0, round((moment - self.answered_at) * 1000))

    def tell_growing(self, turn: Turn | None) -> None:
        """Words that a recogniser is still at; nothing while the recording is paused."""
        if turn is not None and self.redaction.applied(turn) == turn:
            self.observer.turn_growing(turn)

    def tell(self, turn: Turn | None) -> None:
        """Which keys were pressed is told outside only where that was asked for, and what is said
        while the recording is paused never."""
        if turn is not None and not turn.text:
            self.observer.turn_begun(turn)
        elif turn is not None:
            turn = self.redaction.applied(turn)
            text = turn.text if self.config.show_keys else turn.masked or turn.text
            self.observer.turn(replace(turn, text=text, masked="") if turn.masked else turn)
