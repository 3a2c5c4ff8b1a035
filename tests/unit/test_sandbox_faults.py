"""Faults by order: the words of the scenario language, and the desk that takes them by HTTP."""

import json
import urllib.error
import urllib.request

import openai
import pytest
from gevent import Timeout, socket
from sandbox_openai_realtime import QUICK

from topcalls.sandbox import faults, scenario_steps
from topcalls.sandbox.faults import Faults, event_fault, timed_fault
from topcalls.sandbox.freeswitch.wire import Event
from topcalls.sandbox.scenario import ScenarioError, parse_fault
from topcalls.sandbox.scenario_steps import FAULTS
from topcalls.sandbox.server import Sandbox


def event(name, uuid="u", **headers):
    return Event({"Event-Name": name, "Unique-ID": uuid, **headers})


A, B, C = event("A"), event("B"), event("C")
STRANGER = event("B", "v")


def sent(fault, *events):
    """What leaves instead of `events`, packet by packet."""
    in_force = Faults()
    in_force.add(fault)
    return [packet.events for each in events for packet in in_force.outgoing(each)]


def test_an_event_waits_for_the_one_that_is_named():
    swapped = faults.SwapEvents("A", after="C")
    assert sent(swapped, A, B, C) == [[B], [C], [A]]


def test_what_is_kept_back_of_one_call_does_not_keep_back_another():
    assert sent(faults.SwapEvents("A", "u"), A, STRANGER, B) == [[STRANGER], [B], [A]]
    assert sent(faults.JoinEvents("A", "u", last="B"), A, STRANGER, B) == [[STRANGER], [A, B]]


def test_a_job_is_of_the_call_that_its_argument_names():
    job = event("BACKGROUND_JOB", "", **{"Job-Command": "originate", "Job-Command-Arg": "{x=u1}"})
    lost = faults.LoseEvents("BACKGROUND_JOB", "u1", job_command="originate")
    assert sent(lost, job) == []
    assert sent(faults.LoseEvents("BACKGROUND_JOB", "u2"), job) == [[job]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"swap_events": {"event": "A", "after": "B"}}, faults.SwapEvents("A", "u", after="B")),
        ({"join_events": "A"}, faults.JoinEvents("A", "u")),
        ({"lose_job_result": "originate"}, faults.LoseEvents("BACKGROUND_JOB", "u", "originate")),
        (
            {"falsify_header": {"event": "A", "header": "H", "value": "a%FF%0AReply-Text: x"}},
            faults.ChangeHeader("A", "u", header="H", value="a\udcff\nReply-Text: x"),
        ),
        ({"cut_event_socket": {"at": 1, "seconds": 3}}, (1.0, faults.CutConnections(3.0))),
        ({"split_event_socket": 0}, (0.0, faults.SplitBytes(seconds=5.0))),
        ({"crash_switch": 2}, (2.0, faults.Crash(3.0))),
        ({"stall_stream": 2}, None),
        ({"refuse_model": 401}, None),
    ],
)
def test_what_the_words_mean_at_the_event_socket(words, expected):
    fault = parse_fault(words)
    assert (event_fault(fault, "u") or timed_fault(fault)) == expected


def test_a_status_that_is_no_error_is_refused():
    with pytest.raises(ScenarioError, match="400 to 599"):
        parse_fault({"refuse_model": 200})


def test_every_fault_can_be_asked_for_in_short():
    """All other settings have defaults, or the first one would say too little."""
    assert len({kind.keyword for kind in FAULTS}) == len(FAULTS)
    assert parse_fault({"flood_stream": 1}) == scenario_steps.FloodStream(1.0)


@pytest.fixture
def sandbox(tmp_path):
    sandbox = Sandbox(tmp_path, behaviour=QUICK)
    sandbox.start()
    yield sandbox
    sandbox.stop()


def ask(sandbox, method, body=None):
    """(status, answer) of the desk."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(sandbox.endpoints["faults_url"], data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def connected(sandbox):
    """An Event Socket connection, and what it says first."""
    connection = socket.create_connection(("127.0.0.1", sandbox.switch.port), timeout=5)
    return connection, connection.recv(1000)


def test_the_desk_cuts_the_event_socket_for_a_while(sandbox):
    connection, greeting = connected(sandbox)
    assert b"auth/request" in greeting
    assert ask(sandbox, "PUT", {"cut_event_socket": {"at": 0, "seconds": 60}}) == (204, None)
    assert connection.recv(1000) == b""
    again, greeting = connected(sandbox)
    assert greeting == b""
    connection.close()
    again.close()


def test_a_crashed_switch_is_seen_at_the_desk_and_comes_back(sandbox):
    port = sandbox.switch.port
    ask(sandbox, "PUT", [{"crash_switch": {"at": 0, "seconds": 0.2}}])
    with Timeout(5), pytest.raises(OSError, match="refused"):
        while True:
            connected(sandbox)[0].close()
    assert ask(sandbox, "GET") == (200, {"running": False, "connections": 0, "calls": []})
    with Timeout(5):
        while not ask(sandbox, "GET")[1]["running"]:
            pass
    assert sandbox.switch.port == port


def test_the_desk_refuses_the_key_of_the_next_requests(sandbox):
    ask(sandbox, "PUT", {"refuse_model": {"status": 401, "times": 1}})
    url = sandbox.endpoints["openai_base_url"]
    messages = [{"role": "user", "content": "hello"}]
    with openai.OpenAI(api_key="sk-any", base_url=url, max_retries=0) as vendor:
        with pytest.raises(openai.AuthenticationError):
            vendor.chat.completions.create(model="gpt-6-luna", messages=messages)
        assert vendor.chat.completions.create(model="gpt-6-luna", messages=messages).choices


def test_the_desk_says_what_is_wrong_with_an_order(sandbox):
    status, answer = ask(sandbox, "PUT", {"eat_event": 1})
    assert status == 400
    assert "cut_event_socket" in answer["error"]
    assert ask(sandbox, "PUT", [])[0] == 204
    assert ask(sandbox, "POST", {})[0] == 405


def test_nothing_goes_wrong_any_more_when_the_desk_is_cleared(sandbox):
    ask(sandbox, "PUT", {"lose_event": "HEARTBEAT"})
    assert ask(sandbox, "DELETE") == (204, None)
    beat = event("HEARTBEAT", "")
    assert [packet.events for packet in sandbox.switch.faults.outgoing(beat)] == [[beat]]
