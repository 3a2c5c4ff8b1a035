"""Where those come who want to listen to calls of this controller."""

from __future__ import annotations

from http import HTTPStatus

from topcalls.clock import Clock
from topcalls.controller.sessions import Sessions
from topcalls.errors import Unauthorized
from topcalls.media.call_sound import Listener
from topcalls.media.listening_server import NotHere
from topcalls.services.listening import ListenTokens


class ListenerDesk:
    """Lets whoever shows a token listen to its call."""

    def __init__(self, tokens: ListenTokens, sessions: Sessions, clock: Clock) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self._clock = clock

    def admit(self, call_id: str, token: str) -> Listener:
        """Raises `NotHere`."""
        try:
            key_id = self._tokens.check(call_id, token, self._clock.now())
        except Unauthorized as error:
            raise NotHere(HTTPStatus.FORBIDDEN, error.message) from None
        live = self._sessions.of_call(call_id)
        if live is None or not live.session.is_open:
            raise NotHere(HTTPStatus.NOT_FOUND, "The call is not here: ask for another address.")
        listener = live.effects.listeners.join(key_id)
        if listener is None:
            words = "The call is not heard here any more, or enough people listen to it."
            raise NotHere(HTTPStatus.SERVICE_UNAVAILABLE, words)
        return listener
