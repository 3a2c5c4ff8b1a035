"""A live call of the whole product: followed, listened to, told what to say, and ended, in both
modes."""

import json
import urllib.request

import gevent
import pytest
from scenarios import NUMBERS

from topcalls.audio import pcm
from topcalls.audio.pcm import audioop

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
LIMIT = 60
NEWS = "Your parcel has arrived at the station."
GOODBYE = "Thank you and goodbye."
MODES = {"realtime": {}, "legacy": {"mode": "legacy", "voice": "rachel"}}


def events_of(product, call_id):
    """All events of a call, as an EventSource gets them: (name, data)."""
    request = urllib.request.Request(
        f"{product.url}/v1/calls/{call_id}/events",
        headers={"Authorization": f"Bearer {product.key}", "Accept": "text/event-stream"},
    )
    told, name = [], ""
    with urllib.request.urlopen(request, timeout=LIMIT) as answer:
        for line in answer:
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                told.append((name, json.loads(value)))
    return told


def sound_of(url):
    """The caller's side and the agent's, as a player gets them."""
    with urllib.request.urlopen(url, timeout=LIMIT) as answer:
        wav = answer.read()
    assert wav[:4] == b"RIFF"
    return pcm.split_stereo(wav[44:])


def say(product, call_id, text, **how):
    answer = product.request("POST", f"/v1/calls/{call_id}/say", {"text": text, **how})
    assert answer.status == 202, answer.body
    return answer.body["command_id"]


class Live:
    """A call whose agent talks to somebody who never says a word."""

    def __init__(self, product, supervisor, **wishes):
        self.id = product.place(NUMBERS["silent"], silence_timeout_seconds=60, **wishes)
        self.events = gevent.spawn(events_of, product, self.id)
        product.wait_until(self.id, lambda call: call["transcript"])
        answer = product.request("GET", f"/v1/calls/{self.id}/listen", key=supervisor)
        assert answer.status == 200, answer.body
        self.sound = gevent.spawn(sound_of, answer.body["url"])
        self.news = say(product, self.id, NEWS, interruptible=False)
        note = {"text": "It was paid for."}
        injected = product.request("POST", f"/v1/calls/{self.id}/inject", note)
        assert injected.status == 202, injected.body
        path = f"/v1/calls/{self.id}/events"
        product.wait_at(path, lambda body: self.news in json.dumps(body), key=product.key)
        self.goodbye = say(product, self.id, GOODBYE, interrupt=True, end_call=True)


@pytest.fixture(scope="module")
def live(product):
    """Both at once."""
    scopes = "calls:read,calls:supervise"
    supervisor = product.new_key(scopes)
    begun = {mode: gevent.spawn(Live, product, supervisor, **how) for mode, how in MODES.items()}
    return {mode: one.get(timeout=2 * LIMIT) for mode, one in begun.items()}


@pytest.fixture(params=MODES)
def call(request, live):
    return live[request.param]


def test_it_says_what_it_is_told_and_ends(product, call):
    over = product.wait_over(call.id)
    assert over["end_reason"] == "agent_ended"
    said = [turn["text"] for turn in over["transcript"] if turn["user"] == "assistant"]
    assert said[-2:] == [NEWS, GOODBYE]


def test_a_follower_is_told_everything_until_its_end(call):
    told = call.events.get(timeout=LIMIT)
    names = [name for name, _ in told]
    states = list(dict.fromkeys(data["to_state"] for name, data in told if name == "state"))
    assert states[:1] == ["dispatching"]
    assert states[-1] == "completed"
    outcomes = {data["detail"]["command_id"]: data["detail"] for n, data in told if n == "said"}
    assert outcomes[call.news]["outcome"] == outcomes[call.goodbye]["outcome"] == "heard"
    assert "injected" in names
    assert "listening" in names
    turns = {data["id"]: data["text"] for name, data in told if name == "turn"}
    assert {NEWS, GOODBYE} <= set(turns.values())
    assert names[-1] == "end"
    assert told[-1][1]["end_reason"] == "agent_ended"


def test_a_listener_hears_the_agent_and_not_the_silent_caller(call):
    caller, agent = call.sound.get(timeout=LIMIT)
    assert len(agent) > 2 * 16_000  # bytes of two seconds
    assert audioop.rms(agent, 2) > 5 * max(audioop.rms(caller, 2), 20)
