"""The Event Socket room against the double, always, and against a real FreeSWITCH.

    TOPCALLS_TEST_FREESWITCH=127.0.0.1:8021:password pytest -m freeswitch tests/contract

The switch needs mod_event_socket, mod_commands, mod_dptools and mod_loopback. No call leaves it.
`own_switch.py` says how to have one started for the tests.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from gevent import Timeout
from gevent.event import Event
from gevent.queue import Empty, Queue
from unit.esl_dial_string import split
from unit.sandbox_peers import ToneSpeech

from topcalls.core.call_events import Answered, HungUp
from topcalls.core.keys import sounds
from topcalls.esl import commands
from topcalls.esl.client import UNCLAIMED, SwitchClient
from topcalls.esl.connection import EventSocketConnection
from topcalls.esl.errors import CommandRefused, LoginRefused
from topcalls.esl.link import Watchdog
from topcalls.esl.parser import ESLEvent
from topcalls.esl.translate import KeyPressed, inbound_call, notice, translate
from topcalls.ids import new_id
from topcalls.sandbox.freeswitch.server import PASSWORD, SwitchServer
from topcalls.sandbox.magic_numbers import NumberPlan

SETTING = "TOPCALLS_TEST_FREESWITCH"
LIMIT = 10.0
VICTIM = "11111111-2222-3333-4444-555555555555"

REAL = [
    pytest.mark.freeswitch,
    pytest.mark.skipif(
        not os.environ.get(SETTING), reason=f"set {SETTING}=host:port:password to a real switch"
    ),
]


class Address(NamedTuple):
    host: str
    port: int
    password: str


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("double", marks=pytest.mark.unit),
        pytest.param("freeswitch", marks=REAL),
    ],
)
def switch(request: pytest.FixtureRequest) -> Iterator[tuple[Address, SwitchServer | None]]:
    """A switch that knows nobody: its address, and the double itself."""
    if request.param == "freeswitch":
        host, port, password, *_ = os.environ[SETTING].split(":")
        yield Address(host, int(port), password), None
        return
    double = SwitchServer(ToneSpeech(), NumberPlan([]))  # type: ignore[no-untyped-call]
    double.start()
    yield Address("127.0.0.1", double.port, PASSWORD), double
    double.stop()


@pytest.fixture(scope="module")
def address(switch: tuple[Address, SwitchServer | None]) -> Address:
    return switch[0]


class Controller:
    """A client on the real switch, with the events it gets."""

    def __init__(self, address: Address, **options: object) -> None:
        self.owner = f"test-{new_id()[:8]}"
        self.events: Queue[ESLEvent] = Queue()
        self.notices: Queue[str] = Queue()
        self.client = SwitchClient(
            *address,
            owner=self.owner,
            node="test",
            on_event=self.events.put,
            on_up=lambda: self.notices.put("up"),
            on_down=self.notices.put,
            **options,  # type: ignore[arg-type]
        )

    def dial(self, endpoint: str = "null/test", **variables: str) -> str:
        """Open a channel of our own, parked; its uuid."""
        uuid = new_id()
        command = commands.originate_to(
            endpoint, {"tc_owner": self.owner, **variables}, channel_uuid=uuid
        )
        assert self.client.bgapi(command, timeout=LIMIT).wait(LIMIT) == f"+OK {uuid}"
        return uuid

    def hang_up(self, uuid: str) -> None:
        self.client.api(commands.uuid_kill(uuid))

    def wait_for(self, name: str, uuid: str = "") -> ESLEvent:
        """The next event of this name (and channel); others on the way are dropped."""
        with Timeout(LIMIT, AssertionError(f"no {name} within {LIMIT} s")):
            for event in self.events:
                if event.name == name and uuid in ("", event.uuid):
                    return event
        raise AssertionError("the queue of events ended")

    def variables(self, uuid: str) -> ESLEvent:
        return ESLEvent(json.loads(self.client.api(commands.uuid_dump(uuid))))


@pytest.fixture
def controller(address: Address) -> Iterator[Controller]:
    made = Controller(address)
    made.client.start()
    assert made.client.wait_up(LIMIT), made.client.last_error
    yield made
    made.client.stop()


@pytest.fixture
def channel(controller: Controller) -> Iterator[str]:
    uuid = controller.dial()
    yield uuid
    if controller.client.api(commands.uuid_exists(uuid)) == "true":
        controller.hang_up(uuid)


# -- the connection ---------------------------------------------------------------------------


def test_the_switch_answers(controller: Controller) -> None:
    assert "FreeSWITCH" in controller.client.api("status")


def test_a_wrong_password_is_refused(address: Address) -> None:
    connection = EventSocketConnection(address.host, address.port, "no " + address.password)

    with pytest.raises(LoginRefused):
        connection.connect()


def test_an_unknown_command_is_refused(controller: Controller) -> None:
    with pytest.raises(CommandRefused):
        controller.client.api("no_such_command")
    with pytest.raises(CommandRefused):
        controller.client.bgapi("no_such_command", timeout=LIMIT).wait(LIMIT)


def test_a_connection_that_broke_is_made_and_subscribed_again(controller: Controller) -> None:
    assert controller.notices.get(timeout=LIMIT) == "up"
    controller.client._events.connection.abort("the test pulls the plug")

    assert "plug" in controller.notices.get(timeout=LIMIT)
    assert controller.notices.get(timeout=LIMIT) == "up"
    uuid = controller.dial()
    controller.wait_for("CHANNEL_ANSWER", uuid)
    controller.hang_up(uuid)


def test_a_quiet_switch_that_answers_probes_is_kept(address: Address) -> None:
    controller = Controller(address, watchdog=Watchdog(quiet=0.05, grace=2.0))
    controller.client.start()
    assert controller.notices.get(timeout=LIMIT) == "up"

    with pytest.raises(Empty):
        controller.notices.get(timeout=1.0)
    assert controller.client.is_up
    assert controller.client.metrics.reconnects == 0
    controller.client.stop()


def test_stopping_lets_the_last_command_through(address: Address, controller: Controller) -> None:
    other = Controller(address)
    other.client.start()
    assert other.client.wait_up(LIMIT)
    uuid = controller.dial()
    other.client.post(commands.uuid_kill(uuid))
    other.client.stop()

    controller.wait_for("CHANNEL_HANGUP_COMPLETE", uuid)


# -- a call -----------------------------------------------------------------------------------


def test_a_call_from_dial_to_hang_up(controller: Controller) -> None:
    uuid = controller.dial()

    assert translate(controller.wait_for("CHANNEL_ANSWER", uuid)) == Answered()
    assert controller.client.api(commands.uuid_exists(uuid)) == "true"
    assert _is_listed(controller, uuid)
    controller.client.api(commands.uuid_kill(uuid, "USER_BUSY"))
    over = translate(controller.wait_for("CHANNEL_HANGUP_COMPLETE", uuid))
    assert isinstance(over, HungUp)
    assert (over.hangup.cause, over.hangup.q850) == ("USER_BUSY", 17)
    assert controller.client.api(commands.uuid_exists(uuid)) == "false"


def _is_listed(controller: Controller, uuid: str) -> bool:
    """True once `show channels` knows the channel: its table lags behind by up to a second."""
    with Timeout(LIMIT, False):
        while True:
            listing = json.loads(controller.client.api(commands.show_channels()))
            if uuid in {row["uuid"] for row in listing.get("rows", [])}:
                return True
    return False


def test_a_dial_that_fails_names_its_cause(controller: Controller) -> None:
    endpoint = commands.gateway_endpoint("no-such-gateway", "+12025550100")
    command = commands.originate_to(endpoint, {}, channel_uuid=new_id())

    with pytest.raises(CommandRefused) as caught:
        controller.client.bgapi(command, timeout=LIMIT).wait(LIMIT)

    assert caught.value.cause


def test_the_whole_outbound_command_is_understood(controller: Controller) -> None:
    dial = commands.Dial(
        channel_uuid=new_id(),
        call_id=new_id(),
        owner=controller.owner,
        node="test",
        gateway="none",
        number="+12025550100",
        caller_id_number="+12025550199",
        caller_id_name="O'Brien's, Inc.",
        max_duration_seconds=77,
    )
    text = commands.originate(dial).replace("sofia/gateway/none/+12025550100", "null/test")

    assert controller.client.bgapi(text, timeout=LIMIT).wait(LIMIT) == f"+OK {dial.channel_uuid}"

    channel = controller.variables(dial.channel_uuid)
    assert channel.variable("absolute_codec_string") == "PCMU,PCMA"
    assert channel.variable("origination_caller_id_name") == "O'Brien's, Inc."
    assert channel.variable("execute_on_answer") == "sched_hangup +77 allotted_timeout"
    assert channel.variable("tc_call_id") == dial.call_id
    controller.hang_up(dial.channel_uuid)


def test_commands_on_a_channel_are_understood(controller: Controller, channel: str) -> None:
    api = controller.client.api

    assert api(commands.sched_hangup(channel, 60)).startswith("+OK")
    assert api(commands.sched_del(channel)).startswith("+OK")
    assert api(commands.uuid_setvar(channel, "tc_note", "x")) == "+OK"
    assert api(commands.uuid_break(channel)) == "+OK"
    assert api(commands.uuid_send_dtmf(channel, "1w2@200")).startswith("+OK")
    assert api(commands.uuid_press_tones(channel, sounds("1w2#"))).startswith("+OK")
    with pytest.raises(CommandRefused):
        api(commands.uuid_fileman_pause(channel))


def test_commands_on_no_channel_are_refused(controller: Controller) -> None:
    for command in (
        commands.uuid_kill(VICTIM),
        commands.uuid_answer(VICTIM),
        commands.uuid_break(VICTIM),
        commands.uuid_dump(VICTIM),
        commands.uuid_setvar(VICTIM, "a", "b"),
        commands.uuid_transfer(VICTIM, "1000"),
        commands.uuid_record_start(VICTIM, "/tmp/none.wav"),
        commands.sched_hangup(VICTIM, 60),
    ):
        with pytest.raises(CommandRefused):
            controller.client.api(command)


def test_the_time_limit_on_answer_is_the_switchs_own(controller: Controller) -> None:
    uuid = controller.dial(execute_on_answer="sched_hangup +1 allotted_timeout")

    over = translate(controller.wait_for("CHANNEL_HANGUP_COMPLETE", uuid))

    assert isinstance(over, HungUp)
    assert over.hangup.cause == "ALLOTTED_TIMEOUT"


def test_applications_run_on_the_channel(controller: Controller, channel: str) -> None:
    controller.client.execute(channel, "set", "tc_played=yes, really")
    controller.client.execute(channel, "set", "tc_long=" + "x" * 4000)
    controller.client.execute(channel, "hangup", "CALL_REJECTED")

    over = controller.wait_for("CHANNEL_HANGUP_COMPLETE", channel)

    assert over.get("Hangup-Cause") == "CALL_REJECTED"
    assert over.variable("tc_played") == "yes, really"
    assert len(over.variable("tc_long")) == 4000
    assert controller.client.metrics.commands_failed == 0


# -- events -----------------------------------------------------------------------------------


def test_events_of_other_owners_stay_away(address: Address, controller: Controller) -> None:
    other = Controller(address)
    other.client.start()
    assert other.client.wait_up(LIMIT)
    uuid = controller.dial()
    controller.hang_up(uuid)
    controller.wait_for("CHANNEL_HANGUP_COMPLETE", uuid)
    mine = other.dial()
    other.wait_for("CHANNEL_ANSWER", mine)

    assert all(event.uuid != uuid for event in _drained(other.events))
    other.hang_up(mine)
    other.client.stop()


def _drained(queue: Queue[ESLEvent]) -> list[ESLEvent]:
    return [queue.get() for _ in range(queue.qsize())]


def test_calls_nobody_owns_are_seen(controller: Controller) -> None:
    uuid = controller.dial(tc_owner=UNCLAIMED)

    assert controller.wait_for("CHANNEL_PARK", uuid).variable("tc_owner") == UNCLAIMED
    controller.hang_up(uuid)


def test_a_claimed_channel_sends_its_events_here(controller: Controller) -> None:
    uuid = controller.dial(tc_owner="somebody-else")
    controller.client.api(commands.uuid_setvar(uuid, "tc_owner", controller.owner))
    controller.hang_up(uuid)

    controller.wait_for("CHANNEL_HANGUP_COMPLETE", uuid)


def test_keys_arrive_although_their_events_carry_no_owner(
    controller: Controller, channel: str
) -> None:
    controller.client.api(f"uuid_recv_dtmf {channel} 7")

    event = controller.wait_for("DTMF", channel)

    assert notice(event) == KeyPressed("7")
    assert event.variable("tc_owner") == ""


def test_every_event_of_a_call_is_understood(address: Address, controller: Controller) -> None:
    seen: list[ESLEvent] = []
    complete = Event()
    uuid = new_id()

    def note(event: ESLEvent) -> None:
        seen.append(event)
        if event.name == "CHANNEL_DESTROY" and event.uuid == uuid:
            complete.set()

    with EventSocketConnection(*address) as everything:
        everything.register_handle("*", note)
        everything.send_ok("event json ALL")
        command = commands.originate_to("null/test", {}, channel_uuid=uuid)
        controller.client.bgapi(command, timeout=LIMIT).wait(LIMIT)
        controller.hang_up(uuid)
        assert complete.wait(LIMIT)
        counters = everything.counters

    assert (counters.malformed, counters.unknown_messages, counters.text.replaced) == (0, 0, 0)
    assert {"CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_HANGUP_COMPLETE"} <= {
        event.name for event in seen
    }
    assert all(event.timestamp_us for event in seen if event.uuid == uuid)


# -- hostile text -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["json", "plain"])
def test_line_breaks_inside_values_forge_nothing(
    address: Address, controller: Controller, channel: str, form: str
) -> None:
    hostile = f"x\\nUnique-ID: {VICTIM}\\r\\nvariable_tc_owner: forged"
    seen: Queue[ESLEvent] = Queue()
    with EventSocketConnection(*address) as connection:
        connection.register_handle("CHANNEL_HANGUP_COMPLETE", seen.put)
        connection.send_ok(f"filter Unique-ID {channel}")
        connection.send_ok(f"event {form} CHANNEL_HANGUP_COMPLETE")
        controller.client.api(f"uuid_setvar {channel} sdp {hostile}")
        controller.hang_up(channel)

        event = seen.get(timeout=LIMIT)

    assert event.variable("sdp") == f"x\nUnique-ID: {VICTIM}\r\nvariable_tc_owner: forged"
    assert event.uuid == channel
    assert event.variable("tc_owner") == controller.owner


ENCODED = f"a%0AUnique-ID%3A%20{VICTIM}%0D%0A%0D%0Aapi%20shutdown"


def test_an_encoded_line_break_in_a_callers_name_is_a_name(
    switch: tuple[Address, SwitchServer | None], controller: Controller
) -> None:
    """The far leg of a loopback sees the name as a stranger's, like any inbound call."""
    _, double = switch
    if double is None:
        controller.dial("loopback/app=park", origination_caller_id_name=ENCODED)
    else:
        double.call_in("+12025550177", "+12025550142", name=ENCODED)
    call = None
    while call is None:
        call = inbound_call(controller.wait_for("CHANNEL_PARK"))

    assert call.caller_name == ENCODED
    assert call.channel_uuid != VICTIM
    controller.hang_up(call.channel_uuid)


