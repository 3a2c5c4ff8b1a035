"""The provider session of a conversation through its life: first opening, loss, old age, the end.

A session that fails or vanishes is replaced once, with the conversation carried over as text; a
response that completes earns another try. What cannot be helped ends the call with an apology.
"""

from __future__ import annotations

from collections.abc import Callable

from topcalls.bridge.agent import Agent
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.opening import Opening
from topcalls.bridge.parts import Parts
from topcalls.bridge.uplink import Uplink
from topcalls.errors import ProviderError
from topcalls.log import get_logger
from topcalls.providers.base import RealtimeSession

MOST_REPLAYED = 40
_REOPEN, _RECONNECT, _SWAP = "reopen", "reconnect", "swap"

log = get_logger(__name__)


class Recovery:
    """Keeps a session under the conversation as long as one can be had."""

    def __init__(self, parts: Parts, agent: Agent, uplink: Uplink, farewell: Farewell) -> None:
        self._parts = parts
        self._agent = agent
        self._uplink = uplink
        self._farewell = farewell
        self._opened = False
        self._may_retry = True
        self.over = False  # no session will come any more
        self._untold: list[str] = []  # what the next session must know
        self.memory: Callable[[], list[str]] = list  # what every further one must know

    def expect(self) -> None:
        """Somebody is on the line already: a session must come within the limit."""
        late = ProviderError("The AI is not ready in time.", provider_code="no_session")
        limit = self._parts.config.limits.reconnect
        self._parts.timers.set(_RECONNECT, limit, lambda: self.give_up(late))

    def ready(self, opening: Opening) -> None:
        """A session is open: take it, or keep it for a quiet moment if the present one lives."""
        if self._parts.link.session is None:
            self.take_over()
            if not self._opened:
                self._opened = True
                self._parts.observer.ready()
                opening.prepare()
            self._agent.ask_owed()

    def take_over(self) -> None:
        """Go on with the session that is ready."""
        self._close_ears()
        session = self._parts.link.switch()
        self._parts.timers.cancel(_REOPEN, _RECONNECT)
        self._parts.timers.set(_SWAP, self._parts.config.limits.swap, self._parts.link.open)
        if self._opened:
            log.info("Conversation goes on in a new session")
        self._replay(session)
        self._uplink.connect(session)

    def tell(self, text: str) -> None:
        """Let the model know something that nobody said; with no session, the next one."""
        session = self._parts.link.session
        if session is None:
            self._untold.append(text)
        else:
            session.add_message("system", text)

    def answered(self) -> None:
        """A response completed: the session is sound."""
        self._may_retry = True

    def open_failed(self, error: ProviderError) -> None:
        """No session came about."""
        if self._parts.link.session is not None:
            log.warning("Session could not be renewed", code=_code(error))
            again = self._parts.config.limits.swap_again
            self._parts.timers.set(_SWAP, again, self._parts.link.open)
        elif self._try_again(error):
            reopen = self._parts.config.limits.reopen
            self._parts.timers.set(_REOPEN, reopen, self._parts.link.open)

    def lost(self, error: ProviderError) -> None:
        """The session is gone, or as good as gone."""
        log.warning("Provider session lost", code=_code(error))
        self._parts.link.drop()
        self._parts.timers.cancel(_SWAP)
        self._uplink.disconnect()
        self._agent.session_lost()
        self._close_ears()
        if self._farewell.closing:
            self._agent.responses.cancel()  # what was said of the goodbye is enough
        elif self._parts.link.spare_is_ready:
            self.take_over()
            self._agent.ask_owed()
        elif self._try_again(error):
            self._parts.link.open()
            limit = self._parts.config.limits.reconnect
            self._parts.timers.set(_RECONNECT, limit, lambda: self.give_up(error))

    def _close_ears(self) -> None:
        """What the session had heard and not written down is lost with it."""
        for turn in self._parts.transcript.caller_lost(self._parts.call_ms()):
            self._parts.tell(turn)

    def _try_again(self, error: ProviderError) -> bool:
        if not error.retryable or not self._may_retry:
            self.give_up(error)
            return False
        self._may_retry = False
        return True

    def give_up(self, error: ProviderError) -> None:
        """The conversation cannot go on."""
        log.error("Provider failed for good", code=_code(error))
        self.over = True
        self._parts.link.close()
        self._uplink.disconnect()
        self._parts.timers.cancel(_REOPEN, _RECONNECT, _SWAP)
        if self._parts.answered_at is None:
            self._agent.retire()
            self._parts.end("provider_failed", _told(error))
        else:
            self._agent.apologize()
            self._farewell.begin("provider_failed", _told(error))

    def _replay(self, session: RealtimeSession) -> None:
        for turn in self._parts.transcript.turns()[-MOST_REPLAYED:]:
            session.add_message(turn.speaker, turn.text)
        for text in (*self.memory(), *self._untold):
            session.add_message("system", text)
        self._untold.clear()


def _told(error: ProviderError) -> str:
    """What failed, and by which part of a chain: `core.call_providers` reads it."""
    stage = error.extra.get("stage")
    return f"{stage}: {_code(error)}" if stage else _code(error)


def _code(error: ProviderError) -> str:
    return str(error.extra.get("provider_code") or error.code)
