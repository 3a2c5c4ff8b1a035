"""Calls and everything that hangs on one call."""

from __future__ import annotations

import peewee

from topcalls.core.call_state import LIVE_STATES, State
from topcalls.core.wrap_up import Step
from topcalls.store.fields import InstantField, JsonField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Leased, Table, Task, counted, id_field, literals, one_of

DIRECTIONS = ("outbound", "inbound")
ROLES = ("assistant", "user")
RECORDING_STATES = ("written", "refused")


class Call(Leased):
    """One call. `state` is written by `store.calls.move` only, as `core.call_state` says.

    `channel_id` is the switch's name of the channel, chosen before dialling. `dialled_at` set means
    that the dial intent is committed: the call is never dialled again. `released_at`: since when a
    live call waits for another controller, because its own let go of it. `request` is a stored
    `CallRequest`. A live call is leased to the controller that owns it. `recording_state` is what
    the switch told of the recording; unknown where it told nothing. `sentiment` and `success` are
    what the summary's model judged; `analysis_state` is that of the analysis that follows the call.
    `key_id`: of the API key that created it. `opted_out`: the scope in which somebody said that
    they want no calls. `abandoned`: whoever was called, by no campaign, picked up and heard nobody;
    null otherwise. `trace_context`: a W3C `traceparent`, of what created the call; null where
    nothing was traced.
    """

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="RESTRICT", index=False)
    account_id: str
    direction = peewee.TextField(constraints=[one_of("direction", DIRECTIONS)])
    state = peewee.TextField(constraints=[one_of("state", State)])
    version = peewee.IntegerField(default=1)
    sandbox = peewee.BooleanField()
    phone_number = peewee.TextField()
    from_number = peewee.TextField(null=True)
    priority = peewee.IntegerField()
    request = JsonField()
    agent_id = peewee.CharField(max_length=36, null=True)
    agent_version = peewee.IntegerField(null=True)
    campaign_id = peewee.CharField(max_length=36, null=True)
    lead_id = peewee.CharField(max_length=36, null=True)
    key_id = peewee.CharField(max_length=36, null=True)
    channel_id = peewee.CharField(max_length=64, unique=True)
    node = peewee.TextField(null=True)
    tries_left = peewee.IntegerField()
    created_at = InstantField()
    schedule_at = InstantField(null=True)
    queued_at = InstantField(null=True)
    dispatch_by = InstantField(null=True)
    claimed_at = InstantField(null=True)
    dialled_at = InstantField(null=True)
    released_at = InstantField(null=True)
    answered_at = InstantField(null=True)
    ended_at = InstantField(null=True)
    end_reason = peewee.TextField(null=True)
    error_message = peewee.TextField(null=True)
    hangup_cause = peewee.TextField(null=True)
    sip_status = peewee.IntegerField(null=True)
    q850 = peewee.IntegerField(null=True)
    hung_up_by = peewee.TextField(null=True)
    answered_by = peewee.TextField(null=True)
    opted_out = peewee.TextField(null=True)
    abandoned = peewee.BooleanField(null=True)
    trace_context = peewee.TextField(null=True)
    billed_seconds = peewee.IntegerField(null=True)
    recording_file = peewee.TextField(null=True)
    recording_ready_at = InstantField(null=True)
    timed_at = InstantField(null=True)
    recording_state = peewee.TextField(
        null=True, constraints=[one_of("recording_state", RECORDING_STATES)]
    )
    transcript_closed_at = InstantField(null=True)
    call_summary = SpeechField(null=True)
    analysis = JsonField(null=True)
    stages_replaced = JsonField(null=True)
    disposition = peewee.TextField(null=True)
    predicted_cost = JsonField(null=True)
    cost = JsonField(null=True)
    sentiment = peewee.TextField(null=True)
    success = peewee.BooleanField(null=True)
    analysis_state = peewee.TextField(null=True)
    redacted_at = InstantField(null=True)
    completed = peewee.BooleanField(default=False)
    counted_at = InstantField(null=True)


IS_PENDING = peewee.Expression(Call.state, "IN", literals([State.PENDING]))
IS_QUEUED = peewee.Expression(Call.state, "IN", literals([State.QUEUED]))
IS_LIVE = peewee.Expression(
    Call.state, "IN", literals([state for state in State if state in LIVE_STATES])
)

