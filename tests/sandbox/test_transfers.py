"""A call handed over to a person, and back where that fails: the whole product in the sandbox."""

import pytest
from scenarios import words

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

CALLER, TARGET, BUSY, VOICEMAIL, RINGS = (
    f"+12025550{digits}" for digits in ("113", "114", "101", "104", "102")
)
NOBODY_HANGS_UP = "+12025550108"
BRIEFING = "A caller of {{company}} asks for you."


def support(number=TARGET, **more):
    return {"destinations": [{"name": "support", "number": number, **more}]}


def warm(number=TARGET, **more):
    return support(number, kind="warm", briefing=BRIEFING, **more)


WISHES = {
    "blind": support(),
    "busy": support(BUSY),
    "warm": warm(),
    "voicemail": warm(VOICEMAIL),
    "blind voicemail": support(VOICEMAIL, detect_voicemail=True),
    "no answer": support(RINGS, ring_timeout_seconds=5),
    "refer": support(method="refer"),
    "refer busy": support(BUSY, method="refer"),
}


@pytest.fixture(scope="module")
def place(product):
    """Places a call that lists these destinations; its id."""

    def make(transfer):
        return product.place(CALLER, transfer=transfer, request_data={"company": "Bright Smile"})

    return make


@pytest.fixture(scope="module")
def ids(place):
    """All of them under way at once."""
    return {name: place(transfer) for name, transfer in WISHES.items()}


@pytest.fixture
def ended(product, ids):
    """A call of `WISHES`, once it is over."""
    return lambda name: product.wait_over(ids[name], seconds=180)


def transfer_of(call):
    (only,) = call["transfers"]
    return only


def came(product, call_id, condition):
    """The call's one transfer, once `condition` is true of it."""
    found = product.wait_until(
        call_id, lambda call: call["transfers"] and condition(call["transfers"][-1])
    )
    return found["transfers"][-1]


def is_over(transfer):
    return transfer["outcome"] is not None


def test_a_blind_transfer_connects_the_two(product, ids, ended):
    call_id, call = ids["blind"], ended("blind")
    done = transfer_of(call)
    assert (done["outcome"], done["kind"], done["method"]) == ("transferred", "blind", "bridge")
    assert done["asked_by"] == "agent"
    assert done["summary"] == "The caller asks for a person."
    assert done["asked_at"] < done["answered_at"] <= done["connected_at"] < done["ended_at"]
    assert call["call_status"] == "completed"
    assert call["end_reason"] in ("transfer_ended", "callee_hung_up")
    assert "connect you" in words(call, "assistant")
    told = product.wait_webhook(call_id, "call.transferred")
    assert told["status"] == "delivered"
    events = product.get(f"/v1/calls/{call_id}/events")["data"]
    moved = next(event for event in events if event["kind"] == "Transferred")
    assert moved["detail"]["destination"] == "support"


def test_a_busy_target_brings_the_caller_back_to_the_agent(ended):
    call = ended("busy")
    done = transfer_of(call)
    assert (done["outcome"], done["failure"], done["sip_status"]) == ("failed", "busy", 486)
    assert done["answered_at"] is None
    assert "nobody can take your call now" in words(call, "assistant")
    assert (call["call_status"], call["end_reason"]) == ("completed", "agent_ended")


def test_a_warm_transfer_connects_who_presses_the_key(ended):
    call = ended("warm")
    done = transfer_of(call)
    assert (done["outcome"], done["kind"]) == ("transferred", "warm")
    assert done["connected_at"] > done["answered_at"]
    assert call["call_status"] == "completed"


@pytest.mark.parametrize("name", ["voicemail", "blind voicemail"])
def test_a_voicemail_is_noticed_and_let_go_of(ended, name):
    call = ended(name)
    done = transfer_of(call)
    assert (done["outcome"], done["failure"]) == ("failed", "voicemail")
    assert done["answered_at"] is not None
    assert done["connected_at"] is None
    assert "nobody can take your call now" in words(call, "assistant")


def test_a_target_that_does_not_answer(ended):
    call = ended("no answer")
    assert transfer_of(call)["failure"] == "no_answer"
    assert call["end_reason"] == "agent_ended"


@pytest.mark.parametrize("transfer", [support(RINGS), warm(VOICEMAIL)], ids=["ringing", "briefing"])
def test_a_call_that_is_stopped_meanwhile_leaves_no_leg_behind(product, place, transfer):
    call_id = place(transfer)
    briefed = "briefing" in transfer["destinations"][0]
    came(product, call_id, lambda one: one["answered_at"] is not None if briefed else True)
    product.request("POST", f"/v1/calls/{call_id}/stop")
    call = product.wait_over(call_id)
    assert call["end_reason"] == "stopped"
    assert transfer_of(call)["outcome"] == "called_off"


def test_by_refer_the_carrier_connects_and_our_leg_ends(product, ids, ended):
    call_id, call = ids["refer"], ended("refer")
    done = transfer_of(call)
    assert (done["outcome"], done["method"], done["sip_status"]) == ("referred", "refer", 200)
    assert done["channel_id"] is None
    assert (call["call_status"], call["end_reason"]) == ("completed", "transferred")
    assert product.wait_webhook(call_id, "call.transferred")


def test_a_refer_to_somebody_busy_brings_the_caller_back(ended):
    call = ended("refer busy")
    done = transfer_of(call)
    assert (done["outcome"], done["failure"], done["sip_status"]) == ("failed", "busy", 486)
    assert call["end_reason"] == "agent_ended"


def test_a_user_transfers_to_a_listed_destination_and_to_no_other(product, place):
    call_id = product.place(NOBODY_HANGS_UP, transfer=support(), silence_timeout_seconds=60)
    product.wait_until(call_id, lambda call: call["call_status"] == "in-progress")
    path = f"/v1/calls/{call_id}/transfer"
    refused = product.request("POST", path, {"destination": "sales"})
    assert refused.status == 400
    assert "support" in str(refused.body)
    refused = product.request("POST", path, {"number": TARGET})
    assert refused.status == 403
    assert product.request("POST", path, {"destination": "support"}).status == 202
    done = came(product, call_id, lambda one: one["connected_at"] is not None)
    assert (done["asked_by"], done["outcome"]) == ("api", "transferred")
    refused = product.request("POST", path, {"destination": "support"})
    assert refused.status == 409
    product.request("POST", f"/v1/calls/{call_id}/stop")
    assert product.wait_over(call_id)["end_reason"] == "stopped"
