"""How a call ended is told once its webhook's time has come, and what comes later after that.

The wrap-up of a call waits for recording, transcript and analysis; its webhook does not wait longer
than it is promised to (`core.wrap_up.telling`). What is missing in it is told by another message
when the wrap-up is complete, or when something arrives that the wrap-up gave up waiting for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from topcalls.core.call_state import State
from topcalls.core.call_status import WEBHOOKS
from topcalls.core.webhook_filters import COMPLETED
from topcalls.core.wrap_up import Result, Telling, telling
from topcalls.services.campaign_ends import is_forsaken
from topcalls.services.costs import Costs
from topcalls.services.webhooks import Webhooks
from topcalls.store import calls, partial_words, webhooks, wrap_ups
from topcalls.store.database import Database
from topcalls.store.models import Call


class EndWebhooks:
    """Tells how calls ended. `after` as of `core.wrap_up.telling`."""

    def __init__(self, db: Database, outbox: Webhooks, costs: Costs, after: timedelta) -> None:
        self._db = db
        self._outbox = outbox
        self._costs = costs
        self._after = after

    def in_time(self, call_id: str, now: datetime) -> timedelta | None:
        """Tell what is ready of a call whose wrap-up is not complete, where it is time for that.

        How long it is until then; None: it is told.
        """

        def verb() -> timedelta | None:
            wrap_ups.lock(call_id)
            call = calls.get(call_id)
            event = _event_of(call)
            if call is None or event is None:
                return None
            left = self._telling(call, event).by - now
            if left > timedelta():
                return left
            if webhooks.last_event(call_id, (event,)) is None:
                turns = calls.transcripts([call_id])[call_id]
                self._outbox.announce(call, event, now, turns, completed=False)
            return None

        return self._db.run(verb)

    def whole(self, call_id: str, now: datetime) -> Result:
        """The last step of a wrap-up: how the call ended, and what it cost. Where that was told,
        what is new since. May run twice."""

        def verb() -> Result:
            wrap_ups.lock(call_id)
            call = calls.get(call_id)
            event = _event_of(call)
            if call is None or event is None:
                return Result.SKIPPED
            partial_words.clear(call_id)  # a controller that died leaves them
            if is_forsaken(call):
                calls.set_columns(call_id, abandoned=True)
            self._costs.close(call)
            turns = calls.transcripts([call_id])[call_id]
            if webhooks.last_event(call_id, (event,)) is not None:
                self._outbox.catch_up(call, event, now, turns)
            else:
                before = self._telling(call, event).before
                self._outbox.announce(
                    call, event, now, turns, completed=True, due_at=max(now, before)
                )
            return Result.DONE

        return self._db.run(verb)

    def _telling(self, call: Call, event: str) -> Telling:
        return telling(call.ended_at, failed=event != COMPLETED, after=self._after)


def _event_of(call: Call | None) -> str | None:
    """What tells that a call is over; None while it is not."""
    if call is None or call.ended_at is None:
        return None
    return WEBHOOKS.get(State(call.state))
