"""How many more calls this controller may carry, out and in."""

from __future__ import annotations

from collections.abc import Callable, Sized

from topcalls.controller.sessions import Sessions
from topcalls.core.inbound import outbound_places_taken


class Places:
    """`receiving`: calls that come in, have a place and are no sessions yet. `reserve`: places
    that calls out leave free. `is_open`: new calls may be taken at all."""

    def __init__(
        self,
        sessions: Sessions,
        receiving: Callable[[], Sized],
        most: int,
        reserve: int,
        is_open: Callable[[], bool],
    ) -> None:
        self._sessions = sessions
        self._receiving = receiving
        self._most = most
        self._reserve = reserve
        self._is_open = is_open

    def taken(self) -> int:
        """As far as calls out are concerned."""
        inbound = self._sessions.inbound
        outbound = len(self._sessions) - inbound
        return outbound_places_taken(outbound, inbound + len(self._receiving()), self._reserve)

    def has_room(self) -> bool:
        """For one more call that comes in."""
        return self._is_open() and len(self._sessions) + len(self._receiving()) < self._most
