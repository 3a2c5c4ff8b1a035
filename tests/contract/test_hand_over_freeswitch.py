"""Calls on a real FreeSWITCH outlive their controller: the channel, its timer and its recording
stay, its events and its audio go to another one. Pauses are printed (`pytest -s`).
"""

import os
import signal
from time import time

import gevent
from freeswitch_lab import (
    FIRST_SENTENCE,
    GOODBYE,
    LONG_ANSWER,
    NEEDED,
    QUESTION,
    another_controller,
    outcome,
    place,
    recorded,
    show,
    switch_address,
    words,
)

from topcalls.clock import SystemClock
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.ids import new_id

pytest_plugins = ["freeswitch_fixtures"]
pytestmark = NEEDED
START = "uuid_audio_stream"


def begun(product, telephone, say):
    """A call whose caller has heard the first sentence."""
    callee = telephone("answers")
    call_id = place(product)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    return callee, call_id, line


def channel_of(product, call_id):
    return product.details(call_id)["external_call_id"]


def starts(relay, channel, after):
    """When the audio of a channel was asked for."""
    return [
        at
        for at, text in relay.commands
        if at > after and f"uuid_audio_stream {channel} start" in text
    ]


def wait_started(relay, channel, after):
    with gevent.Timeout(30, AssertionError("no other controller")):
        while not (found := starts(relay, channel, after)):
            gevent.sleep(0.01)
    return found[0]


def told_since(product, since):
    """What the sessions that were opened since then were given to know, in order."""
    connections = list(product.mind.server.realtime.connections)[since:]
    items = [
        event["item"]
        for one in connections
        for event in one.journal.events("client", "conversation.item.create")
    ]
    return [(one["role"], one["content"][0]["text"]) for one in items if one["type"] == "message"]


def sessions(product):
    return len(list(product.mind.server.realtime.connections))


def assert_answer_was_heard(call):
    """As far as it had come; where a successor comes late the switch has played all of it."""
    (turn,) = [turn for turn in call["transcript"] if LONG_ANSWER.startswith(turn["text"])]
    assert turn["interrupted"] is (turn["text"] != LONG_ANSWER)


def assert_one_recording(product, call):
    seconds = len(recorded(product, call)) / 8000
    assert abs(seconds - call["duration"] * 60) < 1.0


def test_a_controller_that_is_killed_in_mid_sentence(product, relay, telephone, say, switch):
    callee, call_id, line = begun(product, telephone, say)
    line.say(say(QUESTION))
    line.wait_for_voice(15, after=time())
    gevent.sleep(1.5)
    channel, before = channel_of(product, call_id), sessions(product)
    owner = switch(commands.uuid_getvar(channel, "tc_owner"))
    killed_at = time()
    os.kill(product.pid_of("controller"), signal.SIGKILL)

    began = wait_started(relay, channel, killed_at)
    last = [packet.at for packet in line.voice if packet.at < began + 0.5][-1]
    again = line.wait_for_voice(20, after=last + 0.5)
    show(
        dead_to_stream_ms=(began - killed_at) * 1000,
        dead_to_speech_ms=(again.at - killed_at) * 1000,
        silence_ms=(again.at - last) * 1000,
    )
    assert switch(commands.uuid_getvar(channel, "tc_owner")) != owner
    assert channel in switch("show tasks as json")
    line.wait_for_quiet(30, quiet=1.0)
    line.say(say(GOODBYE))
    call = product.wait_over(call_id)

    assert outcome(call) == ("completed", "completed", "agent_ended")
    told = told_since(product, before)
    assert told[:2] == [("assistant", FIRST_SENTENCE), ("user", QUESTION)]
    assert words(call, "user") == f"{QUESTION} {GOODBYE}"
    assert_answer_was_heard(call)
    assert words(call, "assistant").count(FIRST_SENTENCE) == 1
    assert_one_recording(product, call)
    gaps = [two.at - one.at for one, two in zip(line.packets, line.packets[1:], strict=False)]
    show(rtp_gap_max_ms=max(gaps) * 1000)
    assert product.wait_webhook(call_id, "call.completed")


def test_one_that_is_killed_while_it_rings(product, relay, telephone, say, switch):
    callee = telephone("answers", pause=8000)
    call_id = place(product)
    product.wait_until(call_id, lambda call: call["status"] == "in_progress")
    os.kill(product.pid_of("controller"), signal.SIGKILL)
    line = callee.lines.wait(30)
    line.wait_for_voice(20)
    line.wait_for_quiet(15)
    line.say(say(GOODBYE))
    call = product.wait_over(call_id)
    assert outcome(call) == ("completed", "completed", "agent_ended")
    assert words(call, "assistant").startswith(FIRST_SENTENCE)


def test_one_that_is_stopped_gives_its_call_to_another(product, relay, telephone, say, switch):
    callee, call_id, line = begun(product, telephone, say)
    channel, before = channel_of(product, call_id), sessions(product)
    with another_controller(product) as name:
        stopped_at = time()
        os.kill(product.pid_of("controller"), signal.SIGTERM)
        began = wait_started(relay, channel, stopped_at)
        with gevent.Timeout(10, AssertionError("not taken")):
            while switch(commands.uuid_getvar(channel, "tc_owner")) != name:
                gevent.sleep(0.05)
        left = relay.wait_for(f"uuid_audio_stream {channel} stop", 1, after=stopped_at)
        show(asked_to_stream_ms=(began - stopped_at) * 1000, deaf_ms=(began - left) * 1000)
        gevent.sleep(1.0)
        line.say(say(GOODBYE))
        call = product.wait_over(call_id)
        assert outcome(call) == ("completed", "completed", "agent_ended")
        assert told_since(product, before)[0] == ("assistant", FIRST_SENTENCE)
        assert not any(turn["interrupted"] for turn in call["transcript"])
        assert_one_recording(product, call)


def test_the_events_of_a_channel_go_to_whom_its_variable_names():
    address = switch_address()
    heard = {"first": [], "second": []}
    clients = [
        SwitchClient(
            address.host,
            address.port,
            address.password,
            owner=owner,
            node="lab",
            on_event=events.append,
            on_up=lambda: None,
            on_down=lambda _: None,
            clock=SystemClock(),
        )
        for owner, events in heard.items()
    ]
    for client in clients:
        client.start()
        assert client.wait_up(10)
    uuid = new_id()
    dial = commands.originate_to("null/test", {"tc_owner": "first"}, channel_uuid=uuid)
    clients[0].bgapi(dial, timeout=10)
    with gevent.Timeout(10, AssertionError("no channel")):
        while clients[0].api(commands.uuid_exists(uuid)) != "true":
            gevent.sleep(0.02)
    clients[1].api(commands.uuid_setvar(uuid, "tc_owner", "second"))
    before = len(heard["first"])
    clients[1].api(commands.uuid_kill(uuid))
    with gevent.Timeout(10, AssertionError("the end was not told")):
        while "CHANNEL_HANGUP_COMPLETE" not in {event.name for event in of(heard["second"], uuid)}:
            gevent.sleep(0.02)
    assert "CHANNEL_HANGUP_COMPLETE" not in {
        event.name for event in of(heard["first"][before:], uuid)
    }
    for client in clients:
        client.stop()


def of(events, uuid):
    return [event for event in events if event.uuid == uuid]
