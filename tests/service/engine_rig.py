"""A campaign that runs, and a controller that plays whatever becomes of its calls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import factories
from campaign_rig import Rig

from topcalls.core.call_events import Hangup, OriginateFailed
from topcalls.core.routing import Attempt, Decision, Route, Then
from topcalls.core.transcript import Turn
from topcalls.services.routing import Outcome
from topcalls.services.transitions import hangup_facts
from topcalls.store import campaigns
from topcalls.store.models import CampaignAttempt, CampaignContact


class HeardLife(factories.Life):
    """A call in which whoever picks up hears the agent: it is not abandoned."""

    def talk(self, seconds: float) -> HeardLife:
        super().talk(seconds)
        hello = Turn(1, "assistant", "Hello.", 1, 900)
        self._services.calls.append_turn(self.call_id, hello, self._services.clock.now())
        return self


class EngineRig(Rig):
    """One account with one campaign. `body` is the campaign's, beside its list."""

    def __init__(
        self, services: factories.Services, leads: int = 3, who: Any = None, **body: Any
    ) -> None:
        super().__init__(services)
        limits = {"max_concurrent_calls": 1000, "max_calls_per_minute": 10_000}
        self.who = who or factories.principal(services, minutes=1_000_000, **limits)
        self.account_id = self.who.account_id
        self.engine = services.campaign_engine
        name, start = f"Leads {id(self)}", body.pop("start", 0)
        fields = body.pop("lead", {"time_zone": "UTC"})
        made = self.campaign(self.leads(leads, name, start, **fields), **body)
        self.id = services.campaign_control.start(self.account_id, made.id).id

    # --- what happens

    def round(self, seconds: float = 1.0) -> None:
        """A worker's round, a second after the last."""
        self.clock.advance(seconds)
        self.engine.round(self.clock.now())

    def claim(self, slots: int = 100) -> list[factories.Life]:
        """The calls that a controller takes now."""
        now = self.clock.now()
        claimed = self.services.dispatch.claim(factories.OWNER, factories.NODE, slots, now)
        return [HeardLife(self.services, call) for call in claimed]

    def play(self, cause: str | None = None, slots: int = 100) -> int:
        """Claim and end calls, by a cause of the switch or after a talk of a minute; how many."""
        lives = self.claim(slots)
        for life in lives:
            if cause is not None:
                life.dial().fail(cause)
                continue
            self.over(life.talk(60).hang_up())
        return len(lives)

    def refuse(self, life: factories.Life, hangup: Hangup, carrier_id: str | None = None) -> None:
        """A carrier refuses a dial, and no other tries."""
        now = self.clock.now()
        attempt = Attempt(1, Route(carrier_id, "Trunk", "gateway"))
        life.version = self.services.calls.intend_dial(
            life.call_id, life.version, life.channel_uuid, now, attempt
        )
        life.facts = replace(life.facts, dialled=True)
        told = (hangup.phrase, hangup.reason, hangup.retry_after)
        stop = Decision(Then.STOP, "no other carrier")
        outcome = Outcome(hangup.cause, hangup.sip_status, 0, stop, *told)
        self.services.calls.dial_ended(life.call_id, 1, outcome, now)
        life.take(OriginateFailed(hangup), **hangup_facts(hangup))
        self.over(life)

    def over(self, life: factories.Life) -> None:
        """All that follows a call is done."""
        for call_id in self.services.wrap_ups.due(self.clock.now(), 100):
            while not self.services.wrap_ups.run(call_id, self.clock.now()):
                self.clock.advance(5)
                self.services.wrap_ups.due(self.clock.now(), 100)

    def press(self, verb: str) -> None:
        """A user starts, pauses, resumes or stops it."""
        getattr(self.services.campaign_control, verb)(self.account_id, self.id)

    # --- what is

    @property
    def row(self) -> Any:
        return self.services.db.read(campaigns.found, self.id)

    def rows(self) -> list[Any]:
        """The contacts, in the order of leads."""

        def verb() -> list[Any]:
            query = CampaignContact.select().where(CampaignContact.campaign == self.id)
            return list(query.order_by(CampaignContact.lead))

        return self.services.db.read(verb)

    def counts(self) -> dict[str, int]:
        """How many contacts are in each state that any is in."""
        found: dict[str, int] = {}
        for contact in self.rows():
            found[contact.state] = found.get(contact.state, 0) + 1
        return found

    def attempts(self) -> list[Any]:
        """Every attempt, in order."""

        def verb() -> list[Any]:
            query = CampaignAttempt.select().where(CampaignAttempt.campaign == self.id)
            return list(query.order_by(CampaignAttempt.lead_id, CampaignAttempt.number))

        return self.services.db.read(verb)
