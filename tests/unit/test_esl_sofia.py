"""Commands about gateways, and what the switch answers and tells of them."""

import pytest

from topcalls.core.carrier_status import GatewayState
from topcalls.errors import InvalidRequest
from topcalls.esl import commands, configuration_commands, sofia
from topcalls.esl.parser import ESLEvent

pytestmark = pytest.mark.unit
TABLE = """\
                     Name	   Type	                                      Data	State
=================================================================================================
                 external	profile	       sip:mod_sofia@192.0.2.9:5060	RUNNING (0)
      external::tc_1f-2b	gateway	            sip:calls@sip.example.com	REGED
      external::by_hand	gateway	                  sip:x@sip.example.com	NOREG
      external::tc_bad	gateway	                  sip:x@sip.example.com	FAIL_WAIT (retry: 28s)
      internal::tc_other	gateway	                  sip:x@sip.example.com	NOREG
=================================================================================================
1 profile 0 aliases
"""
ONE = "=====\nName    \ttc_1\nPingFreq\t{ping}\nState   \t{state}\nStatus  \t{status}\n=====\n"


def event(**headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ESLEvent({"Event-Name": "CUSTOM", "Event-Subclass": "sofia::gateway_state", **named})


@pytest.mark.parametrize(
    ("built", "text"),
    [
        (configuration_commands.sofia_status(), "sofia status"),
        (configuration_commands.sofia_gateway("tc_1"), "sofia status gateway tc_1"),
        (configuration_commands.sofia_rescan("external"), "sofia profile external rescan"),
        (
            configuration_commands.sofia_killgw("external", "tc_1"),
            "sofia profile external killgw tc_1",
        ),
        (configuration_commands.reload_acl(), "reloadacl"),
        (
            commands.event_filter("Event-Subclass", "sofia::gateway_state"),
            "filter Event-Subclass sofia::gateway_state",
        ),
    ],
)
def test_commands(built, text):
    assert built == text


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "_all_", "a;b", "${x}", "a::b"])
def test_a_gateway_is_a_name(name):
    for build in (
        lambda: configuration_commands.sofia_gateway(name),
        lambda: configuration_commands.sofia_killgw("external", name),
        lambda: configuration_commands.sofia_rescan(name),
        lambda: commands.event_filter("Event-Subclass", f"{name}\n"),
    ):
        with pytest.raises(InvalidRequest):
            build()


def test_the_gateways_of_a_profile():
    assert sofia.gateways(TABLE, "external") == {"tc_1f-2b", "by_hand", "tc_bad"}
    assert sofia.gateways("", "external") == set()


@pytest.mark.parametrize(
    ("state", "status", "ping", "found"),
    [
        ("REGED", "UP", "0", GatewayState("REGED", True, False)),
        ("NOREG", "UP (ping)", "30", GatewayState("NOREG", True, True)),
        ("NOREG", "DOWN (ping)", "30", GatewayState("NOREG", False, True)),
        ("FAIL_WAIT", "DOWN", "0", GatewayState("FAIL_WAIT", False, False)),
    ],
)
def test_one_gateway(state, status, ping, found):
    assert sofia.gateway_state(ONE.format(state=state, status=status, ping=ping)) == found


def test_an_unknown_gateway():
    assert sofia.gateway_state("Invalid Gateway!\n") is None


def test_a_refused_registration_is_told_with_its_status():
    told = event(
        Gateway="tc_1", State="FAIL_WAIT", Ping_Status="DOWN", Status="403", Phrase="For\nbidden"
    )
    news = sofia.gateway_news(told)
    assert (news.gateway, news.registration, news.is_up) == ("tc_1", "FAIL_WAIT", False)
    assert (news.sip_status, news.phrase) == (403, "Forbidden")


@pytest.mark.parametrize("status", ["", "0", "9999", "x"])
def test_a_status_that_is_none(status):
    news = sofia.gateway_news(event(Gateway="g", State="TRYING", Ping_Status="UP", Status=status))
    assert (news.is_up, news.sip_status) == (True, None)


def test_other_events_are_no_news():
    assert sofia.gateway_news(ESLEvent({"Event-Name": "HEARTBEAT"})) is None


@pytest.mark.parametrize(
    ("text", "users"),
    [
        ('{"row_count":1,"rows":[{"reg_user":"201-abcdef","realm":"x"}]}', {"201-abcdef"}),
        ('{"row_count":0}', set()),
        ("-ERR", set()),
        ("[]", set()),
        ('{"rows":[{}]}', set()),
    ],
)
def test_who_is_registered(text, users):
    assert sofia.registered_users(text) == users
