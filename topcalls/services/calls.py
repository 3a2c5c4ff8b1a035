"""Calls: created by customers, carried by controllers.

Customers' verbs (`create`, `get`, `list`, `stop`, `cancel`) name the account; controllers' verbs
(`record`, `intend_dial`, `append_turn`, …) name the call and, where they decide about it, the
version of the row they know, so that a controller that lost a call cannot write over its successor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from topcalls import tracing
from topcalls.clock import Clock
from topcalls.core import variables
from topcalls.core.call_events import StopRequested
from topcalls.core.call_request import CallRequest
from topcalls.core.call_state import WAITING_STATES, State, Transition, Verdict
from topcalls.core.call_status import WEBHOOKS
from topcalls.core.latency import TurnTiming
from topcalls.core.pre_dial import Answer
from topcalls.core.routing import Attempt
from topcalls.core.token_usage import TokenUsage
from topcalls.core.transcript import Turn
from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services import eligibility, limits, quotas, routing, tool_secrets
from topcalls.services.account_speech import speech_view, with_words
from topcalls.services.answers import Answers
from topcalls.services.appointments import Appointments
from topcalls.services.budgets import CampaignBudget
from topcalls.services.call_search import CallSearch
from topcalls.services.call_views import (
    CallPage,
    CallView,
    ClaimedCall,
    call_view,
    claimed_call,
    states_of,
)
from topcalls.services.catalogue import Catalogue
from topcalls.services.costs import Costs
from topcalls.services.eligibility import Eligibility
from topcalls.services.judgements import Meant, NotAllowed
from topcalls.services.keys import Principal
from topcalls.services.live_words import LiveWords
from topcalls.services.lookups import Lookups
from topcalls.services.opt_outs import OptOuts
from topcalls.services.partial_words import PartialWordsDesk
from topcalls.services.pre_dial import weighed
from topcalls.services.quotas import Claim
from topcalls.services.recordings import Recordings
from topcalls.services.redacted_calls import rules_for_writers, text_without
from topcalls.services.redecisions import Redecisions
from topcalls.services.routing import Outcome
from topcalls.services.supervisions import Supervisions
from topcalls.services.tools import Tools
from topcalls.services.transcripts import Transcripts
from topcalls.services.transfers import Transfers
from topcalls.services.transitions import Transitions
from topcalls.services.webhooks import Webhooks
from topcalls.store import calls, commands, leases, partial_words, standing, wrap_ups
from topcalls.store.database import Database
from topcalls.store.fields import plain
from topcalls.store.locking import lock_account
from topcalls.store.models import Call

DISPATCH_TRIES = 10
"""How often a call may be claimed and not dialled before only its dispatch time-out ends it."""

_COMMAND_TRIES = 5


@dataclass(frozen=True, slots=True)
class CampaignPlace:
    """The campaign that makes a call, what it may spend, and which of its leads it calls."""

    budget: CampaignBudget
    lead_id: str


class Calls:
    """See the module's text. `default_from_number` is the caller ID of calls that name none."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        webhooks: Webhooks,
        recordings: Recordings,
        transitions: Transitions,
        catalogue: Catalogue,
        costs: Costs,
        eligibility: Eligibility,
        *,
        opt_outs: OptOuts,
        sandbox: bool,
        default_from_number: str = "",
    ) -> None:
        self._db = db
        self._clock = clock
        self._webhooks = webhooks
        self._recordings = recordings
        self._transitions = transitions
        self._catalogue = catalogue
        self._costs = costs
        self._eligibility = eligibility
        self._redecisions = Redecisions(eligibility)
        self._sandbox = sandbox
        self._from_number = default_from_number
        self.transfers = Transfers(db)
        self.transcripts = Transcripts(db)
        self.search = CallSearch(db, recordings)
        self.answers = Answers(db)
        self.opt_outs = opt_outs
        self.tools = Tools(db)
        self.lookups = Lookups(db)
        self.appointments = Appointments(db)
        self.supervisions = Supervisions(db)
        self.live_words = LiveWords(db)
        self.partial_words = PartialWordsDesk(db)

    # --- customers

    def create(
        self,
        principal: Principal,
        request: CallRequest,
        now: datetime | None = None,
        place: CampaignPlace | None = None,
        answer: Answer | None = None,
    ) -> CallView:
        """Queue a call (or let it wait until its `schedule_at`) and reserve its minutes. `place`:
        a campaign makes it. `answer`: what the account's own server said of it.

        Raises:
            AnswerNeeded: the account has a server that is asked first (`services/pre_dial.py`).
            InsufficientQuota: the account's minutes, or a budget, have less than the call may need.
            InvalidRequest: there is no number to call from, or a text names what has no value.
            NotCallable: a rule forbids the call.
            RateLimited: the key creates calls faster than it may.
        """
        from_number = request.from_number or self._from_number
        if not from_number:
            raise InvalidRequest(
                "There is no number to call from.",
                field="from_number",
                remedy="Name one in from_number, or set FROM_NUMBER for the install.",
            )
        request = self._catalogue.resolved(principal.account_id, request)
        request = variables.filled(
            replace(request, from_number=from_number),
            variables.of_call(from_number, request.phone_number),
        )
        moment = now or self._clock.now()
        trace = tracing.for_new_call()  # here: the verb runs in a thread that knows no request
        return self._db.run(self._create, principal, request, moment, place, answer, trace)

    def get(self, account_id: str, call_id: str) -> CallView:
        """Raises NotFound."""

        def verb() -> CallView:
            return self._view(_found(account_id, call_id), with_turns=True)

        return self._db.read(verb)

    def list(
        self,
        account_id: str,
        limit: int = 50,
        cursor: datetime | None = None,
        call_status: str | None = None,
        campaign_id: str | None = None,
    ) -> CallPage:
        """Calls created before `cursor`, newest first, with their transcripts.

        No two calls of an account have the same `created_at`, so paging loses and repeats none.
        """
        states = states_of(call_status)

        def verb() -> CallPage:
            rows = calls.page(account_id, limit + 1, cursor, states, campaign_id)
            turns = calls.transcripts([row.id for row in rows[:limit]])
            views = tuple(
                call_view(row, self._recordings.url(row), turns[row.id]) for row in rows[:limit]
            )
            return CallPage(views, views[-1].created_at if len(rows) > limit else None)

        return self._db.read(verb)

    def stop(self, account_id: str, call_id: str, now: datetime | None = None) -> CallView:
        """End a call: at once while it waits, by its controller while it is live.

        Stopping again changes nothing.

        Raises:
            Conflict: the call is over, and was not stopped.
            NotFound: no such call in this account.
        """
        return self._db.run(self._stop, account_id, call_id, now or self._clock.now())

    def cancel(self, account_id: str, call_id: str, now: datetime | None = None) -> CallView:
        """Cancel a call that has not started. Cancelling again changes nothing.

        Raises:
            Conflict: the call is being dialled, in progress or over.
            NotFound: no such call in this account.
        """

        def verb() -> CallView:
            lock_account(account_id)
            state = State(_found(account_id, call_id).state)
            if state in WAITING_STATES or state is State.CANCELLED:
                return self._stop(account_id, call_id, now or self._clock.now())
            raise Conflict(
                "The call is over." if state.is_final else "The call has started already.",
                remedy=None if state.is_final else "Use stop to end it.",
            )

        return self._db.run(verb)

    def delete(self, account_id: str, call_id: str, now: datetime | None = None) -> CallView:
        """The same as `cancel`: nothing that happened is ever deleted by a customer."""
        return self.cancel(account_id, call_id, now)

    # --- controllers

    def record(
        self,
        call_id: str,
        version: int,
        transition: Transition,
        facts: Mapping[str, Any],
        now: datetime,
    ) -> int:
        """Store a transition and everything that comes with it; the call's new version.

        `facts` are columns learnt with the event, see `services.transitions.FACTS`. Recording the
        same transition of the same version again changes nothing. Anything but a move is no news.

        Raises:
            Conflict: the call has another owner.
        """
        if transition.verdict is not Verdict.MOVED:
            return version

        def verb() -> int:
            call = _existing(call_id)
            if call.version != version:
                return _repeated(call, version, transition)
            return self._transitions.write(call, transition, facts, now)

        return self._db.run(verb)

    def intend_dial(
        self,
        call_id: str,
        version: int,
        channel_uuid: str,
        now: datetime,
        attempt: Attempt | None = None,
    ) -> int:
        """Commit that the call is about to be dialled as `channel_uuid`; the new version.

        From here on nothing dials the call again, but another `attempt` where the one before it
        was decided to be followed by one (`Routing.ended`). Repeating it changes nothing. Whether
        the call may be made is decided again where its claim is too long ago to rely on.

        Raises:
            Conflict: the call has another owner.
            NotAllowed: a rule forbids the dial by now; that is in the ledger.
        """

        def verb() -> int:
            call = _existing(call_id)
            intended = call.dialled_at is not None and call.channel_id == channel_uuid
            if intended and call.version == version + 1:
                return version + 1
            is_again = attempt is not None and attempt.number > 1
            self._redecisions.ensure_allowed(call, now)
            if (call.dialled_at is not None) is not is_again or not calls.change(
                call_id, version, channel_id=channel_uuid, dialled_at=now
            ):
                raise Conflict("The call was dialled before, or has another owner.")
            if attempt is not None:
                routing.intend(call_id, attempt, channel_uuid, now)
            return version + 1

        try:
            return self._db.run(verb)
        except NotAllowed as refused:
            self._db.run(eligibility.record, refused.judged, now)
            raise

    def dial_ended(self, call_id: str, number: int, outcome: Outcome, now: datetime) -> None:
        """Store how a dial ended that nobody answered, and what was decided then."""
        self._db.run(routing.ended, call_id, number, outcome, now)

    def append_turn(self, call_id: str, turn: Turn, at: datetime | None = None) -> None:
        """Store a turn; the same `seq` again corrects it, without a word it takes it back. `at`:
        when it was told, for calls whose answer is not stored yet."""

        def verb() -> None:
            call = _existing(call_id)
            began = (
                call.answered_at + timedelta(milliseconds=turn.started_ms)
                if call.answered_at
                else at or self._clock.now()
            )
            calls.put_turn(
                call_id,
                turn.seq,
                role=turn.speaker,
                text=text_without(turn.text, rules_for_writers(call)),
                started_ms=turn.started_ms,
                ended_ms=turn.ended_ms,
                interrupted=turn.interrupted,
                at=began,
            )

        self._db.run(verb)

    def append_timing(self, call_id: str, timing: TurnTiming, at: datetime | None = None) -> None:
        """Store where the time of one answer went."""
        moment = at or self._clock.now()
        self._db.run(calls.put_timing, call_id, timing.turn_seq, asdict(timing), moment)

    def note_usage(
        self, call_id: str, model: str, usage: TokenUsage, responses: int, at: datetime
    ) -> None:
        """Store what a model took for the call so far; the same again changes nothing."""
        columns = {**asdict(usage), "responses": responses, "at": at}
        self._db.run(lambda: calls.put_usage(call_id, model, **columns))

    def note_stages_replaced(self, call_id: str, stages: tuple[str, ...]) -> None:
        """Store which stages have failed in the call so far and were replaced."""
        self._db.run(calls.set_columns, call_id, stages_replaced=list(stages))

    def note_recording(self, call_id: str, state: str) -> None:
        """Store what the switch says of the recording: `written`, or `refused` to begin it."""
        self._db.run(calls.set_columns, call_id, recording_state=state)

    def note(self, call_id: str, kind: str, detail: Mapping[str, Any], at: datetime) -> None:
        """Store what happened without moving the call; `kind` of `store.calls.NOTES`."""
        self._db.run(calls.note, call_id, kind, dict(detail), at)

    def close_transcript(self, call_id: str, at: datetime) -> None:
        """Every turn of the call is stored."""

        def verb() -> None:
            partial_words.clear(call_id)
            calls.set_columns(call_id, transcript_closed_at=at)
            wrap_ups.tell_again(call_id, at)

        self._db.run(verb)

    def extend_lease(self, call_ids: Iterable[str], owner: str, until: datetime) -> set[str]:
        """Keep live calls until `until`; the ids of those that are no longer the owner's."""
        return self._db.run(leases.extend, Call, list(call_ids), owner, until)

    def release(self, call_id: str, owner: str, now: datetime) -> bool:
        """Let another controller of the node carry on a live call at once."""
        return self._db.run(calls.release, call_id, owner, now)

    def live(self, owner: str) -> Sequence[ClaimedCall]:
        """The live calls that a controller owns."""
        return self._db.read(lambda: [claimed_call(call) for call in calls.live_of(owner)])

    # --- parts

    def _create(
        self,
        principal: Principal,
        request: CallRequest,
        now: datetime,
        place: CampaignPlace | None,
        answer: Answer | None,
        trace: str | None,
    ) -> CallView:
        account_id, call_id = principal.account_id, new_id()
        routing.check_carrier(account_id, request.carrier_id)
        if request.tools:
            sealed = tool_secrets.sealed(account_id, request.tools, now)
            request = replace(request, tools=tuple(sealed))
        account = standing.of_account(account_id, now)
        if account is None:
            raise NotFound("No such account.")
        limits.refuse_haste(principal, now)
        budget = place.budget if place is not None else None
        meant = Meant(
            account_id=account_id,
            request=request,
            planned_at=max(now, request.schedule_at or now),
            stage="create",
            call_id=call_id,
            campaign_id=budget.campaign_id if budget is not None else None,
            asked_by=principal.key_id if place is None else None,
        )
        judged = self._eligibility.judge(meant, account.compliance, now)
        judged = weighed(judged, meant, place.lead_id if place is not None else None, answer)
        if judged.refused_by is not None:
            raise judged.refusal()
        request = with_words(request, speech_view(account.speech))
        waits = request.schedule_at is not None and request.schedule_at > now
        cost = self._costs.predicted(account_id, request)
        when = request.schedule_at if waits and request.schedule_at is not None else now
        claim = Claim(call_id, request.max_duration, cost, when, budget)
        quotas.set_aside(account.balance, account.limits, account_id, claim, now)
        created_at = calls.free_after(account.last_created_at, now)
        call = calls.insert(
            id=call_id,
            account=account_id,
            direction="outbound",
            state=State.PENDING if waits else State.QUEUED,
            sandbox=self._sandbox,
            phone_number=request.phone_number,
            from_number=request.from_number,
            priority=request.priority,
            request=plain(request.to_mapping()),
            key_id=principal.key_id or None,
            agent_id=request.agent_id,
            agent_version=request.agent_version,
            campaign_id=budget.campaign_id if budget is not None else None,
            lead_id=place.lead_id if place is not None else None,
            channel_id=new_id(),
            tries_left=DISPATCH_TRIES,
            created_at=created_at,
            schedule_at=request.schedule_at,
            predicted_cost=cost.told,
            queued_at=None if waits else created_at,
            dispatch_by=None if waits else self._transitions.dispatch_by(now),
            trace_context=trace,
        )
        eligibility.record(judged, now)
        if not waits:
            self._webhooks.announce(call, WEBHOOKS[State.QUEUED], now)
        return self._view(call)

    def _stop(self, account_id: str, call_id: str, now: datetime) -> CallView:
        lock_account(account_id)
        call = _found(account_id, call_id)
        state = State(call.state)
        if state in WAITING_STATES:
            self._transitions.apply(call, StopRequested(), now)
        elif not state.is_final:
            payload = {"by": "api"}
            if commands.open_like(call_id, commands.STOP, payload) is None:
                commands.insert(call_id, commands.STOP, payload, _COMMAND_TRIES, now)
        elif state is not State.CANCELLED:
            raise Conflict("The call is over.")
        return self._view(_found(account_id, call_id), with_turns=True)

    def _view(self, call: Call, *, with_turns: bool = False) -> CallView:
        turns = calls.transcripts([call.id])[call.id] if with_turns else ()
        return call_view(call, self._recordings.url(call), turns)


def _found(account_id: str, call_id: str) -> Call:
    call = calls.of_account(account_id, call_id)
    if call is None:
        raise NotFound("No such call.")
    return call


def _existing(call_id: str) -> Call:
    call = calls.get(call_id)
    if call is None:
        raise NotFound("No such call.")
    return call


def _repeated(call: Call, version: int, transition: Transition) -> int:
    """The writer's last answer was lost on its way: the same event is already stored."""
    event = calls.event_at(call.id, version + 1)
    told = (type(transition.event).__name__, transition.before, transition.after)
    if call.version == version + 1 and event and (event.kind, event.before, event.after) == told:
        return version + 1
    raise Conflict("The call has changed meanwhile: it has another owner.")
