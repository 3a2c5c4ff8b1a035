"""Ten kills at random instants. `benchmarks/crash.py` is the same, for hundreds."""

import json

import pytest
from crash_rig import CrashRig, Fuzz

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(330)]
KILLS = 10
SEED = 20
SETTLE_SECONDS = 180
"""Over in a few, but where a worker dies with a delivery or the end of a call in its hands: those
are free when its lease is over, after 120."""


@pytest.fixture
def rig(tmp_path):
    made = CrashRig(tmp_path)
    yield made
    made.stop_all()


def test_ten_kills_leave_nothing_wrong(rig):
    fuzz = Fuzz(rig.start_alone(), SEED)
    found = fuzz.run(KILLS, SETTLE_SECONDS)
    assert found.pop("crashes") >= KILLS
    del found["adopted"]  # how many there is a call left to carry on depends on the machine
    assert len(fuzz.calls) > KILLS
    assert found == dict.fromkeys(found, 0), (rig.reasons(), rig.logs()[-3000:])
    assert_what_is_wrong_would_show(rig, fuzz)


def assert_what_is_wrong_would_show(rig, fuzz):
    """A dial that nobody made is seen, and a webhook that nobody got."""
    call_id = fuzz.calls[0]
    with rig.journal_file.open("a") as journal:
        dial = {"at": "2026-01-01T00:00:00+00:00", "what": "originate", "call_id": call_id}
        journal.write(json.dumps(dial) + "\n")
    found = rig.verdict([*fuzz.calls, "a call that is nowhere"], fuzz.came)
    assert (found["duplicates"], found["lost"], found["webhooks"]) == (1, 1, 1)
    assert found["stuck"] == 2
