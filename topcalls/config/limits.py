"""How much a controller carries, and how it stops."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class LimitSettings(BaseModel):
    """How much a controller carries, and how it stops."""

    max_calls: int = Field(
        100, ge=1, le=5000, description="Most calls that one controller carries at once."
    )
    inbound_reserve: int = Field(
        0,
        ge=0,
        le=5000,
        description="Places of each controller's `max_calls` that calls out leave free for calls "
        "that come in.",
    )
    calls_per_second: float = Field(
        10.0, gt=0, le=1000, description="Most calls that one controller dials per second."
    )
    dispatch_timeout_seconds: int = Field(
        3600, ge=10, description="How long a call may wait in the queue before it fails."
    )
    min_idle_cpu: float = Field(
        5.0,
        ge=0,
        le=100,
        description="No more calls go to a switch whose processors are idle for less, in percent.",
    )
    drain_seconds: int = Field(
        30, ge=0, le=3600, description="How long a stopping controller lets its calls talk on."
    )
    hand_over: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Whether a stopping controller gives its calls to another one: `auto`, to one "
        "of its node that runs; `always`, also to one that is still to be started; `never`.",
    )
    adopt_seconds: int = Field(
        60,
        ge=0,
        le=3600,
        description="How long after its controller was last heard of a call is still carried on by "
        "another one. Later it is hung up.",
    )
