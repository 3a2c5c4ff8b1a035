"""Alerts by e-mail, handed to a real mail server over a socket."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import gevent
import pytest
from net_peers import self_signed

from topcalls.net.mail import MailServer
from topcalls.services.alert_senders import AlertMail, subject_of, text_of

pytestmark = pytest.mark.unit
PAYLOAD = {
    "event": "alert.started",
    "alert": "TopCallsSwitchLost",
    "severity": "page",
    "summary": "The connection to the switch broke 4 times in 15 minutes.",
    "remedy": "Look at FreeSWITCH's log.",
    "since": "2026-11-23T12:00:00Z",
    "at": "2026-11-23T12:00:00Z",
    "installation": "https://calls.example.com",
}
EVERYBODY = "ann@example.com, bob@example.com"


@pytest.fixture
def mail_server(tmp_path):
    """Starts a mail server; its port, a context that trusts it, and what reads its next line."""
    pytest.importorskip("aiosmtpd")
    started = []

    def start(security="none"):
        _, client = self_signed(tmp_path, "127.0.0.1")
        files = [] if security == "none" else [str(tmp_path / "certificate.pem")]
        script = Path(__file__).with_name("mail_server.py")
        process = subprocess.Popen(
            [sys.executable, str(script), security, *files], stdout=subprocess.PIPE, text=True
        )
        started.append(process)

        def read():
            with gevent.Timeout(60):
                return json.loads(process.stdout.readline())

        return read(), client, read

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def sent(port, context, *, to=EVERYBODY, timeout=20, **options):
    """What came of handing an alert over."""
    sender = "TopCalls <alerts@calls.example.com>"
    server = MailServer("127.0.0.1", port, sender, context=context, timeout=timeout, **options)
    return AlertMail(server)("message-1", to, PAYLOAD, 1)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_an_alert_comes_by_mail(mail_server, security):
    port, context, read = mail_server(security)
    assert sent(port, context, security=security, user="ops", password="pass word").succeeded
    mail = read()
    assert mail["to"] == ["ann@example.com", "bob@example.com"]
    assert mail["from"] == "alerts@calls.example.com"
    assert (mail["encrypted"], mail["signed_in"]) == (security != "none", True)
    head, _, body = mail["content"].replace("\r\n", "\n").partition("\n\n")
    assert "Subject: [TopCalls page] TopCallsSwitchLost" in head
    assert "To: ann@example.com, bob@example.com" in head
    assert ".message-1@calls.example.com>" in head
    assert body.startswith("The connection to the switch broke 4 times in 15 minutes.")
    assert "What to do: Look at FreeSWITCH's log." in body
    assert "Installation: https://calls.example.com" in body


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"user": "ops", "password": "wrong"}, "The mail server answered 535"),
        ({"to": "nobody@example.com"}, "refused a recipient. nobody@example.com: no such user"),
    ],
)
def test_what_a_mail_server_refuses_is_told(mail_server, options, words):
    port, context, _ = mail_server()
    outcome = sent(port, context, security="none", **options)
    assert not outcome.succeeded
    assert words in outcome.error
    assert "wrong" not in outcome.error


def test_a_mail_server_that_is_not_there_is_told():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert f"The mail server 127.0.0.1:{port} cannot be used" in sent(port, None).error


def test_a_mail_server_that_says_nothing_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        outcome = sent(mute.getsockname()[1], None, timeout=0.2)
    assert "timed out" in outcome.error


def test_a_certificate_that_nobody_knows_is_refused(mail_server):
    port, _, _ = mail_server("tls")
    assert "CERTIFICATE_VERIFY_FAILED" in sent(port, None, security="tls").error


def test_subjects_and_texts_tell_what_it_is():
    assert subject_of({**PAYLOAD, "event": "alert.over"}) == (
        "[TopCalls page] over: TopCallsSwitchLost"
    )
    assert subject_of({**PAYLOAD, "event": "alert.test"}) == (
        "[TopCalls page] test: TopCallsSwitchLost"
    )
    assert "What to do" not in text_of({**PAYLOAD, "remedy": ""})
