"""A model with another that stands by for it: a call whose first model fails goes on with the next.

For the conversation above, the loss is one like any other: it opens a session anew and carries the
conversation over, and what opens then is the other model's. One `Standby` serves one call.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from topcalls import metrics
from topcalls.errors import ProviderError
from topcalls.log import get_logger
from topcalls.providers.base import (
    ProviderClosed,
    ProviderEvent,
    ProviderFailed,
    RealtimeModel,
    RealtimeSession,
    ResponseDone,
    SessionConfig,
    StageReplaced,
)

MOST_FAILED = 2  # responses in a row
_PASSED_ON = (
    *("append_audio", "begin_turn", "commit_turn", "end_turn", "speak", "create_response"),
    *("render", "cancel_response", "truncate", "delete_item", "add_message", "add_tool_output"),
)

log = get_logger(__name__)


class Standby:
    """`adapted` makes the other model's settings of the first one's."""

    def __init__(
        self,
        first: RealtimeModel,
        other: RealtimeModel,
        adapted: Callable[[SessionConfig], SessionConfig],
    ) -> None:
        self._first = first
        self._other = other
        self._adapted = adapted
        self._latest: _Watched | None = None
        self._lost = False  # the first model, for the rest of the call
        self._failed_in_a_row = 0

    def open(
        self, config: SessionConfig, on_event: Callable[[ProviderEvent], None]
    ) -> RealtimeSession:
        """The first model's session while it is sound; the other's ever after."""
        if not self._lost:
            try:
                return self._open_first(config, on_event)
            except ProviderError as error:
                log.warning("The model cannot be opened", code=error.extra.get("provider_code"))
                self._lost = True
        session = self._other.open(self._adapted(config), on_event)
        log.info("The call goes on with the model that stands by")
        metrics.calls_saved.labels("speech_to_speech").inc()
        on_event(StageReplaced("speech_to_speech"))
        return session

    def _open_first(
        self, config: SessionConfig, on_event: Callable[[ProviderEvent], None]
    ) -> RealtimeSession:
        session = self._first.open(config, partial(self._watch, on_event))
        self._latest = _Watched(session, self._closed)
        return self._latest

    def _closed(self, session: _Watched) -> None:
        """By us: it did not answer, or the call is over, or a newer one has replaced it."""
        if session is self._latest:
            self._lost = True

    def _watch(self, on_event: Callable[[ProviderEvent], None], event: ProviderEvent) -> None:
        if isinstance(event, ProviderClosed):
            self._lost = True
        elif isinstance(event, ProviderFailed):
            self._lost = True
            event = ProviderFailed(_worth_another(event.error))
        elif isinstance(event, ResponseDone):
            event = self._of_response(event)
        on_event(event)

    def _of_response(self, event: ResponseDone) -> ProviderEvent:
        if event.status != "failed" or event.error is None:
            self._failed_in_a_row = 0
            return event
        self._failed_in_a_row += 1
        if event.error.retryable and self._failed_in_a_row < MOST_FAILED:
            return event
        self._lost = True
        return ProviderFailed(_worth_another(event.error))


class _Watched:
    """A session whose closing is told first."""

    def __init__(self, session: RealtimeSession, closed: Callable[[_Watched], None]) -> None:
        self._session = session
        self._told = closed
        for name in _PASSED_ON:
            setattr(self, name, getattr(session, name))

    append_audio: Callable[[bytes], None]
    begin_turn: Callable[[int], None]
    commit_turn: Callable[[int], None]
    end_turn: Callable[[int], None]
    speak: Callable[..., None]
    render: Callable[[str], None]
    create_response: Callable[..., None]
    cancel_response: Callable[[], None]
    truncate: Callable[[str, int, int], None]
    delete_item: Callable[[str], None]
    add_message: Callable[[Any, str], None]
    add_tool_output: Callable[[str, str], None]

    def close(self) -> None:
        """End the session; no event follows."""
        self._told(self)
        self._session.close()


def _worth_another(error: ProviderError) -> ProviderError:
    """The same error, said of a model that another one stands by for."""
    return ProviderError(error.message, retryable=True, **error.extra)
