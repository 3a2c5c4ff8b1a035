"""Taking part in live calls on the command line: what is sent, and what is shown."""

from uuid import uuid4

import pytest
from click.testing import CliRunner

from topcalls.cli import main
from topcalls.cli.client import ApiClient

pytestmark = pytest.mark.unit
ID = str(uuid4())
URL = "http://127.0.0.1:40123/listen/x/y/call.wav"
PLAIN = {"text": "Hello.", "interrupt": False, "interruptible": True, "end_call": False}


@pytest.fixture
def run(monkeypatch):
    def command(*arguments):
        sent = []

        class Api:
            def get(self, path):
                sent.append((path, None))
                return {"url": URL, "expires_at": "2026-11-23T14:32:14Z"}

            def post(self, path, body):
                sent.append((path, body))
                return {"ok": True, "command_id": str(uuid4())}

        monkeypatch.setattr(ApiClient, "from_settings", lambda settings: Api())
        return CliRunner().invoke(main, ["calls", *arguments]), sent

    return command


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        ((), {}),
        (("--interrupt",), {"interrupt": True}),
        (("--to-the-end", "--end-call"), {"interruptible": False, "end_call": True}),
    ],
)
def test_the_agent_is_told_what_to_say(run, options, changes):
    shown, sent = run("say", ID, "Hello.", *options)
    assert (shown.exit_code, shown.output) == (0, "asked\n")
    assert sent == [(f"/v1/calls/{ID}/say", PLAIN | changes)]


@pytest.mark.parametrize(("options", "respond"), [((), False), (("--respond",), True)])
def test_the_model_is_told_something(run, options, respond):
    shown, sent = run("inject", ID, "It was sent.", *options)
    assert shown.exit_code == 0, shown.output
    assert sent == [(f"/v1/calls/{ID}/inject", {"text": "It was sent.", "respond": respond})]


def test_the_address_where_a_call_is_heard_is_all_that_is_printed(run):
    shown, sent = run("listen", ID)
    assert shown.output == f"{URL}\n"
    assert sent == [(f"/v1/calls/{ID}/listen", None)]
