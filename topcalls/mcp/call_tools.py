"""Tools about calls."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from topcalls.client import ApiError, TopCalls
from topcalls.mcp import answers
from topcalls.mcp.arguments import (
    CALL_STATUSES,
    REVEAL,
    choice,
    number,
    of,
    page,
    text,
    uuid,
    whole,
)

Given = dict[str, Any]

PLACE: Final = of(
    "phone_number",
    phone_number=number("Whom to call; E.164, as in +12025550107."),
    task=text("What the agent is to do, in plain words.", most=20000),
    agent_id=uuid("An agent whose instructions hold, instead of `task`."),
    first_sentence=text("What the agent says first.", most=1000),
    from_number=number("The caller ID to show, one of the account's numbers."),
    voice=text("The agent's voice.", most=100),
    language=text("BCP 47, as in en-US.", most=35),
    max_duration={"type": "number", "exclusiveMinimum": 0, "description": "Minutes at most."},
    schedule_at=text("When to dial, RFC 3339; without: at once.", most=40),
    metadata={"type": "object", "description": "Kept with the call, and told in its webhooks."},
    idempotency_key=text("The same for each repetition.", minLength=8, most=255),
)
LIST: Final = of(
    status=choice("What became of it by telephone.", *CALL_STATUSES),
    campaign_id=uuid("Only calls of this campaign."),
    reveal_numbers=REVEAL,
    **page(),
)
SEARCH: Final = of(
    "text",
    text=text("What to look for; upper and lower case are one.", most=200),
    status=choice("What became of it by telephone.", *CALL_STATUSES),
    campaign_id=uuid("Only calls of this campaign."),
    among=whole("How many of the newest calls to look through.", 1, 2000, 500),
    limit=whole("How many to tell.", 1, 100, 20),
    reveal_numbers=REVEAL,
)
ELIGIBILITY: Final = of(
    "phone_number",
    phone_number=number("Who would be called."),
    campaign_id=uuid("As a contact of this campaign."),
    purpose=text("For this purpose of the account.", most=100),
    at=text("When, RFC 3339; without: now.", most=40),
    reveal_numbers=REVEAL,
)
_SEARCHED: Final = ("phone_number", "from_phone_number", "call_summary", "disposition")


def place(topcalls: TopCalls, given: Given) -> Any:
    """Create a call."""
    key = given.pop("idempotency_key", None)
    return dict(topcalls.calls.create(idempotency_key=key, **given))


def listed(topcalls: TopCalls, given: Given) -> Any:
    """A page of calls."""
    found = topcalls.calls.list(**{"limit": 20, **given})
    calls = [answers.call(one) for one in found["data"]]
    return {"calls": calls, "next_cursor": found["next_cursor"]}


def search(topcalls: TopCalls, given: Given) -> Any:
    """Calls in which a text occurs."""
    wanted, among = given.pop("text").casefold(), given.pop("among", 500)
    most, seen, found = given.pop("limit", 20), 0, []
    for one in islice(topcalls.calls.every(limit=min(among, 200), **given), among):
        seen += 1
        turns = [turn for turn in one["transcript"] if wanted in turn["text"].casefold()]
        if turns or any(wanted in str(one.get(name) or "").casefold() for name in _SEARCHED):
            found.append(answers.call({**one, "transcript": turns}, transcript=True))
            if len(found) == most:
                break
    return {"calls": found, "calls_looked_through": seen}


def live(topcalls: TopCalls, given: Given) -> Any:
    """Calls that are going on."""
    return {"calls": [answers.call(one) for one in topcalls.calls.list_live_calls()["data"]]}


def details(topcalls: TopCalls, given: Given) -> Any:
    """One call."""
    return answers.call(topcalls.calls.get(given["call_id"]))


def transcript(topcalls: TopCalls, given: Given) -> Any:
    """What was said."""
    told = dict(topcalls.transcripts.get(given["call_id"]))
    return answers.untrusted({"turns": told.pop("turns")}, **told)


def explanation(topcalls: TopCalls, given: Given) -> Any:
    """Why a call ended."""
    return answers.untrusted(dict(topcalls.root_causes.get(given["call_id"], numbers="true")))


def hang_up(topcalls: TopCalls, given: Given) -> Any:
    """End a call, or cancel one that waits."""
    try:
        return dict(topcalls.calls.stop(given["call_id"]))
    except ApiError as error:
        if error.status != 409:
            raise
        return dict(topcalls.calls.cancel(given["call_id"]))


def eligibility(topcalls: TopCalls, given: Given) -> Any:
    """Whether somebody may be called."""
    return dict(topcalls.compliance.check_eligibility(**given))
