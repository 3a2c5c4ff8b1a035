"""A trunk over TLS whose audio is SRTP, on a real FreeSWITCH; the carrier's end is baresip.

See `own_switch.py` for what has to be set.
"""

import audioop
import os
import re

import own_switch
import pytest
from baresip import PROGRAM, Authority, Baresip
from desks import HERE, Desk, product_on
from freeswitch_lab import FIRST_SENTENCE, GOODBYE, NUMBER, outcome, words
from offices import wait_until
from sound import likeness
from unit.sandbox_openai_speech import silence, spoken

from topcalls.core.gateways import SRTP_SUITES
from topcalls.esl.connection import EventSocketConnection

pytestmark = [
    pytest.mark.freeswitch,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not os.environ.get(own_switch.PROGRAM), reason=f"set {own_switch.PROGRAM}"),
    pytest.mark.skipif(PROGRAM is None, reason="baresip is not installed"),
    pytest.mark.skipif(HERE.startswith("127."), reason="this machine is on no network"),
]
DONE = ("completed", "completed", "agent_ended")
BEFORE = 6.0
"""What a telephone is silent for at first: the agent has said its sentence by then."""


@pytest.fixture(scope="module")
def authority():
    """Whom the switch trusts."""
    return Authority("Lab Authority")


@pytest.fixture(scope="module")
def switch(tmp_path_factory, authority):
    made = own_switch.OwnSwitch(
        tmp_path_factory.mktemp("secure"),
        FREESWITCH_IP=HERE,
        FREESWITCH_TLS="true",
        FREESWITCH_TLS_PORT=str(own_switch._free_port()),
        FREESWITCH_RTP_START="17000",
        FREESWITCH_RTP_END="17500",
    )
    certificates = made.directory / "state" / "certs"
    certificates.mkdir(parents=True)
    (certificates / "cafile.pem").write_text(authority.pem)
    yield made.start(with_gateway=False)
    made.stop()


@pytest.fixture(scope="module")
def product(switch, tmp_path_factory):
    product = product_on(switch, tmp_path_factory.mktemp("live"))
    yield product.start()
    assert product.stop() == 0


@pytest.fixture
def desk(product, request):
    made = Desk(product, request.node.name)
    yield made
    made.clear()


@pytest.fixture
def telephone(product, authority, tmp_path, request):
    """Makes the telephones of a test, which say goodbye."""
    made = []

    def make(trusted_by=authority, **settings):
        goodbye = product.mind.voice_of(request.node.name)(GOODBYE)
        speech = audioop.ulaw2lin(silence(BEFORE) + goodbye + silence(30), 2)
        certificate = trusted_by.certificate(HERE)
        port = own_switch._free_port()
        place = (tmp_path / f"phone{len(made)}", HERE, port)
        made.append(Baresip(*place, certificate, speech, number=NUMBER, **settings))
        return made[-1]

    yield make
    for phone in made:
        phone.close()


def carrier(desk, phone, **more):
    gateway = {"ipv4": HERE, "port": phone.tls_port, "transport": "tls", **more}
    path = desk.carrier(phone.tls_port, sip_gateway=gateway)
    desk.wait_state(path, "up")
    return path


def offered_suites(phone):
    """The ciphers of the INVITE's offer, in its order."""
    invite = phone.log[phone.log.index("INVITE sip:") :]
    offer = invite[invite.index("v=0") : invite.index("SIP/2.0 ", invite.index("v=0"))]
    return list(dict.fromkeys(re.findall(r"a=crypto:\d+ (\S+) ", offer)))


@pytest.mark.parametrize("srtp", ["mandatory", "optional"])
def test_a_conversation_that_nobody_on_the_way_can_hear(desk, switch, telephone, srtp):
    phone = telephone()
    carrier(desk, phone, srtp=srtp)
    path = desk.place(first_sentence=FIRST_SENTENCE)
    call = wait_until(
        lambda: (one := desk.request("GET", path))["call_status"] == "in-progress" and one,
        lambda: f"not answered: {desk.request('GET', path)} {phone.log[-3000:]}",
    )
    channel = call["external_call_id"]
    with EventSocketConnection("127.0.0.1", switch.ports["esl"], own_switch.PASSWORD) as line:

        def variable(name):
            return line.send(f"api uuid_getvar {channel} {name}").data.strip()

        assert variable("rtp_secure_audio_confirmed") == "true"
    call = desk.over(path)
    assert outcome(call) == DONE
    assert words(call, "user") == GOODBYE
    assert offered_suites(phone) == list(SRTP_SUITES)
    assert likeness(phone.heard(), audioop.ulaw2lin(spoken(FIRST_SENTENCE), 2)) > 0.95
    assert "SIP/2.0/TLS" in phone.log


def test_a_carrier_whose_certificate_nobody_trusts_is_told_nothing(desk, telephone):
    phone = telephone(trusted_by=Authority("Somebody Else"))
    carrier(desk, phone, srtp="mandatory")
    call = desk.over(desk.place(ring_timeout_seconds=60))
    assert (call["status"], call["ended_by"]) == ("failed", "carrier")
    assert call["hangup"]["cause"] == "RECOVERY_ON_TIMER_EXPIRE"
    assert "INVITE" not in phone.log


def test_the_next_carrier_tries_before_anybody_could_have_rung(desk, telephone):
    phone = telephone(trusted_by=Authority("Somebody Else"))
    carrier(desk, phone, srtp="mandatory")
    next_one = telephone()
    carrier(desk, next_one, srtp="mandatory")
    call = desk.over(desk.place(ring_timeout_seconds=5), 60)
    assert [(dial["sip_status"], dial["cause"], dial["then"]) for dial in call["routing"]] == [
        (None, "RECOVERY_ON_TIMER_EXPIRE", "try_next"),
        (None, None, None),
    ]
    assert outcome(call) == DONE
    assert "INVITE" not in phone.log


def test_audio_that_has_to_be_encrypted_is_never_sent_in_clear(desk, telephone):
    phone = telephone(media="")
    carrier(desk, phone, srtp="mandatory")
    call = desk.over(desk.place())
    assert (call["status"], call["ended_by"]) == ("failed", "carrier")
    assert call["hangup"]["sip_status"] == 488
    assert list(phone.directory.glob("dump-*")) == []


def test_encryption_that_is_a_wish_gives_way(desk, telephone):
    phone = telephone(media="")
    carrier(desk, phone, srtp="optional")
    call = desk.over(desk.place(first_sentence=FIRST_SENTENCE))
    assert outcome(call) == DONE
    assert words(call, "user") == GOODBYE