for _index in (
    # The list, newest first; `created_at` is unique in an account, which makes it a cursor.
    Call.index(Call.account, Call.created_at, unique=True, name="call_list"),
    Call.index(
        Call.account,
        Call.state,
        Call.created_at,
        where=Call.ended_at.is_null(False),
        name="call_list_by_outcome",
    ),
    Call.index(
        Call.campaign_id,
        Call.created_at,
        where=Call.campaign_id.is_null(False),
        name="call_list_by_campaign",
    ),
    Call.index(
        Call.account,
        Call.ended_at,
        where=Call.abandoned.is_null(False),
        name="call_abandoned",
    ),
    Call.index(Call.lead_id, where=Call.lead_id.is_null(False), name="call_of_lead"),
    Call.index(Call.key_id, Call.created_at, where=Call.key_id.is_null(False), name="call_of_key"),
    # The queue of an account in the order in which it is served.
    Call.index(
        Call.account, Call.priority.desc(), Call.queued_at, where=IS_QUEUED, name="call_queue"
    ),
    # The queue of a campaign, and what it runs.
    Call.index(
        Call.account,
        Call.campaign_id,
        Call.state,
        Call.queued_at,
        where=Call.campaign_id.is_null(False) & Call.ended_at.is_null(),
        name="call_open_of_campaign",
    ),
    Call.index(
        Call.campaign_id,
        Call.claimed_at,
        where=Call.campaign_id.is_null(False) & Call.claimed_at.is_null(False),
        name="call_claimed_of_campaign",
    ),
    Call.index(Call.dispatch_by, where=IS_QUEUED, name="call_dispatch_by"),
    Call.index(Call.schedule_at, where=IS_PENDING, name="call_schedule"),
    # The limits.
    Call.index(Call.account, where=IS_LIVE, name="call_live_of_account"),
    Call.index(Call.node, where=IS_LIVE, name="call_live_of_node"),
    Call.index(
        Call.account,
        Call.claimed_at,
        where=Call.claimed_at.is_null(False),
        name="call_claimed",
    ),
    # Who was called before.
    Call.index(
        Call.account,
        Call.phone_number,
        Call.claimed_at,
        where=Call.claimed_at.is_null(False),
        name="call_of_number",
    ),
    # The owners.
    Call.index(Call.lease_owner, where=Call.lease_owner.is_null(False), name="call_owner"),
    Call.index(Call.lease_until, where=Call.lease_until.is_null(False), name="call_lease"),
    Call.index(Call.node, where=Call.released_at.is_null(False), name="call_released"),
    # What is to be counted.
    Call.index(
        Call.ended_at,
        where=Call.counted_at.is_null() & Call.ended_at.is_null(False),
        name="call_uncounted",
    ),
):
    Call.add_index(_index)


class CallEvent(Table):
    """An accepted event: the audit trail of a call, in the order of `version`."""

    id = peewee.BigAutoField()
    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", index=False)
    call_id: str
    version = peewee.IntegerField()
    kind = peewee.TextField()
    before = peewee.TextField()
    after = peewee.TextField()
    detail = JsonField()
    at = InstantField(index=True)

    class Meta:
        indexes = ((("call", "version"), False),)


class TranscriptTurn(Table):
    """What was said, by turn. `seq` orders the turns; the same `seq` again is a correction.

    `started_ms` and `ended_ms` count from the answer; `interrupted`: the caller cut in. `change`
    grows with every write in the call, so that a follower finds what is new. A turn without words
    was foretold, and nobody heard it.
    """

    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", index=False)
    call_id: str
    seq = peewee.IntegerField()
    role = peewee.TextField(constraints=[one_of("role", ROLES)])
    text = SpeechField()
    started_ms = peewee.IntegerField(default=0)
    ended_ms = peewee.IntegerField(default=0)
    interrupted = peewee.BooleanField(default=False)
    at = InstantField()
    change = counted()

    class Meta:
        primary_key = peewee.CompositeKey("call", "seq")


class PartialWords(Table):
    """What the caller is saying just now, where somebody follows the call: the turn of `seq` as far
    as it is known. It is written over, and deleted when the turn is stored."""

    call = peewee.ForeignKeyField(Call, primary_key=True, on_delete="CASCADE")
    call_id: str
    seq = peewee.IntegerField()
    text = SpeechField()
    started_ms = peewee.IntegerField()
    at = InstantField()


class TurnTiming(Table):
    """Where the time of one answer went: a stored `core.turns.TurnTiming`."""

    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", index=False)
    call_id: str
    seq = peewee.IntegerField()
    measures = JsonField()
    at = InstantField(index=True)

    class Meta:
        primary_key = peewee.CompositeKey("call", "seq")


class CallUsage(Table):
    """What the models of a call took: a stored `core.token_usage.TokenUsage` and the
    number of responses, so far."""

    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", index=False)
    call_id: str
    model = peewee.TextField()
    responses = peewee.IntegerField()
    input_text = peewee.IntegerField()
    input_audio = peewee.IntegerField()
    input_cached = peewee.IntegerField()
    input_cached_audio = peewee.IntegerField()
    output_text = peewee.IntegerField()
    output_audio = peewee.IntegerField()
    voice_characters = peewee.IntegerField(default=0)
    wasted_tokens = peewee.IntegerField(default=0)
    wasted_characters = peewee.IntegerField(default=0)
    heard_ms = peewee.IntegerField(default=0)
    at = InstantField()

    class Meta:
        primary_key = peewee.CompositeKey("call", "model")


class Command(Task):
    """What the API wants of a live call. Carried out by the controller that owns the call."""

    id = id_field(primary_key=True)
    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", index=False)
    call_id: str
    kind = peewee.TextField()
    payload = JsonField()
    created_at = InstantField()
    finished_at = InstantField(null=True)
    result = JsonField(null=True)


Command.add_index(Command.index(Command.call, Command.created_at, name="command_of_call"))


class WrapUp(Task):
    """The work after a call; `step` is the next one to do. `tries_left` is of this step."""

    call = peewee.ForeignKeyField(Call, primary_key=True, on_delete="CASCADE")
    call_id: str
    step = peewee.TextField(constraints=[one_of("step", Step)])
    log = JsonField()
    finished_at = InstantField(null=True)


WrapUp.add_index(
    WrapUp.index(WrapUp.available_at, where=WrapUp.finished_at.is_null(), name="wrap_up_due")
)
