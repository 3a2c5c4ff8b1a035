"""How long callers wait for answers."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields

_SHARES = {
    "endpointing": "Noticing that the caller's last sound was the last.",
    "provider": "From asking for an answer until the vendor's first byte of sound.",
    "gateway": "Ours: until the switch plays it.",
    "ear": "What the caller waited for, from sound to sound, measured on the recording.",
}
_MOMENTS = {
    "caller_energy": "The caller's last sound.",
    "turn_ended": "An answer was asked for.",
    "first_token": "The model had begun to write.",
    "first_byte": "The first of its sound was here.",
    "first_packet": "The switch began to play it.",
    "far_energy": "The far end heard it, by the recording.",
}


def _milliseconds(text: str, *, nullable: bool = False) -> fields.Whole:
    return fields.Whole(required=True, allow_none=nullable, metadata={"description": text})


class SpreadSchema(ma.Schema):
    """Percentiles, in milliseconds."""

    answers = fields.Whole(required=True, metadata={"description": "How many were measured."})
    p50 = _milliseconds("Half of the answers came at least as soon.")
    p95 = _milliseconds("19 of 20 did.")
    p99 = _milliseconds("99 of 100 did.")


def _spread(text: str) -> ma.fields.Nested:
    about = {"description": f"{text} `null`: nothing was measured."}
    return ma.fields.Nested(SpreadSchema, required=True, allow_none=True, metadata=about)


SpreadsSchema = ma.Schema.from_dict(
    {name: _spread(text) for name, text in _SHARES.items()}, name="LatencySpreadsSchema"
)
MomentsSchema = ma.Schema.from_dict(
    {name: _milliseconds(text, nullable=True) for name, text in _MOMENTS.items()},
    name="MomentsSchema",
)


class TimingSchema(ma.Schema):
    """Where the milliseconds went between the caller's last sound and the answer's first."""

    turn = fields.Whole(
        required=True, attribute="turn_seq", metadata={"description": "The `id` of the turn."}
    )
    endpointing_ms = _milliseconds(f"{_SHARES['endpointing']} 0: no turn of the caller led to it.")
    provider_ms = _milliseconds(_SHARES["provider"])
    gateway_ms = _milliseconds(_SHARES["gateway"])
    ear_ms = _milliseconds(
        f"{_SHARES['ear']} `null` while the call lasts, and where the recording does not tell.",
        nullable=True,
    )
    unexplained_ms = _milliseconds(
        "What `ear_ms` is beyond the other three: time in the switch and its buffers.",
        nullable=True,
    )
    finished = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={
            "minimum": 0,
            "maximum": 1,
            "description": "How likely the end-of-turn model found it that the caller had finished "
            "(`interruption.endpointing.by`: `sound`); `null`: not asked, or not in time.",
        },
    )
    moments = ma.fields.Nested(
        MomentsSchema,
        required=True,
        metadata={"description": "In milliseconds since the answer; `null`: not seen."},
    )


class DayQuerySchema(ma.Schema):
    """A time of days."""

    first = ma.fields.Date(
        required=True, data_key="from", metadata={"description": "First UTC day."}
    )
    last = ma.fields.Date(
        required=True, data_key="to", metadata={"description": "Last UTC day, included."}
    )


class DaySchema(ma.Schema):
    """The answers of one UTC day, in one mode, by one model."""

    day = fields.Text(required=True, metadata={"example": "2026-11-23"})
    mode = fields.Text(required=True)
    model = fields.Text(required=True, metadata={"description": "Empty: none answered."})
    latency = ma.fields.Nested(SpreadsSchema, required=True, attribute="spreads")


class DaysSchema(ma.Schema):
    """Days, oldest first; those without answers are left out."""

    data = fields.ListOf(ma.fields.Nested(DaySchema), required=True)
