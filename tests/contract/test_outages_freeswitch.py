"""A real switch that is away, frozen, cut off or killed, with calls up; what is left of each.

See `own_switch.py` for what it needs. The product was there before its switch.
"""

import os
import shutil
import signal
from collections import Counter
from contextlib import contextmanager
from datetime import datetime
from socket import AF_INET, SOCK_DGRAM, socket
from time import time

import gevent
import numpy as np
import own_switch
import pytest
from freeswitch_lab import (
    FIRST_SENTENCE,
    GOODBYE,
    LONG_ANSWER,
    QUESTION,
    Address,
    LiveProduct,
    Relay,
    greeted,
    outcome,
    place,
    recorded,
    show,
    talking,
    words,
)
from offices import wait_until
from telephones import Callee

from topcalls.esl.connection import EventSocketConnection

pytestmark = [
    pytest.mark.freeswitch,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not os.environ.get(own_switch.PROGRAM), reason=f"set {own_switch.PROGRAM}"),
    pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed"),
]

DONE = ("completed", "completed", "agent_ended")
STOPPED = ("cancelled", "cancelled", "stopped")
SHORT_FREEZE, LONG_FREEZE = 5.5, 25
"""A command is waited for 5 s, and a silent switch is taken for gone after 5 s more."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A switch that nobody has started yet."""
    directory = tmp_path_factory.mktemp("outages")
    ports = {"FREESWITCH_RTP_START": "16000", "FREESWITCH_RTP_END": "16500"}
    made = own_switch.OwnSwitch(directory, **ports)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def address(prepared):
    return Address("127.0.0.1", prepared.ports["esl"], own_switch.PASSWORD, own_switch.GATEWAY)


@pytest.fixture(scope="module")
def relay(address):
    relay = Relay(address)
    yield relay
    relay.close()


@pytest.fixture(scope="module")
def product(tmp_path_factory, prepared, address, relay):
    directory = tmp_path_factory.mktemp("live")
    product = LiveProduct(directory / "product", address, relay.port)
    product.environment["TOPCALLS_CDR_DIR"] = str(prepared.cdrs)
    yield product.start()
    assert product.stop() == 0


@pytest.fixture
def switch(prepared, product):
    """It runs, and the product knows it."""
    if not (prepared.directory / "pid").exists():
        prepared.start()
    wait_until(lambda: node_is_up(product), "the switch is not noticed", 60)
    return prepared


@pytest.fixture
def telephone(prepared, tmp_path):
    made = []

    def make(scenario, **settings):
        made.append(Callee(("127.0.0.1", prepared.ports["callee"]), tmp_path, scenario, **settings))
        return made[-1]

    yield make
    for callee in made:
        callee.close()


@pytest.fixture
def say(product, request):
    return product.mind.voice_of(request.node.name)


def node_is_up(product):
    """As the API tells."""
    return [node["status"] for node in product.get("/v1/status")["nodes"]] == ["up"]


def process_of(switch):
    return int((switch.directory / "pid").read_text())


@contextmanager
def frozen(switch):
    """It takes connections and answers nothing, and no packet of audio moves."""
    os.kill(process_of(switch), signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process_of(switch), signal.SIGCONT)


def kill(switch):
    own_switch._end(switch.directory, signal.SIGKILL)


def calls_of(callee):
    """How many calls were ever offered to the telephone."""
    return len([1 for _, way, _, first in callee.messages() if way == "R" and "INVITE" in first])


def test_a_product_that_was_there_before_its_switch(prepared, product, telephone, say):
    waits = place(product)
    nodes = product.get("/v1/status")["nodes"]
    assert [node["status"] for node in nodes] == ["down"]
    assert product.details(waits)["status"] == "queued"
    callee = telephone("answers")
    prepared.start()
    line = greeted(callee)
    line.say(say(GOODBYE))
    assert outcome(product.wait_over(waits)) == DONE
    assert node_is_up(product)


def test_a_freeze_that_nobody_notices(product, switch, telephone, say):
    """It is longer than a command is waited for: a stop and a dial of that time are done after."""
    callee = telephone("answers")
    stopped, goes_on = place(product), place(product)
    callee.lines.wait(30, count=2)
    for call_id in (stopped, goes_on):
        product.wait_until(call_id, talking)
    with frozen(switch):
        began = time()
        assert product.request("POST", f"/v1/calls/{stopped}/stop").status == 200
        dialled = place(product)
        gevent.sleep(SHORT_FREEZE - (time() - began))
    assert outcome(product.wait_over(stopped)) == STOPPED
    product.wait_until(dialled, talking)
    for call_id in (goes_on, dialled):
        assert talking(product.details(call_id))
        product.request("POST", f"/v1/calls/{call_id}/stop")
        assert outcome(product.wait_over(call_id)) == STOPPED
    assert calls_of(callee) == 3


