"""A trunk's whole life in the product: added by the API, called by, failed over from, deleted."""

import pytest
from trunks import CARRIERS, Trunks, dials

HANGS_UP = "+12025550106"


@pytest.fixture
def trunks(product):
    """Adds carriers in an account of their own, so that no other test's call leaves by them."""
    return Trunks(product)


def test_a_trunk_from_the_api_to_a_call_and_away_again(trunks):
    carrier = trunks.add(
        "sip.carrier.test",
        trunk_type="reg",
        registration={"username": "calls", "password": "a secret of ours"},
    )
    status = trunks.wait_state(carrier, "registered")
    assert [node["remedy"] for node in status["nodes"]] == [None]
    number = {"number": "+12025550123"}
    bound = trunks.send("POST", "/v1/phone-numbers", number).body
    assert bound["voip_carrier_sid"] == carrier
    call = trunks.call(HANGS_UP, from_number="+12025550123")
    assert (call["call_status"], call["sandbox"]) == ("completed", True)
    assert [dial["carrier_id"] for dial in call["routing"]] == [carrier]
    refused = trunks.send("DELETE", f"{CARRIERS}/{carrier}")
    assert (refused.status, "+12025550123" in refused.body["detail"]) == (409, True)
    assert trunks.send("DELETE", f"/v1/phone-numbers/{bound['id']}").status == 204
    assert trunks.send("DELETE", f"{CARRIERS}/{carrier}").status == 204
    assert "a secret of ours" not in trunks.product.logs()


def test_wrong_credentials_are_explained_by_api_and_doctor(trunks):
    carrier = trunks.add(
        "403.carrier.test",
        trunk_type="reg",
        registration={"username": "calls", "password": "wrong"},
    )
    status = trunks.wait(
        f"{CARRIERS}/{carrier}",
        lambda body: [node["sip_status"] for node in body["status"]["nodes"]] == [403],
    )["status"]
    assert status["nodes"][0]["remedy"]
    told = trunks.product.cli("doctor", "carrier", carrier, check=False)
    assert told.returncode == 1
    assert "SIP 403" in told.stdout


def test_a_carrier_that_refuses_is_followed_by_the_next(trunks):
    first, second = trunks.in_order("503.carrier.test", "b.carrier.test")
    call = trunks.call(HANGS_UP)
    assert call["call_status"] == "completed"
    assert dials(call) == [(first, 503, "try_next"), (second, None, None)]
