"""What the switch's double tells of itself, beside what a FreeSWITCH 1.10.12 answered."""

import re

import pytest
from sandbox_peers import ToneSpeech

from topcalls.clock import SystemClock
from topcalls.sandbox.freeswitch.commands import Api
from topcalls.sandbox.freeswitch.switch import Hooks, Switch, SwitchOptions
from topcalls.sandbox.magic_numbers import NumberPlan

pytestmark = pytest.mark.unit
RULE = "=" * 97
GATEWAY = f"""{RULE}
Name    \tlab
Profile \texternal
Scheme  \tDigest
Realm   \t127.0.0.1
Username\tlab
Password\tyes
From    \t<sip:lab@127.0.0.1:15070>
Contact \t<sip:gw+lab@127.0.0.1:15060;transport=udp;gw=lab>
Exten   \tlab
To      \tsip:lab@127.0.0.1:15070
Proxy   \tsip:127.0.0.1:15070
Context \tpublic
Expires \t3600
Freq    \t3600
Ping    \t0
PingFreq\t0
PingTime\t0.00
PingState\t0/0/0
State   \tNOREG
Status  \tUP
Uptime  \t1034s
CallsIN \t0
CallsOUT\t56
FailedCallsIN\t0
FailedCallsOUT\t12
{RULE}
"""


def api(**options):
    switch = Switch(ToneSpeech(), NumberPlan(), Hooks(), SwitchOptions(**options), SystemClock())
    return Api(switch).run


def shape(text):
    """The text without what differs from one gateway to the next."""
    return re.sub(r"\t(\d+s?|<?sip:.*|lab)$", "\t…", text, flags=re.MULTILINE)


def test_a_gateway_is_told_in_the_real_words():
    ask = api(gateways=frozenset({"lab"}))
    assert shape(ask("sofia status gateway lab")) == shape(GATEWAY)


def test_a_gateway_that_is_down_cannot_be_dialled():
    ask = api(gateways_down=frozenset({"sandbox"}))
    assert "Status  \tDOWN (ping)\n" in ask("sofia status gateway sandbox")
    assert ask("originate sofia/gateway/sandbox/+12025550100 &park()") == "-ERR GATEWAY_DOWN\n"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("sofia status gateway nope", "Invalid Gateway!\n"),
        ("sofia nothing", "Unknown Command [nothing]\n"),
        ("module_exists mod_sofia", "true"),
        ("module_exists mod_native_file ", "true"),
        ("module_exists mod_nope", "false"),
        ("module_exists", "-ERR no reply\n"),
        ("file_exists /proc/self/mounts", "true"),
        ("file_exists /nonexistent", "false"),
        ('file_exists "/proc/self/mounts"', "false"),
        ("file_exists", "false"),
    ],
)
def test_short_answers(command, answer):
    assert api()(command) == answer


def test_the_clock_is_told_in_whole_seconds():
    before = int(SystemClock().now().timestamp())
    assert before <= int(api()("strepoch")) <= SystemClock().now().timestamp()
