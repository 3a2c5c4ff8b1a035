"""A trunk's whole life in the product: added by the API, called by, failed over from, deleted."""

import pytest

CARRIERS = "/v1/phone-numbers/carriers"
HANGS_UP = "+12025550106"


@pytest.fixture
def trunks(product):
    """Adds carriers in an account of their own, so that no other test's call leaves by them."""
    return Trunks(product)


class Trunks:
    """One account with a key, and its carriers."""

    def __init__(self, product):
        self.product = product
        self.account = product.new_account("Trunks")
        scopes = "calls:read,calls:write,phone_numbers:read,phone_numbers:write"
        self.key = product.new_key(scopes, self.account)

    def send(self, method, path, body=None):
        return self.product.request(method, path, body, key=self.key)

    def add(self, host, **fields):
        """A carrier's id."""
        body = {"carrier_name": host, "sip_gateway": {"ipv4": host}, **fields}
        made = self.send("POST", CARRIERS, body)
        assert made.status == 201, made.body
        return made.body["id"]

    def wait(self, path, condition):
        return self.product.wait_at(path, condition, self.key)

    def wait_state(self, carrier, state):
        path = f"{CARRIERS}/{carrier}"
        return self.wait(path, lambda body: body["status"]["state"] == state)["status"]

    def call(self, **wishes):
        """A call that is over."""
        body = {"phone_number": HANGS_UP, "task": "Say hello to whoever answers.", **wishes}
        made = self.send("POST", "/v1/calls", body)
        assert made.status == 201, made.body
        path = f"/v1/calls/{made.body['call_id']}"
        return self.wait(path, lambda call: call["status"] in ("completed", "failed"))


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
    call = trunks.call(from_number="+12025550123")
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
    first, second = trunks.add("503.carrier.test", priority=1), trunks.add("b.carrier.test")
    for carrier in (first, second):
        trunks.wait_state(carrier, "up")
    call = trunks.call()
    assert call["call_status"] == "completed"
    dials = [(dial["carrier_id"], dial["sip_status"], dial["then"]) for dial in call["routing"]]
    assert dials == [(first, 503, "try_next"), (second, None, None)]
