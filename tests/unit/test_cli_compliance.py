"""The command line of the ledger and of people: what it sends, and what it shows."""

import pytest
from click.testing import CliRunner

from topcalls import compose
from topcalls.cli import main
from topcalls.cli.client import ApiClient
from topcalls.core.ledger import Fault
from topcalls.services.ledger import Verification

pytestmark = pytest.mark.unit


@pytest.fixture
def run(monkeypatch):
    """Runs a command against an API that tells what it was sent."""

    def command(*arguments, given=None):
        sent = []

        class Api:
            def get(self, path):
                sent.append(("GET", path))
                return {"phone_number": "+12025550112"}

            def delete(self, path, **query):
                sent.append(("DELETE", path, query))
                return {"erased": {"call": 2}}

            def download(self, path, **query):
                sent.append(("GET", path, query))
                return b'{"seq": 1}\n'

        monkeypatch.setattr(ApiClient, "from_settings", lambda settings: Api())
        return CliRunner().invoke(main, arguments, input=given), sent

    return command


def test_a_person_is_shown(run):
    shown, sent = run("people", "show", "+12025550112")
    assert '"phone_number": "+12025550112"' in shown.output
    assert sent == [("GET", "/v1/people/%2B12025550112")]


def test_a_person_is_erased_when_that_is_confirmed(run):
    refused, sent = run("people", "erase", "+12025550112", given="n\n")
    assert (refused.exit_code, sent) == (1, [])
    erased, sent = run("people", "erase", "+12025550112", "--callable", "--yes")
    assert '"call": 2' in erased.output
    assert sent == [("DELETE", "/v1/people/%2B12025550112", {"suppress": "false"})]


def test_the_ledger_is_exported_as_lines(run):
    exported, sent = run("ledger", "export", "--number", "+12025550112")
    assert exported.output == '{"seq": 1}\n'
    assert sent == [("GET", "/v1/ledger/export", {"phone_number": "+12025550112"})]


def test_verifying_names_what_is_wrong_and_fails(monkeypatch):
    wrong = Verification("a1", 7, "head", 0, (Fault(3, "id3", "The record was changed."),))

    class Services:
        class Accounts:
            def list(self):
                return [type("Account", (), {"id": one})() for one in ("a1", "a2")]

        class Ledger:
            def verify(self, account_id):
                return wrong if account_id == "a1" else Verification(account_id, 0, "", 0, ())

        accounts, ledger = Accounts(), Ledger()

        def close(self):
            pass

    monkeypatch.setattr(compose, "open_services", lambda settings: Services())
    found = CliRunner().invoke(main, ["ledger", "verify"])
    assert found.exit_code == 1
    assert "3 id3: The record was changed." in found.output
    fine = CliRunner().invoke(main, ["ledger", "verify", "--account", "a2"])
    assert fine.exit_code == 0
