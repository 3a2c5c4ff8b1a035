"""A clinic that uses the console, and a browser in front of it."""

from __future__ import annotations

import pytest
from browser_rig import MISSING, Browser
from scenarios import NUMBERS

SCOPES = (
    "calls:read,calls:write,calls:supervise,calls:transfer,campaigns:read,campaigns:write,"
    "leads:read,leads:write,agents:read,agents:write,phone_numbers:read,phone_numbers:write,"
    "webhooks:read,webhooks:write,knowledge:read,knowledge:write,softphones:read,"
    "softphones:write,admin"
)


class Clinic:
    """An account of its own on the running product, and a key that may do all."""

    def __init__(self, product):
        self._product = product
        self.port = product.port
        self.account = product.new_account("Bright Smile", max_concurrent_calls=10)
        self.key = product.new_key(SCOPES, self.account)

    def new_key(self, scopes):
        """Another one."""
        return self._product.new_key(scopes, self.account)

    def request(self, method, path, body=None, key=None):
        """One request to the API; its answer."""
        return self._product.request(method, path, body, key or self.key)

    def place(self, first_sentence="Hi, this is Rachel."):
        """Call somebody who never says a word; the id of the call."""
        body = {
            "phone_number": NUMBERS["silent"],
            "task": "Confirm the appointment.",
            "first_sentence": first_sentence,
            "silence_timeout_seconds": 60,
        }
        answer = self.request("POST", "/v1/calls", body)
        assert answer.status == 201, answer.body
        return answer.body["call_id"]

    def say(self, call_id, text, **options):
        """Have the agent say something in a call."""
        answer = self.request("POST", f"/v1/calls/{call_id}/say", {"text": text, **options})
        assert answer.status == 202, answer.body

    def wait_for_words(self, call_id):
        """Wait until something was said in a call."""
        self._product.wait_at(f"/v1/calls/{call_id}", lambda call: call["transcript"], self.key)

    def wait_over(self, call_id):
        """Wait until all is known of a call."""
        self._product.wait_at(f"/v1/calls/{call_id}", lambda call: call["completed"], self.key)

    def hang_up(self, call_id):
        """End a call that is not wanted any more."""
        self.request("POST", f"/v1/calls/{call_id}/stop")


@pytest.fixture(scope="module")
def clinic(product):
    """Made once for each file."""
    return Clinic(product)


@pytest.fixture(scope="module")
def window(product, tmp_path_factory):
    """One browser for all tests of a file."""
    if MISSING:
        pytest.skip(f"no {' and no '.join(MISSING)} here")
    browser = Browser(tmp_path_factory.mktemp("profile"), product.url)
    yield browser
    browser.close()


@pytest.fixture
def browser(window):
    """Of somebody who comes for the first time; no page may do what its policy forbids."""
    window.forget()
    yield window
    assert window.faults() == []


@pytest.fixture
def reader(browser, clinic):
    """The same, signed in."""
    browser.open("/sign-in")
    browser.sign_in(clinic.key)
    browser.wait_at("console/")
    return browser


@pytest.fixture(scope="module")
def told(clinic):
    """A call of the clinic that is over, and of which all is known: its id."""
    call_id = clinic.place()
    clinic.wait_for_words(call_id)
    clinic.say(call_id, "Goodbye.", end_call=True)
    clinic.wait_over(call_id)
    return call_id
