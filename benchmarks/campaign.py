"""Runs a campaign on the sandbox to its end while its worker and controller are killed.

    python benchmarks/campaign.py [--leads 1000] [--kills 20] [--seed 1] [--seconds 1800]

Of ten people one picks up, hears the agent and hangs up; nine are busy and are not called again.
Each must have exactly one call afterwards, dialled at most once, and be done or given up, but for
those whose talk was cut off by a kill, who are to be called the next day. Whoever picked up and
heard nobody because of a kill counts as abandoned: the campaign pauses by itself, and is resumed.
What is wrong is counted; the exit code says so. The same seed chooses the same victims and pauses.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import json  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections import Counter  # noqa: E402
from collections.abc import Mapping  # noqa: E402
from typing import Any  # noqa: E402

from common import HERE, say, workspace  # noqa: E402

TESTS = HERE.parent / "tests"
sys.path[:0] = [str(TESTS / folder) for folder in ("sandbox", "")]

from crash_rig import BUSY, SCENARIOS, CrashRig  # noqa: E402

SCOPES = "calls:read,calls:write,leads:read,leads:write,campaigns:read,campaigns:write"
VICTIMS = ("worker", "controller")
BODY = {
    "name": "Killed",
    "call": {"task": "Say hello.", "max_duration": 1, "ring_timeout_seconds": 10},
    "pacing": {"max_concurrent": 20},
    "retry": {"outcomes": {"busy": {"max": 0}, "short_talk": {"max": 0}}},
    "circuit_breaker": {"enabled": False},
}
HEARS = ["ring: 0.2", "answer", "listen: {silence: 0.3, limit: 8}", "hang_up"]
"""Whoever hung up before the agent spoke would count as abandoned, which pauses the campaign."""

SUM = "select state, reason, count(*) from campaign_contact group by state, reason"
CUT_OFF = ("dropped", "lost")
"""Why somebody waits for the next day whose call was under way when a controller was killed."""

ABANDONED = "abandonment"
CALLS = "select lead_id, id, dialled_at from call where campaign_id is not null"


def numbers(leads: int) -> list[str]:
    """One for each person."""
    return [f"+1202556{index:04d}" for index in range(leads)]


def begin(rig: CrashRig, leads: int) -> str:
    """A campaign that runs."""
    rig.key = rig.new_key(SCOPES)
    list_id = rig.request("POST", "/v1/lists", {"name": "People"}).body["id"]
    people = [{"phone_number": number} for number in numbers(leads)]
    for first in range(0, leads, 2000):
        body = {"list_id": list_id, "leads": people[first : first + 2000]}
        assert rig.request("POST", "/v1/leads/bulk", body).status == 200
    made = rig.request("POST", "/v1/campaigns", {**BODY, "list_ids": [list_id]})
    assert made.status == 201, made.body
    started = rig.request("POST", f"/v1/campaigns/{made.body['id']}/start")
    assert started.status == 200, started.body
    return str(made.body["id"])


def left(rig: CrashRig) -> int:
    """How many people wait or are being called, but for those who wait for the next day."""
    return sum(
        count
        for state, reason, count in rig.rows(SUM)
        if state == "in_flight" or (state == "waiting" and reason not in CUT_OFF)
    )


def resume(rig: CrashRig) -> str | None:
    """Let it go on where it stopped by itself; why it did."""
    found = rig.rows("select id, paused_for from campaign where state = 'paused'")
    if not found:
        return None
    campaign_id, reason = found[0]
    assert rig.request("POST", f"/v1/campaigns/{campaign_id}/resume").status == 200
    return str(json.loads(reason)["code"])


def cut_off(rig: CrashRig) -> int:
    """How many people wait for the next day."""
    return sum(count for _, reason, count in rig.rows(SUM) if reason in CUT_OFF)


def kill_now_and_then(
    rig: CrashRig, kills: int, seed: int, until: float, pauses: Counter[str]
) -> int:
    """Kill a process, start it again, wait, until nobody is left; how many were killed. `pauses`:
    for what the campaign stopped by itself."""
    chance, killed = random.Random(seed), 0
    while left(rig) and time.monotonic() < until:
        time.sleep(chance.uniform(0.5, 4.0))
        reason = resume(rig)
        if reason is not None:
            pauses[reason] += 1
        if killed < kills:
            victim = chance.choice(VICTIMS)
            rig.kill_alone(victim)
            rig.spawn(victim)
            killed += 1
    return killed


def wrong(rig: CrashRig, leads: int, campaign_id: str, pauses: Mapping[str, int]) -> dict[str, int]:
    """What must not be, counted."""
    dials = Counter(note["call_id"] for note in rig.journal("originate"))
    calls: dict[str, list[Any]] = {}
    for lead_id, call_id, dialled_at in rig.rows(CALLS):
        if dialled_at is not None:
            calls.setdefault(lead_id, []).append(call_id)
    (state,) = rig.rows("select state from campaign where id = ?", campaign_id)[0]
    return {
        "dialled twice": sum(count > 1 for count in dials.values()),
        "people called twice": sum(len(found) > 1 for found in calls.values()),
        "people never called": leads - len(calls),
        "people left": left(rig),
        "paused for anything else": sum(pauses.values()) - pauses.get(ABANDONED, 0),
        "campaign not completed": int(state != "completed" and not cut_off(rig)),
    }


def main() -> int:
    """Returns 0 when nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--leads", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1800.0)
    options = parser.parse_args()
    fates = {
        number: HEARS if index % 10 == 0 else SCENARIOS[BUSY]
        for index, number in enumerate(numbers(options.leads))
    }
    with workspace() as directory:
        rig = CrashRig(directory, fates)
        rig.ready_seconds = 300.0  # a machine in use is slow to start processes
        try:
            rig.start_alone()
            began = time.monotonic()
            campaign_id = begin(rig, options.leads)
            until = began + options.seconds
            pauses: Counter[str] = Counter()
            killed = kill_now_and_then(rig, options.kills, options.seed, until, pauses)
            took = time.monotonic() - began
            ended = "select count(*) from campaign where state = 'completed'"
            while not (rig.rows(ended)[0][0] or cut_off(rig)) and time.monotonic() < until:
                time.sleep(0.5)
            found = wrong(rig, options.leads, campaign_id, pauses)
            say(f"{options.leads} people, {killed} kills, {took:.0f} s")
            say(f"cut off by a kill: {cut_off(rig)}")
            say(f"paused by itself, and resumed: {dict(pauses)}")
            for what, count in found.items():
                say(f"{what}: {count}")
            say(f"contacts: {[tuple(row) for row in rig.rows(SUM)]}")
        finally:
            rig.stop_all()
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main())
