"""Servers of accounts are asked about contacts of campaigns, many at once and beside the rounds.

A slow server holds up the contacts of its own campaign only: each campaign has a few places, all of
them together have as many as one process can wait for, and no round waits for an answer.
"""

from __future__ import annotations

from collections.abc import Callable

import gevent

from topcalls.core.pre_dial import Answer
from topcalls.log import get_logger
from topcalls.services.pre_dial import PreDial, Question

OF_ONE_CAMPAIGN = 32
OF_ALL = 256
log = get_logger("campaigns")


class CampaignQuestions:
    """Which questions are open in this process."""

    def __init__(self, pre_dial: PreDial) -> None:
        self._pre_dial = pre_dial
        self._open: dict[str, set[gevent.Greenlet]] = {}

    def greenlets(self, campaign_id: str) -> tuple[gevent.Greenlet, ...]:
        """Those that wait for answers of a campaign's server, or use them."""
        return tuple(self._open.get(campaign_id, ()))

    def has_room(self, campaign_id: str) -> bool:
        """Whether one more contact of a campaign can be asked about now."""
        of_all = sum(map(len, self._open.values()))
        return len(self.greenlets(campaign_id)) < OF_ONE_CAMPAIGN and of_all < OF_ALL

    def ask(self, campaign_id: str, question: Question, then: Callable[[Answer], object]) -> None:
        """Ask in a greenlet of its own, which goes on with `then`."""
        asking = gevent.Greenlet(self._ask, campaign_id, question, then)
        self._open.setdefault(campaign_id, set()).add(asking)
        asking.link(lambda ended: self._over(campaign_id, ended))
        asking.start()

    def _over(self, campaign_id: str, asking: gevent.Greenlet) -> None:
        left = self._open[campaign_id]
        left.discard(asking)
        if not left:
            del self._open[campaign_id]

    def _ask(self, campaign_id: str, question: Question, then: Callable[[Answer], object]) -> None:
        try:
            then(self._pre_dial.ask(question))
        except Exception as error:  # noqa: BLE001 - its contact is looked at again after its lease
            log.error("An answer was not used", campaign_id=campaign_id, why=repr(error))
