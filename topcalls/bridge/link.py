"""The provider session of a call: opened in the background, replaced when it dies or grows old.

Every attempt has a number, its *epoch*. What comes from an attempt that was given up is not
delivered, and a session that opens too late is closed at once.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol

import gevent

from topcalls import metrics
from topcalls.bridge.mailbox import Mailbox, Priority
from topcalls.call_trace import passed_on
from topcalls.errors import ProviderError
from topcalls.log import get_logger
from topcalls.providers.base import (
    ProviderClosed,
    ProviderEvent,
    ProviderFailed,
    RealtimeModel,
    RealtimeSession,
    SessionConfig,
    SpeechStarted,
    SpeechStopped,
    Spent,
    StageReplaced,
)

_SPEECH = (SpeechStarted, SpeechStopped)

log = get_logger(__name__)


def closed_error(event: ProviderClosed) -> ProviderError:
    """A connection that ended without our doing, as an error; another may fare better."""
    return ProviderError(
        "The AI closed the connection.", retryable=True, provider_code=f"closed_{event.code}"
    )


class LinkOwner(Protocol):
    """Told in the call's greenlet."""

    def link_ready(self) -> None:
        """A new session can be taken with `switch`."""

    def link_failed(self, error: ProviderError) -> None:
        """An attempt to open one came to nothing."""

    def provider_event(self, event: ProviderEvent) -> None:
        """The present session says something."""


class ProviderLink:
    """At most one session in use, and at most one opening or waiting to replace it."""

    def __init__(self, model: RealtimeModel, config: SessionConfig, mailbox: Mailbox) -> None:
        self.session: RealtimeSession | None = None
        self.epoch = 0
        self._model = model
        self._config = config
        self._mailbox = mailbox
        self._owner: LinkOwner | None = None
        self._attempt = 0
        self._opener: gevent.Greenlet | None = None
        self._spare: RealtimeSession | None = None
        self._spare_error: ProviderError | None = None  # what ended it before it was used

    def serve(self, owner: LinkOwner) -> None:
        """Who is told."""
        self._owner = owner

    @property
    def spare_is_ready(self) -> bool:
        return self._spare is not None

    def open(self) -> None:
        """Begin to open a session; an attempt under way is given up."""
        self._give_up_attempt()
        self._opener = gevent.spawn(passed_on(self._open), self._attempt)

    def switch(self) -> RealtimeSession:
        """Use the session that is ready; the one in use is closed."""
        assert self._spare is not None
        self.drop()
        self.session, self._spare = self._spare, None
        self.epoch = self._attempt
        return self.session

    def drop(self) -> None:
        """Close the session in use."""
        self.epoch = 0
        if self.session is not None:
            self._end(self.session)
            self.session = None

    def close(self) -> None:
        """Close everything; nothing is delivered any more."""
        self._give_up_attempt()
        self.drop()

    def _give_up_attempt(self) -> None:
        self._attempt += 1
        if self._opener is not None:
            self._opener.kill(block=False)
            self._opener = None
        if self._spare is not None:
            self._end(self._spare)
            self._spare = None
        self._spare_error = None

    def _open(self, attempt: int) -> None:
        """The opener's greenlet."""
        try:
            session = self._model.open(self._config, partial(self._post, attempt))
        except ProviderError as error:
            self._mailbox.put(self._failed, attempt, error)
            return
        except Exception as error:  # noqa: BLE001 - a fault of ours must not leave the call mute
            log.error("Opening the provider session broke", error=type(error).__name__)
            self._mailbox.put(self._failed, attempt, ProviderError("The AI adapter broke."))
            return
        metrics.provider_sessions.inc()
        if attempt != self._attempt:
            self._end(session)
            return
        self._spare = session
        self._mailbox.put(self._ready, attempt)

    def _end(self, session: RealtimeSession) -> None:
        session.close()
        metrics.provider_sessions.dec()

    def _post(self, attempt: int, event: ProviderEvent) -> None:
        """From the event loop. What the caller does overtakes what the agent says."""
        priority = Priority.NOW if isinstance(event, _SPEECH) else Priority.IN_TURN
        self._mailbox.put(self._deliver, attempt, event, priority=priority)

    def _ready(self, attempt: int) -> None:
        if attempt != self._attempt or self._spare is None or self._owner is None:
            return
        if self._spare_error is None:
            self._owner.link_ready()
        else:
            self._spare_is_dead(self._spare_error)

    def _failed(self, attempt: int, error: ProviderError) -> None:
        if attempt == self._attempt and self._owner:
            self._owner.link_failed(error)

    def _deliver(self, attempt: int, event: ProviderEvent) -> None:
        counts = attempt == self.epoch or isinstance(event, Spent | StageReplaced)
        if counts and self._owner:
            self._owner.provider_event(event)
        elif attempt == self._attempt and isinstance(event, ProviderClosed | ProviderFailed):
            error = event.error if isinstance(event, ProviderFailed) else closed_error(event)
            self._spare_is_dead(error)

    def _spare_is_dead(self, error: ProviderError) -> None:
        """The session that is to replace the present one ended first, perhaps as it opened."""
        self._spare_error = error
        if self._spare is not None:
            attempt = self._attempt
            self._spare.close()
            self._spare = None
            self._failed(attempt, error)