NASTY = [
    "it's",
    "it's Bob's",
    "'",
    "''",
    "a,b",
    "a\\b",
    "a\\,b",
    "\\'",
    "\\\\",
    "\\n\\s",
    'say "hi"',
    "a=b=c",
    " both ends ",
    "two  blanks",
    '{"a": "b, c"}',
    "a|b",
    "[x=1]y",
    "<sip:1@x>",
    "^^:a:b",
    "100% sure; $5",
    "Zoë żółć 漢",
    "%[x=1]",
]


def test_values_arrive_at_the_switch_as_they_are(controller: Controller) -> None:
    given = {f"v{number}": value for number, value in enumerate(NASTY)}
    uuid = controller.dial(**given)
    for name, value in given.items():
        controller.client.api(commands.uuid_setvar(uuid, f"set_{name}", value))

    channel = controller.variables(uuid)

    assert {name: channel.variable(name) for name in given} == given
    assert {name: channel.variable(f"set_{name}") for name in given} == given
    controller.hang_up(uuid)


@pytest.mark.parametrize(
    "raw", ["a b", "'a b' c", "a\\'b c'd", "'it\\'s'", "a\\\\b", "x' y", "\\,"]
)
def test_the_model_of_its_quoting_is_right(controller: Controller, channel: str, raw: str) -> None:
    controller.client.api(f"uuid_setvar {channel} raw {raw}")

    assert controller.variables(channel).variable("raw") == split(f"u raw {raw}", " ", 3)[2]
