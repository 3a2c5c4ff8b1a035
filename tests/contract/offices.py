"""Accounts of the product on a real switch, each with a number that its agent takes calls to."""

from gevent import Timeout, sleep

SCOPES = (
    "agents:write,phone_numbers:write,softphones:read,softphones:write,"
    "calls:read,calls:write,calls:supervise,admin"
)
CONFIGURATION = {"task": "You are the reception.", "first_sentence": "Bright Smile Dental, hello."}
LIMIT = 20.0


class Office:
    """What an account has, and what the API tells it."""

    def __init__(self, product, number):
        self._product = product
        account = product.cli("accounts", "create", number).strip()
        self._key = product.cli("keys", "create", account, "--scopes", SCOPES).strip()
        agent = self.post("/v1/agents", {"name": "Reception", "configuration": CONFIGURATION})["id"]
        self.post(f"/v1/agents/{agent}/publish")
        self.post("/v1/phone-numbers", {"number": number, "agent_id": agent})
        self.number = number

    def get(self, path):
        return self._product.request("GET", path, key=self._key).body

    def post(self, path, body=None):
        answer = self._product.request("POST", path, body, key=self._key)
        assert answer.status < 300, answer.body
        return answer.body

    def place(self, number, **wishes):
        """A call from its agent to this number; its id."""
        body = {"phone_number": number, **CONFIGURATION, **wishes}
        return self.post("/v1/calls", body)["call_id"]

    def softphone(self, extension, **fields):
        """A new softphone, with its password."""
        return self.post("/v1/softphones", {"extension": extension, **fields})

    def registered_at(self, phone):
        return self.get(f"/v1/softphones/{phone['id']}")["registered_at"]

    @property
    def calls(self):
        return self.get("/v1/calls")["data"]

    def call(self, call_id):
        return self.get(f"/v1/calls/{call_id}")

    def wait(self, call_id, condition, words):
        """Wait until this is true of a call; the call."""

        def reached():
            call = self.call(call_id)
            return call if condition(call) else None

        return wait_until(reached, lambda: f"{words}: {self.call(call_id)}")


def wait_until(condition, words, seconds=LIMIT):
    """Look again and again; what was found. `words`, or what makes them, say what is not."""
    try:
        with Timeout(seconds):
            while not (found := condition()):
                sleep(0.2)
    except Timeout:
        raise AssertionError(words() if callable(words) else words) from None
    return found
