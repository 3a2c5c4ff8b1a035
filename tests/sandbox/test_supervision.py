"""A supervisor's softphone on a live call: the whole product in the sandbox, asked by the API."""

import pytest

from topcalls.core import notes

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

NOBODY_HANGS_UP = "+12025550108"
SCOPES = "calls:read,calls:write,calls:supervise,softphones:read,softphones:write"


@pytest.fixture(scope="module")
def key(product):
    return product.new_key(SCOPES)


@pytest.fixture(scope="module")
def phone(product, key):
    """A softphone of the account, registered: its person takes a call and listens."""
    made = product.request("POST", "/v1/softphones", {"extension": "201", "name": "Ann"}, key=key)
    assert made.status == 201, made.body
    return {"extension": "201", **product.register(made.body, "takes a call")}


@pytest.fixture
def live(product):
    """A call in progress that nobody hangs up."""
    call_id = product.place(NOBODY_HANGS_UP, silence_timeout_seconds=60)
    yield product.wait_until(call_id, lambda call: call["call_status"] == "in-progress")
    product.request("POST", f"/v1/calls/{call_id}/stop")
    product.wait_over(call_id)


@pytest.fixture
def supervise(product, key, live):
    """Have the softphone put on the call, or change what it does there; what is asked for."""

    def ask(mode, extension="201"):
        path = f"/v1/calls/{live['id']}/supervise"
        body = {"mode": mode, "extension": extension}
        return product.request("POST", path, body, key=key)

    return ask


def texts(call):
    return [turn["text"] for turn in call["transcript"]]


def test_a_softphone_is_rung_listens_and_joins(product, phone, live, supervise):
    assert supervise("listen").status == 202
    call = product.wait_until(
        live["id"], lambda call: call["supervisions"] and call["supervisions"][0]["joined_at"]
    )
    (stay,) = call["supervisions"]
    assert (stay["extension"], stay["name"], stay["asked_by"]) == ("201", "Ann", "api")
    assert stay["outcome"] is None
    assert notes.SUPERVISOR_JOINED not in texts(call)  # nobody hears who listens
    assert supervise("barge").status == 202
    call = product.wait_until(live["id"], lambda call: notes.SUPERVISOR_JOINED in texts(call))
    (stay,) = call["supervisions"]
    assert [mode["mode"] for mode in stay["modes"]] == ["listen", "barge"]


def test_a_softphone_takes_a_call_over(product, phone, live, supervise):
    assert supervise("take_over").status == 202
    call = product.wait_until(
        live["id"], lambda call: call["supervisions"] and call["supervisions"][0]["taken_over_at"]
    )
    assert call["supervisions"][0]["modes"][-1]["mode"] == "take_over"
    assert product.wait_webhook(live["id"], "call.transferred")


def test_a_softphone_that_nobody_has_registered_is_not_reached(product, key, live, supervise):
    made = product.request("POST", "/v1/softphones", {"extension": "202"}, key=key)
    assert made.status == 201, made.body
    assert supervise("listen", "202").status == 202
    call = product.wait_until(
        live["id"], lambda call: call["supervisions"] and call["supervisions"][0]["outcome"]
    )
    (stay,) = call["supervisions"]
    assert (stay["outcome"], stay["failure"]) == ("failed", "not_registered")
    assert call["call_status"] == "in-progress"
