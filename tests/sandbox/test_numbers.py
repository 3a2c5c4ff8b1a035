"""A number's whole life in the product: searched, bought, called from, called, given back."""

import pytest

pytestmark = pytest.mark.sandbox
NUMBERS = "/v1/phone-numbers"
SCOPES = "calls:read,calls:write,phone_numbers:read,phone_numbers:write,agents:read,agents:write"
HANGS_UP = "+12025550106"


class Buyer:
    """One account with a key of its own."""

    def __init__(self, product):
        self.product = product
        self.account = product.new_account("Buyer")
        self.key = product.new_key(SCOPES, self.account)

    def send(self, method, path, body=None, **headers):
        return self.product.request(method, path, body, key=self.key, **headers)

    def wait(self, path, condition):
        return self.product.wait_at(path, condition, self.key)

    def buy(self, number, **fields):
        """The number once the purchase is over."""
        body = {"number": number, "max_monthly_price": 2, **fields}
        made = self.send("POST", f"{NUMBERS}/purchase", body)
        assert made.status == 202, made.body
        path = f"{NUMBERS}/{made.body['id']}"
        return self.wait(path, lambda body: body["provisioning"]["finished_at"])


@pytest.fixture(scope="module")
def buyer(product):
    return Buyer(product)


@pytest.fixture(scope="module")
def agent(buyer):
    """A published agent's id."""
    configuration = {"task": "You are the reception.", "first_sentence": "Hello."}
    made = buyer.send("POST", "/v1/agents", {"name": "A", "configuration": configuration}).body
    assert buyer.send("POST", f"/v1/agents/{made['id']}/publish").status == 200
    return made["id"]


@pytest.mark.parametrize(("provider", "area"), [("telnyx", "415"), ("twilio", "305")])
def test_a_number_from_the_search_to_its_release(buyer, agent, provider, area):
    found = buyer.send("GET", f"{NUMBERS}/available?provider={provider}&area_code={area}&limit=1")
    (offer,) = found.body["data"]
    bought = buyer.buy(offer["number"], provider=provider, agent_id=agent)
    assert (bought["status"], bought["source"]) == ("active", provider)
    one = f"{NUMBERS}/{bought['id']}"

    body = {"phone_number": HANGS_UP, "task": "Say hello.", "from_number": offer["number"]}
    made = buyer.send("POST", "/v1/calls", body)
    assert made.status == 201, made.body
    call = buyer.wait(f"/v1/calls/{made.body['call_id']}", lambda call: call["completed"])
    assert (call["call_status"], call["from_phone_number"]) == ("completed", offer["number"])

    channel = buyer.product.call_in(offer["number"], caller=HANGS_UP)
    state = buyer.product.wait_caller(channel, lambda state: state["call_id"])
    came = buyer.wait(f"/v1/calls/{state['call_id']}", lambda call: call["completed"])
    assert (came["direction"], came["agent_id"]) == ("inbound", agent)

    assert buyer.send("DELETE", f"{one}?release=true").status == 202
    buyer.wait(one, lambda body: body.get("status") == 404)
    again = buyer.send("GET", f"{NUMBERS}/available?provider={provider}&contains={area}555")
    assert offer["number"] in [item["number"] for item in again.body["data"]]


def test_a_number_arrives_on_the_accounts_own_trunk(buyer):
    carrier = {
        "carrier_name": "Telnyx",
        "preset": "telnyx",
        "sip_gateway": {"ipv4": "sip.carrier.test"},
        "provider_trunk_id": "1293384261075731400",
    }
    trunk = buyer.send("POST", f"{NUMBERS}/carriers", carrier).body["id"]
    buyer.wait(f"{NUMBERS}/carriers/{trunk}", lambda body: body["status"]["state"] == "up")
    bought = buyer.buy("+12125550133")
    assert (bought["status"], bought["voip_carrier_sid"]) == ("active", trunk)
    body = {"phone_number": HANGS_UP, "task": "Say hello.", "from_number": "+12125550133"}
    made = buyer.send("POST", "/v1/calls", body).body["call_id"]
    call = buyer.wait(f"/v1/calls/{made}", lambda call: call["completed"])
    assert [dial["carrier_id"] for dial in call["routing"]] == [trunk]


def test_a_lost_answer_costs_a_look(buyer):
    bought = buyer.buy("+12125550193")
    assert (bought["status"], bought["provisioning"]["state"]) == ("active", "bought")


def test_what_cannot_be_had_says_why(buyer):
    dear = buyer.buy("+12125550195")
    assert (dear["status"], "25.00 USD" in dear["error_message"]) == ("failed", True)


def test_the_command_line_buys_and_releases(buyer, monkeypatch):
    product = buyer.product
    monkeypatch.setitem(product.environment, "TOPCALLS_API_KEY", buyer.key)
    offered = product.cli("numbers", "search", "--area-code", "312", "--limit", "1")
    number = offered.split()[0]
    assert number in product.cli("numbers", "buy", number, "--max-monthly-price", "2")
    (made,) = [item for item in buyer.send("GET", NUMBERS).body["data"] if item["number"] == number]
    one = f"{NUMBERS}/{made['id']}"
    buyer.wait(one, lambda body: body["status"] == "active")
    assert "releasing" in product.cli("numbers", "release", made["id"], "--yes")
    buyer.wait(one, lambda body: body["status"] == 404)
