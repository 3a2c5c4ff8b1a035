"""Listening to calls on a whole controller, by clients on real sockets."""

import socket
from http.client import HTTPConnection
from urllib.parse import urlsplit

import factories
import pytest
from controller_rig import ANSWERS, SAYS_YES, WAIT, Rig

from topcalls.audio import g711, pcm
from topcalls.controller.assembly import ListeningOptions
from topcalls.core.call_state import State
from topcalls.media.call_sound import FORMAT
from topcalls.services.keys import Principal
from topcalls.services.listening import JOINED, LEFT, Listening, ListenTokens
from topcalls.store.models import Call

pytestmark = pytest.mark.service
TOKENS = ListenTokens(factories.SECRET_KEY)
SENTENCE = g711.decode(b"\x2a" * 160, "PCMU")  # what the rig's model says, 20 ms of it


@pytest.fixture(params=["file", "stream"])
def rig(request, db, tmp_path):
    made = Rig(db, tmp_path, listening=ListeningOptions(TOKENS), playback=request.param)
    yield made
    made.close()


def talking(rig, number=ANSWERS):
    call_id = rig.place(number, silence_timeout_seconds=60)
    state = rig.services.db.read
    rig.wait_until(
        lambda: state(lambda: Call.get_by_id(call_id).state) == State.IN_PROGRESS, "the call"
    )
    return call_id


def address(rig, call_id):
    who = rig.account
    may = Principal(who.account_id, "", who.key_id, frozenset({"calls:supervise"}), "test")
    return Listening(rig.services.db, TOKENS).invite(may, call_id, rig.services.clock.now()).url


class Ear:
    """Listens as a player does."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.connection = HTTPConnection(parts.hostname, parts.port, timeout=WAIT)
        self.connection.request("GET", parts.path)
        self.answer = self.connection.getresponse()

    def sides(self, seconds):
        """What is heard of the caller and of the agent."""
        return pcm.split_stereo(self.answer.read(FORMAT.size_of(seconds * 1000)))

    def close(self):
        self.answer.close()
        self.connection.close()


def trail(rig, call_id, kind):
    events = rig.services.call_trail.events(rig.account.account_id, call_id)
    return [event.detail for event in events if event.kind == kind]


def test_both_sides_are_heard_until_the_call_ends(rig):
    rig.controller()
    call_id = talking(rig)
    rig.model.opened.get(timeout=WAIT).speak_for(5)
    ear = Ear(address(rig, call_id))
    assert ear.answer.read(4) == b"RIFF"
    ear.answer.read(40)
    now = rig.services.clock.now()
    how = {"interrupt": False, "interruptible": True, "end_call": True}
    rig.services.calls.live_words.say(rig.account, call_id, {"text": "Goodbye.", **how}, now)
    heard = bytearray()
    while sound := ear.answer.read(FORMAT.size_of(100)):
        heard += sound
    _, agent = pcm.split_stereo(bytes(heard))
    assert agent.count(SENTENCE) > 150  # most of five seconds
    rig.wait_over(call_id)
    assert trail(rig, call_id, JOINED) == [{"key_id": rig.account.key_id}]
    (left,) = rig.wait_until(lambda: trail(rig, call_id, LEFT), "that they have left")
    assert left["seconds"] > 1
    ear.close()


def test_a_listener_who_does_not_listen_never_touches_the_call(rig):
    rig.controller()
    call_id = talking(rig, SAYS_YES)
    parts = urlsplit(address(rig, call_id))
    deaf = socket.create_connection((parts.hostname, parts.port))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    deaf.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    rig.wait_until(lambda: trail(rig, call_id, JOINED), "the deaf one")
    quick = Ear(address(rig, call_id))
    quick.answer.read(44)
    assert len(quick.sides(2)[0]) == FORMAT.size_of(2000) // 2
    quick.close()
    deaf.close()
    rig.wait_until(lambda: len(trail(rig, call_id, LEFT)) == 2, "their leaving")
    rig.services.calls.stop(rig.account.account_id, call_id)
    assert rig.wait_over(call_id).status == "cancelled"


def test_who_has_no_address_of_this_call_hears_nothing(rig):
    rig.controller()
    call_id = talking(rig)
    url = address(rig, call_id)
    for wrong, status in (
        (url.replace(call_id, "00000000-0000-4000-8000-000000000000"), 403),
        (url.replace("/call.wav", "x/call.wav"), 403),
        (url.replace("/listen/", "/"), 404),
    ):
        ear = Ear(wrong)
        assert ear.answer.status == status
        ear.close()
    assert trail(rig, call_id, JOINED) == []
    rig.services.calls.stop(rig.account.account_id, call_id)
    rig.wait_over(call_id)
    gone = Ear(url)
    assert gone.answer.status == 404
    gone.close()
