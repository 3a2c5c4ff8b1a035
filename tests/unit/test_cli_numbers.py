"""The command line of numbers: what it sends, and what it shows."""

from uuid import uuid4

import pytest
from click.testing import CliRunner

from topcalls.cli import main
from topcalls.cli.client import ApiClient

pytestmark = pytest.mark.unit
ID = str(uuid4())
BASE = "/v1/phone-numbers"


def number(status="active", state="bought", **fields):
    doing = None if state is None else {"state": state}
    return {
        "id": ID,
        "number": "+13125550123",
        "status": status,
        "carrier_name": None,
        "error_message": None,
        "provisioning": doing,
        **fields,
    }


@pytest.fixture
def run(monkeypatch):
    """Runs a command against an API that answers with `answer`."""

    def command(*arguments, answer=None):
        sent = []

        class Api:
            def get(self, path, **query):
                sent.append(("GET", path, {k: v for k, v in query.items() if v is not None}))
                return answer

            def post(self, path, body=None):
                sent.append(("POST", path, body))
                return answer

            def delete(self, path, **query):
                sent.append(("DELETE", path, query))
                return answer

        monkeypatch.setattr(ApiClient, "from_settings", lambda settings: Api())
        return CliRunner().invoke(main, ["numbers", *arguments]), sent

    return command


def test_search_shows_price_and_place(run):
    offer = {
        "number": "+13125550123",
        "monthly_price": "1.00",
        "currency": "USD",
        "locality": "CHICAGO",
        "region": "IL",
        "requirements": ["address (any)"],
    }
    done, sent = run("search", "--area-code", "312", answer={"data": [offer]})
    assert done.output.split() == ["+13125550123", "1.00", "USD", "CHICAGO,", "IL"] + [
        "needs",
        "address",
        "(any)",
    ]
    wanted = {"country": "US", "area_code": "312", "features": "voice", "limit": 20}
    assert sent == [("GET", f"{BASE}/available", wanted)]


def test_buy_sends_what_was_said(run):
    done, sent = run(
        "buy",
        "+13125550123",
        "--max-monthly-price",
        "2",
        "--agent",
        ID,
        answer=number("pending", "buying"),
    )
    assert "pending (buying)" in done.output
    body = {"number": "+13125550123", "max_monthly_price": 2.0, "currency": "USD", "agent_id": ID}
    assert sent == [("POST", f"{BASE}/purchase", body)]


def test_buying_needs_a_limit(run):
    done, sent = run("buy", "+13125550123")
    assert (done.exit_code, sent) == (2, [])


def test_release_asks_first(run):
    refused, sent = run("release", ID, answer=number())
    assert (refused.exit_code, sent) == (1, [])
    done, sent = run("release", ID, "--yes", answer=number("inactive", "releasing"))
    assert "inactive (releasing)" in done.output
    assert sent == [("DELETE", f"{BASE}/{ID}", {"release": "true"})]


def test_list_shows_what_is_wrong(run):
    wrong = number("failed", "failed", error_message="It is gone.", carrier_name="Telnyx")
    done, _ = run("list", answer={"data": [number(state=None), wrong]})
    first, second = done.output.splitlines()
    assert first.split() == ["+13125550123", "active", "own", "trunk", ID]
    assert second.endswith("It is gone.")