def test_a_talk_goes_on_after_a_freeze_that_was_noticed(product, switch, telephone, say):
    callee = telephone("answers")
    call_id = place(product, silence_timeout_seconds=120)
    line = greeted(callee)
    with frozen(switch):
        frozen_at = time()
        wait_until(lambda: not node_is_up(product), "the freeze is not noticed", 40)
        show(noticed_after_s=time() - frozen_at)
        assert talking(product.details(call_id))
        gevent.sleep(max(0.0, LONG_FREEZE - (time() - frozen_at)))
    wait_until(lambda: node_is_up(product), "the switch is not noticed", 60)
    thawed = time()
    assert talking(product.details(call_id))
    line.wait_for_packet(10, after=thawed)
    line.say(say(QUESTION))
    line.wait_for_voice(20, after=thawed)
    line.wait_for_quiet(40, quiet=1.5)
    line.say(say(GOODBYE))
    call = product.wait_over(call_id)
    assert outcome(call) == DONE
    assert LONG_ANSWER in words(call, "assistant")
    assert calls_of(callee) == 1


@pytest.mark.timeout(400)
def test_twenty_calls_and_an_event_socket_that_is_cut_for_ten_seconds(
    product, switch, relay, telephone
):
    callee = telephone("answers", pause=200)
    calls = [place(product, silence_timeout_seconds=120) for _ in range(20)]
    callee.lines.wait(120, count=20)
    for call_id in calls:
        product.wait_until(call_id, talking)
    stays, leaves = calls[3:], calls[:3]
    channels = [product.details(call_id)["external_call_id"] for call_id in leaves]
    relay.cut()
    cut_at = time()
    with EventSocketConnection("127.0.0.1", switch.ports["esl"], own_switch.PASSWORD) as line:
        for channel in channels:  # as the network would: the controller hears nothing of it
            line.send(f"api uuid_kill {channel} NORMAL_CLEARING")
        waits = place(product)
        gevent.sleep(10 - (time() - cut_at))
        relay.mend()
        assert all(talking(product.details(call_id)) for call_id in stays)
        ended = [product.wait_over(call_id) for call_id in leaves]
        assert {call["status"] for call in ended} == {"completed"}, [outcome(one) for one in ended]
        for call in ended:
            assert call["duration"] * 60 < cut_at + 3 - answered_at(call)
        product.wait_until(waits, talking)  # it was not dialled twice, and not lost
        assert calls_of(callee) == 21
        assert all(talking(product.details(call_id)) for call_id in stays)
        assert line.send("api show channels count").data.strip() == "18 total."
        for call_id in [*stays, waits]:
            product.request("POST", f"/v1/calls/{call_id}/stop")
        ends = Counter(outcome(product.wait_over(call_id)) for call_id in [*stays, waits])
        assert ends == {STOPPED: 18}
        assert line.send("api show channels count").data.strip() == "0 total."


def answered_at(call):
    return datetime.fromisoformat(call["started_at"]).timestamp()


@pytest.mark.parametrize("far_end", ["rings", "says nothing"])
def test_a_switch_that_is_killed_while_it_dials_has_dialled_once(
    product, prepared, switch, telephone, far_end
):
    """The intent is settled when the switch is back, and nobody is rung again for it."""
    mute = socket(AF_INET, SOCK_DGRAM)
    if far_end == "rings":
        callee = telephone("rings")
        call_id = place(product)
        callee.wait_for("S", "180")
    else:
        mute.bind(("127.0.0.1", prepared.ports["callee"]))
        mute.settimeout(20)
        call_id = place(product)
        assert mute.recv(8000).startswith(b"INVITE")
    kill(switch)
    if far_end == "says nothing":
        mute.close()
        callee = telephone("answers")
    prepared.start()
    call = product.wait_over(call_id, 120)
    assert call["status"] == "failed", outcome(call)
    assert (call["ended_by"], call["actual_duration_billed"]) == ("gateway", 0)
    assert len(call["routing"]) == 1
    assert calls_of(callee) == (1 if far_end == "rings" else 0)
    mute.close()


def test_a_recording_of_a_switch_that_was_killed_is_kept(product, prepared, switch, telephone):
    callee = telephone("answers")
    call_id = place(product)
    line = greeted(callee)
    gevent.sleep(1.0)
    kill(switch)
    killed_at = time()
    prepared.start()
    call = product.wait_over(call_id, 120)
    assert call["status"] == "failed", outcome(call)
    assert call["end_reason"] in ("channel_lost", "stream_lost")
    call = product.wait_until(call_id, lambda one: one["recording"]["state"] != "storing", 120)
    assert call["recording"]["state"] == "stored", call["recording"]
    sound = recorded(product, call)
    ours = np.abs(sound[:, 1].astype(float)) > 1500
    assert ours.mean() > 0.1  # the first sentence is in it
    heard = killed_at - line.packets[0].at
    show(heard_s=heard, kept_s=len(sound) / 8000)
    print(call["recording"])
    assert heard - 1.5 < len(sound) / 8000 < heard + 0.5
    assert FIRST_SENTENCE in words(call, "assistant")
