"""Single calls, as somebody asks for them: created, or refused, and either way recorded.

An account's own server is asked between two transactions: the first finds that every rule allows
the call, and writes nothing; the second decides all of it again, with the answer. A call that is
refused leaves its decision in the ledger by a transaction of its own: that of the call is undone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from topcalls.clock import Clock
from topcalls.core.call_request import CallRequest
from topcalls.services.call_views import CallView
from topcalls.services.calls import Calls
from topcalls.services.eligibility import record_refusal
from topcalls.services.judgements import NotAllowed
from topcalls.services.keys import Principal
from topcalls.services.pre_dial import AnswerNeeded, PreDial
from topcalls.store.database import Database

T = TypeVar("T")


class CallPlacement:
    """See the module's text. It blocks its greenlet for as long as an account's server may take."""

    def __init__(self, db: Database, clock: Clock, calls: Calls, pre_dial: PreDial) -> None:
        self._db = db
        self._clock = clock
        self._calls = calls
        self._pre_dial = pre_dial

    def place(
        self,
        principal: Principal,
        request: CallRequest,
        run: Callable[[Callable[[], CallView]], T],
        now: datetime | None = None,
    ) -> T:
        """What `run` makes of the verb that creates the call. It may be run twice, and writes
        nothing the first time then; raises what `Calls.create` does."""
        try:
            try:
                return run(partial(self._calls.create, principal, request, now))
            except AnswerNeeded as needed:
                answer = self._pre_dial.ask(needed.question)
            return run(partial(self._calls.create, principal, request, None, None, answer))
        except NotAllowed as refused:
            self._db.run(record_refusal, refused, self._clock.now())
            raise
