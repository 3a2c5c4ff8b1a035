"""An account of its own with carriers, so that no other test's call leaves by them."""

CARRIERS = "/v1/phone-numbers/carriers"


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

    def in_order(self, *hosts):
        """Carriers that are up, tried in this order; their ids."""
        made = [self.add(host, priority=at) for at, host in enumerate(hosts)]
        for carrier in made:
            self.wait_state(carrier, "up")
        return made

    def call(self, number, **wishes):
        """A call that is over."""
        body = {"phone_number": number, "task": "Say hello to whoever answers.", **wishes}
        made = self.send("POST", "/v1/calls", body)
        assert made.status == 201, made.body
        path = f"/v1/calls/{made.body['call_id']}"
        return self.wait(path, lambda call: call["status"] in ("completed", "failed"))


def dials(call):
    """By which carriers a call was dialled, what came back, and what was decided."""
    return [(dial["carrier_id"], dial["sip_status"], dial["then"]) for dial in call["routing"]]
