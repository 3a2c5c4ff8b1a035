"""Server-sent events of calls, by a client on a real socket."""

import json
import socket
from contextlib import contextmanager
from http.client import HTTPConnection

import factories
import gevent
import pytest
from gevent.event import Event

from topcalls.api import event_streams
from topcalls.api import server as api_server
from topcalls.core.transcript import Turn
from topcalls.errors import StoreUnavailable
from topcalls.store import calls

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
LIMIT = 10
HELLO = Turn(1, "user", "Hello?", 500, 1500)


@pytest.fixture
def life(api):
    call = factories.claimed_call(api.services, api.owner)
    return factories.Life(api.services, call).talk(10)


@pytest.fixture
def streams(api):
    """Whose `empty` is set when the last one is left."""
    made = api.app.extensions["topcalls"].event_streams
    really, made.empty = made.leave, Event()

    def leave(stream):
        really(stream)
        if not made._streams:
            made.empty.set()

    made.leave = leave
    return made


@pytest.fixture
def server(api, streams):
    made = api_server.build(api.app, "127.0.0.1", 0, streams.close)
    made.start()
    yield made
    made.stop(timeout=1)


class Client:
    """What an EventSource does: reads events, and knows the id of the last one."""

    def __init__(self, api, server, life, last=None, **changes):
        self.connection = HTTPConnection("127.0.0.1", server.port, timeout=LIMIT)
        headers = {"Authorization": f"Bearer {api.token}", "Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = last
        path = f"/v1/calls/{life.call_id}/events"
        self.connection.request("GET", path, headers=headers | changes)
        self.response = self.connection.getresponse()
        self.last = last
        self.comments = 0

    def event(self):
        """The next one: (name, data); None at the end. That somebody follows is passed over."""
        while (told := self.any_event()) is not None and told[0] == "following":
            pass
        return told

    def any_event(self):
        """The next one, whichever."""
        fields = {}
        while line := self.response.readline():
            line = line.decode().rstrip("\n")
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                self.last = fields.get("id", self.last)
                return fields["event"], json.loads(fields["data"])
        return None

    def until(self, name):
        """Events up to the first of this name, which is the last."""
        told = []
        while (event := self.event()) is not None:
            told.append(event)
            if event[0] == name:
                return told
        raise AssertionError(f"no {name}: {told}")

    def close(self):
        self.response.close()
        self.connection.close()


def say(api, life, *turns):
    for turn in turns:
        api.services.calls.append_turn(life.call_id, turn)


def gone(streams):
    assert streams.empty.wait(LIMIT), "the stream is still there"
    assert not streams._streams


@contextmanager
def following(*args, **options):
    client = Client(*args, **options)
    yield client
    client.close()


def test_a_call_is_followed_to_its_end(api, server, life, streams):
    with following(api, server, life) as client:
        assert client.response.status == 200
        assert client.response.getheader("Content-Type").startswith("text/event-stream")
        assert client.response.getheader("Cache-Control") == "no-store"
        names = [data["to_state"] for _, data in (client.event() for _ in range(5))]
        assert names == ["dispatching", "ringing", "answered", "answered", "in_progress"]
        say(api, life, HELLO)
        name, data = client.event()
        assert (name, data["user"], data["text"]) == ("turn", "user", "Hello?")
        life.hang_up()
        assert client.event()[0] == "state"
        name, data = client.event()
        assert (name, data["call_status"], data["end_reason"]) == (
            "end",
            "completed",
            "callee_hung_up",
        )
        assert "transcript" not in data
        assert client.event() is None
    gone(streams)
    with following(api, server, life, client.last) as again:
        assert (again.response.status, again.response.read()) == (204, b"")


def test_what_is_being_said_comes_without_an_id(api, server, life):
    with following(api, server, life) as client:
        told = [client.any_event() for _ in range(6)]
        last = client.last
        growing = Turn(1, "user", "Hel", 500, 500, final=False)
        api.services.calls.partial_words.put(life.call_id, growing, api.services.clock.now())
        words = {"id": 1, "user": "user", "text": "Hel", "started_ms": 500}
        assert client.event() == ("partial", words)
        assert (told[-1][0], client.last) == ("following", last)
        say(api, life, HELLO)
        assert client.event()[0] == "turn"


def test_a_client_that_was_cut_off_goes_on_where_it_was(api, server, life):
    with following(api, server, life) as client:
        client.event()
        before = client.event()
        last = client.last
    say(api, life, HELLO)
    life.hang_up()
    with following(api, server, life, last) as again:
        rest = again.until("end")
    assert before not in rest
    assert [name for name, _ in rest] == ["state"] * 3 + ["turn", "state", "end"]


def test_another_process_goes_on(api, server, life):
    with following(api, server, life) as client:
        client.event()
        last = client.last
    server.stop(timeout=1)
    other = api_server.build(api.app, "127.0.0.1", 0)
    api.app.extensions["topcalls"].event_streams._stopping.clear()
    other.start()
    life.hang_up()
    with following(api, other, life, last) as again:
        assert again.until("end")[-1][1]["id"] == life.call_id
    other.stop(timeout=1)


def test_the_end_of_the_process_ends_the_streams(api, server, life):
    with following(api, server, life) as client:
        client.event()
        gevent.spawn(server.stop, 5)
        while client.event() is not None:
            pass
        refused = api.get(f"/v1/calls/{life.call_id}/events", headers=_streamed(api))
    assert refused.status_code == 503


def _streamed(api):
    return {"Accept": "text/event-stream", "Authorization": f"Bearer {api.token}"}


def test_a_reader_that_does_not_read_holds_nothing_up(api, server, life, streams, monkeypatch):
    monkeypatch.setattr(event_streams, "ROOM", 5)
    deaf = socket.create_connection(("127.0.0.1", server.port))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    head = f"GET /v1/calls/{life.call_id}/events HTTP/1.1\r\nHost: a\r\n"
    lines = "".join(f"{name}: {value}\r\n" for name, value in _streamed(api).items())
    deaf.sendall(f"{head}{lines}\r\n".encode())
    for number in range(60):
        say(api, life, Turn(number + 1, "user", "word " * 20_000, number, number))
    with following(api, server, life) as client:
        turns = [client.until("turn")[-1][1]["id"]]
        turns += [client.event()[1]["id"] for _ in range(59)]
        assert turns == list(range(1, 61))
        assert all(stream._events.qsize() <= 5 for stream in streams._streams.values())
        assert len(streams._streams) == 2
    deaf.close()


def test_a_stream_shows_that_it_lives_and_ends_with_its_key(
    api, server, life, streams, monkeypatch
):
    monkeypatch.setattr(event_streams, "HEARTBEAT_SECONDS", 0.05)
    token = api.key("calls:read")
    with following(api, server, life, Authorization=f"Bearer {token}") as client:
        for _ in range(5):
            client.event()
        while not client.comments:
            client.response.readline()
            client.comments += 1
        for key in api.services.keys.list(api.owner.account_id):
            if key.scopes == ("calls:read",):
                api.services.keys.revoke(key.id)
        assert client.event() is None
    gone(streams)


def test_an_absent_store_is_waited_for(api, server, life, streams, monkeypatch):
    really, absent = streams._news, [True] * 3

    def news(followers):
        if absent:
            absent.pop()
            raise StoreUnavailable("It is locked.")
        return really(followers)

    monkeypatch.setattr(streams, "_news", news)
    with following(api, server, life) as client:
        assert client.event()[0] == "state"
    assert absent == []


def test_a_mistake_in_one_look_does_not_end_the_streams(api, server, life, streams, monkeypatch):
    really, mistakes = streams._news, [True]
    monkeypatch.setattr(
        streams, "_news", lambda followers: mistakes.pop() / 0 if mistakes else really(followers)
    )
    with following(api, server, life) as client:
        assert client.event()[0] == "state"


def test_a_busy_stream_ends_with_its_key_too(api, server, life, monkeypatch):
    token = api.key("calls:read")
    with following(api, server, life, Authorization=f"Bearer {token}") as client:
        for _ in range(5):
            client.event()
        for key in api.services.keys.list(api.owner.account_id):
            if key.scopes == ("calls:read",):
                api.services.keys.revoke(key.id)
        api.services.clock.advance(event_streams.HEARTBEAT_SECONDS + 1)
        say(api, life, HELLO)
        assert client.event() is None


def test_a_client_that_leaves_is_forgotten(api, server, life, streams, monkeypatch):
    monkeypatch.setattr(event_streams, "HEARTBEAT_SECONDS", 0.05)
    with following(api, server, life) as client:
        client.event()
    gone(streams)


def test_one_greenlet_reads_for_all_and_none_when_nobody_follows(api, server, life, streams):
    with following(api, server, life) as first, following(api, server, life) as second:
        first.event()
        reader = streams._reader
        second.event()
        assert streams._reader is reader
        life.hang_up()
        first.until("end")
        second.until("end")
    gone(streams)
    reader.join(LIMIT)
    assert reader.dead


def test_a_key_has_so_many(api, server, life, streams, monkeypatch):
    monkeypatch.setattr(event_streams, "MOST_PER_KEY", 1)
    with following(api, server, life):
        refused = api.get(f"/v1/calls/{life.call_id}/events", headers=_streamed(api))
        assert (refused.status_code, refused.json["limit"]) == (429, "event_streams_per_key")
        other = api.key("calls:read")
        with following(api, server, life, Authorization=f"Bearer {other}") as client:
            assert client.response.status == 200


def test_a_process_has_so_many(api, server, life, monkeypatch):
    monkeypatch.setattr(event_streams, "MOST_STREAMS", 0)
    refused = api.get(f"/v1/calls/{life.call_id}/events", headers=_streamed(api))
    assert refused.status_code == 503


def test_a_strange_position_is_named(api, life):
    headers = _streamed(api) | {"Last-Event-ID": "42"}
    refused = api.get(f"/v1/calls/{life.call_id}/events", headers=headers)
    assert refused.status_code == 400
    assert refused.json["errors"][0]["path"] == "Last-Event-ID"


def followers(api, life):
    """Whose following stands in the trail of the call."""
    found = api.services.db.read(calls.events_of_kind, [life.call_id], "FollowingBegan")
    return [event.detail["key_id"] for event in found]


def test_who_follows_stands_in_the_trail_once_for_each_key(api, server, life):
    mine = api.services.keys.authenticate(api.token).key_id
    for last in (None, None, "1-0-0-0"):
        with following(api, server, life, last) as client:
            client.event()
    assert followers(api, life) == [mine]
    other = api.key("calls:read")
    with following(api, server, life, Authorization=f"Bearer {other}") as client:
        told = client.until("state")
        assert told
    assert followers(api, life) == [mine, api.services.keys.authenticate(other).key_id]
    life.hang_up()
    late = api.key("calls:read")
    with following(api, server, life, Authorization=f"Bearer {late}") as client:
        client.until("end")
    assert len(followers(api, life)) == 2  # of what is over the trail is not written on
    listed = api.get(f"/v1/calls/{life.call_id}/events").json["data"]
    assert [one["detail"]["key_id"] for one in listed if one["kind"] == "FollowingBegan"] == (
        followers(api, life)
    )


def test_another_accounts_call_is_not_there(api, life):
    theirs = factories.principal(api.services, name="Other")
    token = api.key("calls:read", account_id=theirs.account_id)
    headers = {"Accept": "text/event-stream"}
    refused = api.get(f"/v1/calls/{life.call_id}/events", headers=headers, token=token)
    assert refused.status_code == 404


def test_who_asks_for_no_stream_gets_the_list(api, life):
    listed = api.get(f"/v1/calls/{life.call_id}/events").json["data"]
    assert listed[0]["kind"] == "Claimed"
