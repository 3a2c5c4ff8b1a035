"""Calls that need no audio of ours: the whole product on the double, always, and on a real switch.

See `own_switch.py` for what has to be set for the real one.
"""

import os
import shutil
from datetime import datetime, timedelta

import own_switch
import pytest
from freeswitch_lab import NUMBER, outcome, place, talking
from switches import TARGET, Double, Real

from topcalls.core.call_events import Hangup
from topcalls.core.hangup_causes import in_words

REAL = [
    pytest.mark.freeswitch,
    pytest.mark.skipif(not os.environ.get(own_switch.PROGRAM), reason=f"set {own_switch.PROGRAM}"),
    pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed"),
]
pytestmark = pytest.mark.timeout(240)
OURS = "+12025550142"
SCOPES = "agents:write,phone_numbers:write,calls:read,calls:write,admin"


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(Double, marks=pytest.mark.sandbox, id="double"),
        pytest.param(Real, marks=REAL, id="freeswitch"),
    ],
)
def lab(request, tmp_path_factory):
    made = request.param(tmp_path_factory.mktemp(request.param.__name__))
    yield made
    made.stop()


@pytest.fixture
def product(lab):
    return lab.product


# -- calls that nobody answers ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        ("486 Busy Here", "busy", "busy"),
        ("600 Busy Everywhere", "busy", "busy"),
        ("480 Temporarily Unavailable", "no-answer", "no_answer"),
        ("408 Request Timeout", "no-answer", "no_answer"),
        ("487 Request Terminated", "no-answer", "no_answer"),
        ("603 Decline", "rejected", "rejected"),
        ("403 Forbidden", "failed", "dial_failed"),
        ("404 Not Found", "failed", "dial_failed"),
        ("488 Not Acceptable Here", "failed", "dial_failed"),
        ("503 Service Unavailable", "failed", "dial_failed"),
    ],
)
def test_a_call_that_is_refused(lab, product, answer, status, reason):
    with lab.refuses(answer):
        call = product.wait_over(place(product))
    assert outcome(call) == ("failed", status, reason)
    hangup = call["hangup"]
    assert hangup["sip_status"] == int(answer[:3])
    assert hangup["by"] in ("far_end", "network")
    assert call["error_message"] == in_words(Hangup(hangup["cause"], hangup["sip_status"]))
    assert call["actual_duration_billed"] == 0
    assert call["recording_url"] is None


BLOCKED = 'SIP;cause=603;text="v=analytics1;url=https://who.example/redress;tel=+12025550177"'


def test_a_number_that_a_network_blocks(lab, product):
    with lab.refuses_in_full(603, "Network Blocked", reason=BLOCKED):
        call = product.wait_over(place(product))
    assert outcome(call) == ("failed", "failed", "dial_failed")
    assert (call["hangup"]["sip_status"], call["hangup"]["by"]) == (603, "network")
    (dial,) = call["routing"]
    assert (dial["sip_phrase"], dial["then"]) == ("Network Blocked", "stop")
    assert dial["sip_reason"] == (BLOCKED if lab.tells_reasons else None)
    assert ("https://who.example/redress" in call["error_message"]) == lab.tells_reasons


def test_a_network_that_blocks_and_tells_so_in_its_reason_alone(lab, product):
    with lab.refuses_in_full(603, "Decline", reason=BLOCKED):
        call = product.wait_over(place(product))
    status, reason = ("failed", "dial_failed") if lab.tells_reasons else ("rejected", "rejected")
    assert outcome(call) == ("failed", status, reason)


def test_a_number_that_a_network_rejects(lab, product):
    with lab.refuses_in_full(608, "Rejected"):
        call = product.wait_over(place(product))
    assert outcome(call) == ("failed", "failed", "dial_failed")
    assert (call["hangup"]["sip_status"], call["hangup"]["by"]) == (608, "network")
    assert "A network blocked the call" in call["error_message"]


def test_who_marks_a_call_as_unwanted_is_called_no_more(lab, product):
    account = product.new_account("Unwanted")
    key = product.new_key("calls:read,calls:write,leads:read", account)
    body = {"phone_number": NUMBER, "task": "Say hello to them."}
    with lab.refuses_in_full(607, "Unwanted"):
        call_id = product.request("POST", "/v1/calls", body, key).body["call_id"]
        call = product.wait_at(f"/v1/calls/{call_id}", lambda call: call.get("completed"), key)
    assert outcome(call) == ("failed", "rejected", "rejected")
    assert (call["hangup"]["sip_status"], call["ended_by"]) == (607, "callee")
    kept = product.wait_at("/v1/do-not-call", lambda told: told["data"], key)["data"]
    assert [entry["phone_number"] for entry in kept] == [NUMBER]


@pytest.mark.parametrize(
    ("status", "phrase", "wait"),
    [
        (503, "Service Unavailable", 120),
        (500, "Server Internal Error", 7),
        (486, "Busy Here", 90),
        (503, "No Circuit", 0),
    ],
)
def test_a_refusal_that_says_when_to_try_again(lab, product, status, phrase, wait):
    with lab.refuses_in_full(status, phrase, retry_after=wait):
        call = product.wait_over(place(product))
    (dial,) = call["routing"]
    assert (dial["sip_status"], dial["sip_phrase"]) == (status, phrase)
    if not wait:
        assert dial["retry_at"] is None
        return
    again = datetime.fromisoformat(dial["retry_at"]) - datetime.fromisoformat(dial["ended_at"])
    assert again == timedelta(seconds=wait)


def test_a_call_that_nobody_takes_is_cancelled(lab, product):
    with lab.rings():
        call = product.wait_over(place(product, ring_timeout_seconds=5))
    assert outcome(call) == ("failed", "no-answer", "no_answer")
    assert (call["hangup"]["cause"], call["hangup"]["by"]) == ("NO_ANSWER", "gateway")
    assert 4.0 < call["routing"][0]["rang_seconds"] < 7.0


