"""The outbox: what happened is stored with the change, and delivered until it is accepted.

An event is recorded in the transaction of the change it tells of, together with one delivery per
URL that wants it. Sending is the work of `services.webhook_delivery`: it takes deliveries by `due`,
and tells by `record_attempt` how each attempt went.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from topcalls import tracing
from topcalls.core.analysis_work import State
from topcalls.core.webhook_filters import UPDATED
from topcalls.core.webhook_retry import DeliveryState, Outcome, Verdict, after_attempt
from topcalls.errors import NotFound
from topcalls.ids import new_id
from topcalls.services import webhook_outbox, webhook_receivers
from topcalls.services.call_views import call_view
from topcalls.services.recordings import Recordings
from topcalls.services.webhook_interests import WebhookInterests
from topcalls.services.webhook_outbox import CampaignHook, CampaignHooks, Message, Target
from topcalls.services.webhook_payload import encoded
from topcalls.services.webhook_receivers import Disabled
from topcalls.store import accounts, calls, webhooks
from topcalls.store.database import Database
from topcalls.store.models import Call, TranscriptTurn, WebhookDelivery
from topcalls.store.webhook_subscriptions import Interest

LEASE_SECONDS = 120.0
"""Longer than any attempt may take: a lease that is over means that the sender died."""

LANE_WIDTH = 4
"""How many deliveries may be under way to one endpoint, so that a slow one holds up no other."""

DISABLE_AFTER = timedelta(days=3)
_LANES_SEEN_EVERY = timedelta(days=1)
_BATCH = 200
_ENDPOINTS_AT_ONCE = 5000
"""How many endpoints with something pending are looked through before others have their turn."""

_CLAIMED_TOGETHER = 20
"""Of how many endpoints deliveries are taken in one transaction: other writers wait for it."""


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """Everything needed to send: the exact `payload`, signed with `secrets`, as `message_id`.

    There are no `secrets` where the stored one cannot be read: then nothing can be sent.
    `attempt` counts from 1 and has to be named again to `record_attempt`. `endpoint` is the lane;
    it is proven where its last attempt was accepted soon. `sequence` and `follows` are of a call's
    message: its number, and that of the one before it that this receiver got.
    """

    id: str
    account_id: str
    message_id: str
    event: str
    url: str
    endpoint: str
    secrets: tuple[str, ...]
    payload: bytes
    attempt: int
    created_at: datetime
    sequence: int | None = None
    follows: int | None = None
    is_proven: bool = True
    trace_context: str | None = None


class Webhooks:
    """Record events, hand out deliveries, keep their log.

    `owner` is this process in leases. A receiver that accepts nothing for `disable_after` is
    disabled; None: none is. `campaigns` looks up what a call's campaign says of webhooks.
    """

    def __init__(
        self,
        db: Database,
        recordings: Recordings,
        owner: str | None = None,
        *,
        disable_after: timedelta | None = DISABLE_AFTER,
        campaigns: CampaignHooks = lambda _: CampaignHook(),
    ) -> None:
        self._db = db
        self._recordings = recordings
        self._owner = owner or new_id()
        self._disable_after = disable_after
        self._campaigns = campaigns
        self.interests = WebhookInterests()
        self._next_endpoint = {True: "", False: ""}  # where the next look begins

    # --- recording, inside the verb of the change

    def announce(
        self,
        call: Call,
        event: str,
        now: datetime,
        turns: Sequence[TranscriptTurn] = (),
        *,
        completed: bool | None = None,
        due_at: datetime | None = None,
    ) -> None:
        """Record that `event` happened to a call, where anybody wants to know of it. It is sent at
        once, or at `due_at`. `completed`: nothing that follows the call is missing; as the call has
        it, unless it is told."""
        interests = self.interests.of(call.account_id, now)
        named = webhook_outbox.named_by_call(call, event, self._campaign_of(call))
        if not named and not webhook_outbox.may_be_wanted(interests, event, call.disposition):
            return
        message = self._message(call, event, turns, completed)
        targets = self._targets(call, message, interests)
        self._store(call, message, targets, interests, now, due_at)

    def catch_up(
        self, call: Call, event: str, now: datetime, turns: Sequence[TranscriptTurn]
    ) -> None:
        """How the call ended was told as `event`; record what is new since, if anything is: as
        `call.updated` for whoever was sent that, as `event` for whoever wants it only now."""
        told = webhooks.last_event(call.id, (event, UPDATED))
        update = self._message(call, UPDATED, turns, completed=True)
        if told is not None and not webhook_outbox.is_news(told.payload, update.payload):
            return
        interests = self.interests.of(call.account_id, now)
        sent = webhooks.deliveries_of_kind(call.id, event)
        again = webhook_outbox.still_there(sent, interests)
        self._store(call, update, again, interests, now)
        message = self._message(call, event, turns, completed=True)
        known = {delivery.url for delivery in sent}
        wanted = self._targets(call, message, interests)
        fresh = [target for target in wanted if target.url not in known]
        if fresh:
            self._store(call, message, fresh, interests, now)

    def _message(
        self, call: Call, event: str, turns: Sequence[TranscriptTurn], completed: bool | None
    ) -> Message:
        sequence = webhooks.last_sequence(call.id) + 1
        view = call_view(call, self._recordings.url(call), turns)
        if completed is not None:
            is_whole = completed and view.analysis_status != State.WAITING
            view = replace(view, completed=is_whole)
        return Message(event, sequence, encoded(call, event, view, sequence))

    def _targets(self, call: Call, message: Message, interests: Sequence[Interest]) -> list[Target]:
        """Who is told of it as things stand now."""
        campaign = self._campaign_of(call)
        named = webhook_outbox.named_by_call(call, message.event, campaign)
        is_conversion = call.disposition in campaign.conversions
        told = webhook_outbox.subscribed(interests, message.event, message.payload, is_conversion)
        return webhook_outbox.distinct([*named, *told])

    def _store(
        self,
        call: Call,
        message: Message,
        targets: Sequence[Target],
        interests: Sequence[Interest],
        now: datetime,
        due_at: datetime | None = None,
    ) -> None:
        if targets or any(one.event is None for one in interests):
            webhook_outbox.store_event(
                call.account_id,
                message.event,
                message.payload,
                targets,
                now,
                call_id=call.id,
                sequence=message.sequence,
                due_at=due_at,
            )

    # --- sending

    def due(self, now: datetime, limit: int, doubtful: int | None = None) -> list[DueDelivery]:
        """Take up to `limit` deliveries that are due, sharing the places between endpoints.

        Those that accepted the last one, and soon, come first; of the others up to `doubtful` are
        taken. Endpoints without anything due cost no lock, and where there are too many to be
        looked through at once, the next look goes on behind them.
        """
        taken = self._take(now, limit, proven=True)
        room = limit - len(taken)
        taken += self._take(now, room if doubtful is None else min(room, doubtful), proven=False)
        return self._db.read(_contents, taken, now) if taken else []

    def _take(self, now: datetime, limit: int, *, proven: bool) -> list[str]:
        lanes = self._due_endpoints(now, limit, proven) if limit > 0 else []
        share = max(1, limit // len(lanes)) if lanes else 0
        taken: list[str] = []
        for at in range(0, len(lanes), _CLAIMED_TOGETHER):
            batch = lanes[at : at + _CLAIMED_TOGETHER]
            taken += self._db.run(self._claim, batch, share, limit - len(taken), now)
        return taken

    def record_attempt(
        self, delivery_id: str, attempt: int, outcome: Outcome, now: datetime
    ) -> DeliveryState:
        """Note how attempt number `attempt` went; the state the delivery is in now.

        Noting the same attempt again changes nothing.
        """

        def verb() -> tuple[DeliveryState, Disabled | None]:
            delivery = webhooks.get(delivery_id)
            if delivery is None:
                raise NotFound("No such delivery.")
            if delivery.finished_at is not None or delivery.attempts >= attempt:
                return DeliveryState(delivery.state), None
            verdict = after_attempt(attempt, outcome, now)
            webhooks.append_attempt(delivery_id, attempt, outcome, now)
            webhooks.settle(delivery, outcome, verdict, now)
            webhooks.note_lane(delivery.endpoint, outcome.was_quick, now, _LANES_SEEN_EVERY)
            return verdict.state, webhook_receivers.note(
                delivery, outcome, verdict.state, now, self._disable_after
            )

        state, disabled = self._db.run(verb)
        if disabled is not None:
            webhook_receivers.tell_operator(disabled)
        return state

    def bury_exhausted(self, now: datetime) -> int:
        """Give up deliveries whose sender died every time; how many there were."""

        def verb() -> int:
            outcome = Outcome(error="The process that sent this died each time.")
            found = webhooks.exhausted(now, _BATCH)
            for delivery in found:
                webhooks.append_attempt(delivery.id, delivery.attempts + 1, outcome, now)
                webhooks.settle(delivery, outcome, Verdict(DeliveryState.DEAD), now)
            return len(found)

        return self._db.run(verb)

    def _due_endpoints(self, now: datetime, limit: int, proven: bool) -> list[webhooks.Lane]:
        """Up to `limit` endpoints with something due and a place free, from where the last look
        ended on."""
        began_at = self._next_endpoint[proven]
        look = self._look(began_at, now, limit, proven)
        lanes = look.lanes
        if began_at and not look.go_on_at and len(lanes) < limit:
            rest = self._look("", now, limit - len(lanes), proven)
            lanes += [lane for lane in rest.lanes if lane not in lanes]
        return lanes

    def _look(self, first: str, now: datetime, limit: int, proven: bool) -> webhooks.Look:
        look = self._db.read(
            webhooks.due_lanes, first, now, LANE_WIDTH, limit, _ENDPOINTS_AT_ONCE, proven
        )
        self._next_endpoint[proven] = look.go_on_at
        return look

    def _campaign_of(self, call: Call) -> CampaignHook:
        return self._campaigns(call.campaign_id) if call.campaign_id else CampaignHook()

    def _claim(
        self, lanes: Sequence[webhooks.Lane], share: int, room: int, now: datetime
    ) -> list[str]:
        taken: list[str] = []
        for lane in lanes:
            places = min(LANE_WIDTH - lane.under_way, share, room - len(taken))
            if places > 0:
                taken += self._claim_of(lane.endpoint, places, now)
        return taken

    def _claim_of(self, endpoint: str, places: int, now: datetime) -> list[str]:
        """What is new goes first, but one place of a lane is for retries and replays: neither
        waits for all of the other."""
        idle = webhooks.under_way(endpoint, True, now) == 0
        claim = partial(webhooks.claim, owner=self._owner, now=now, seconds=LEASE_SECONDS)
        taken = claim(endpoint, True, limit=1) if idle else []
        taken += claim(endpoint, False, limit=places - len(taken))
        return taken + claim(endpoint, True, limit=places - len(taken))


def _contents(delivery_ids: list[str], now: datetime) -> list[DueDelivery]:
    return [due for _, due in due_deliveries(delivery_ids, now)]


def due_deliveries(
    delivery_ids: list[str], now: datetime
) -> list[tuple[WebhookDelivery, DueDelivery]]:
    """Rows, and what is to be sent next for them; runs inside a verb."""
    rows = webhooks.contents(delivery_ids)
    secrets = accounts.signing_secrets({row.account_id for row in rows}, now)
    proven = webhooks.proven({row.endpoint for row in rows})
    calls_of = {row.call_id for row in rows if row.call_id}
    traces = calls.trace_contexts(calls_of) if tracing.is_on() else {}
    due = [_due(row, secrets.get(row.account_id, ()), row.endpoint in proven) for row in rows]
    return [
        (row, replace(one, trace_context=traces.get(row.call_id or "")))
        for row, one in zip(rows, due, strict=True)
    ]


def _due(delivery: WebhookDelivery, secrets: tuple[str, ...], is_proven: bool) -> DueDelivery:
    return DueDelivery(
        id=delivery.id,
        account_id=delivery.account_id,
        message_id=delivery.event_id,
        event=delivery.name or delivery.event.kind,
        url=delivery.url,
        endpoint=delivery.endpoint,
        secrets=secrets,
        payload=delivery.event.payload.encode(),
        attempt=delivery.attempts + 1,
        created_at=delivery.event.created_at,
        sequence=delivery.event.sequence,
        follows=delivery.follows,
        is_proven=is_proven,
    )
