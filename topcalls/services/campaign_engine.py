"""One round of everything that campaigns do by themselves, in the order in which it feeds itself.

Leads become contacts, contacts that were kept back are looked at again, calls that must not be
dialled leave the queue, calls that are over are told to their contacts, campaigns that fail or are
done stop, and new calls are made. A step that fails
keeps no other from being done, and is done again in the next round.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from topcalls.errors import StoreUnavailable
from topcalls.log import get_logger
from topcalls.services.campaign_attempts import CampaignAttempts
from topcalls.services.campaign_enrolment import Enrolment
from topcalls.services.campaign_holds import CampaignHolds
from topcalls.services.campaign_producer import CampaignProducer
from topcalls.services.campaign_queue import CampaignQueue
from topcalls.services.campaign_watch import CampaignWatch

log = get_logger("campaigns")


class CampaignEngine:
    """See the module's text."""

    def __init__(
        self,
        enrolment: Enrolment,
        holds: CampaignHolds,
        queue: CampaignQueue,
        attempts: CampaignAttempts,
        watch: CampaignWatch,
        producer: CampaignProducer,
    ) -> None:
        self.enrolment = enrolment
        self.holds = holds
        self.queue = queue
        self.attempts = attempts
        self.watch = watch
        self.producer = producer

    def round(self, now: datetime) -> None:
        """Do what is to be done now. May be done by several at once, or again at any line."""
        steps: tuple[Callable[[datetime], object], ...] = (
            self.enrolment.step,
            self.holds.step,
            self.queue.tidy,
            self._settle,
            self.watch.pace,
            self.watch.finish,
            self.producer.produce,
        )
        for step in steps:
            try:
                step(now)
            except StoreUnavailable:
                raise
            except Exception as error:
                log.exception("A step of campaigns failed", step=step.__name__, why=repr(error))

    def _settle(self, now: datetime) -> None:
        settled = self.attempts.settle(now)
        if settled:
            self.watch.judge(settled, now)