def test_a_call_stopped_while_it_rings(lab, product):
    with lab.rings():
        call_id = place(product)
        product.wait_until(call_id, lambda call: call["status"] == "in_progress")
        product.request("POST", f"/v1/calls/{call_id}/stop")
        call = product.wait_over(call_id)
    assert (call["status"], call["end_reason"]) == ("cancelled", "stopped")
    assert call["hangup"]["by"] == "gateway"


@pytest.mark.parametrize("broken", [True, False], ids=["broken", "G.729"])
def test_an_answer_whose_sdp_cannot_be_used(lab, product, broken):
    with lab.picks_up_in_vain(broken=broken):
        call = product.wait_over(place(product))
    assert outcome(call) == ("failed", "failed", "dial_failed")
    assert (call["hangup"]["sip_status"], call["hangup"]["by"]) == (200, "gateway")
    assert (call["ended_by"], call["actual_duration_billed"]) == ("carrier", 0)
    assert call["error_message"].startswith("Somebody picked up")
    (dial,) = call["routing"]
    assert dial["then"] == "stop"


# -- calls that come in -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def reception(lab):
    """A number whose calls an agent takes."""
    product = lab.product
    key = product.new_key(SCOPES)

    def post(path, body=None):
        answer = product.request("POST", path, body, key=key)
        assert answer.status < 300, answer.body
        return answer.body

    configuration = {
        "task": "You are the reception.",
        "first_sentence": "Hello {{caller_name|}} {{sip_x_order|}}.",
    }
    agent = post("/v1/agents", {"name": "Reception", "configuration": configuration})["id"]
    post(f"/v1/agents/{agent}/publish")
    post("/v1/phone-numbers", {"number": OURS, "agent_id": agent})


@pytest.fixture
def new_call(product, reception):
    """Waits for the one call that was stored since the test began, until it is over."""
    known = product.call_ids()
    return lambda: product.wait_over(product.wait_new_call(known))


def test_a_caller_who_is_greeted_and_hangs_up(lab, new_call):
    lab.call_in(OURS, name="Ann", headers={"X-Order": "seven"})
    call = new_call()
    assert outcome(call) == ("completed", "completed", "caller_hung_up")
    assert (call["direction"], call["phone_number"]) == ("inbound", OURS)
    assert call["hangup"]["by"] == "far_end"
    assert call["configuration"]["first_sentence"] == "Hello Ann seven."


def test_an_unknown_number(lab, product, reception):
    known = product.call_ids()
    lab.call_in("+12025550143", status=404)
    assert product.call_ids() == known


def test_a_caller_who_gives_up_while_it_rings(lab, new_call):
    lab.call_in(OURS, gives_up=True)
    call = new_call()
    assert outcome(call) == ("failed", "no-answer", "caller_hung_up")
    assert (call["hangup"]["cause"], call["hangup"]["by"]) == ("ORIGINATOR_CANCEL", "far_end")


def test_a_caller_whose_codec_we_do_not_have(lab, new_call):
    lab.call_in(OURS, codec="G729", status=488)
    call = new_call()
    assert outcome(call) == ("failed", "failed", "answer_failed")
    assert (call["ended_by"], call["actual_duration_billed"]) == ("carrier", 0)


def test_hostile_names_and_headers_stay_text(lab, new_call):
    nasty = "a {{task}} api originate %0AUnique-ID: x \\n"
    lab.call_in(OURS, name=nasty, headers={"X-Order": nasty})
    data = new_call()["configuration"]["request_data"]
    assert "{{task}} api originate" in data["caller_name"]
    assert "{{task}} api originate %0AUnique-ID" in data["sip_x_order"]
    assert all(value.isprintable() for value in data.values())


# -- transfers --------------------------------------------------------------------------------


def referred(product):
    """A call that a user has had referred, once something became of it."""
    wanted = {"name": "support", "number": TARGET, "method": "refer"}
    call_id = place(product, transfer={"destinations": [wanted]}, silence_timeout_seconds=60)
    product.wait_until(call_id, talking)
    path = f"/v1/calls/{call_id}/transfer"
    assert product.request("POST", path, {"destination": "support"}).status == 202
    product.wait_until(call_id, lambda call: call["transfers"] and call["transfers"][0]["outcome"])
    return call_id


def test_a_refer_that_reaches_somebody(lab, product):
    with lab.refers("200 OK"):
        call = product.wait_over(referred(product))
    made = call["transfers"][0]
    assert (made["outcome"], made["failure"], made["sip_status"]) == ("referred", None, 200)
    assert outcome(call) == ("completed", "completed", "transferred")


def test_a_refer_to_somebody_busy(lab, product):
    with lab.refers("486 Busy Here"):
        call_id = referred(product)
        product.request("POST", f"/v1/calls/{call_id}/stop")
        call = product.wait_over(call_id)
    made = call["transfers"][0]
    assert (made["outcome"], made["failure"], made["sip_status"]) == ("failed", "busy", 486)
    assert call["end_reason"] == "stopped"


def test_a_refer_that_is_refused_is_followed_by_a_dial(lab, product):
    with lab.refers(None):
        call_id = referred(product)
        call = product.wait_until(
            call_id,
            lambda call: len(call["transfers"]) == 2 and call["transfers"][1]["connected_at"],
        )
        product.request("POST", f"/v1/calls/{call_id}/stop")
        product.wait_over(call_id)
    first, second = call["transfers"]
    assert (first["method"], first["outcome"], first["sip_status"]) == ("refer", "failed", 405)
    assert (second["method"], second["outcome"]) == ("bridge", "transferred")
