"""The audio of one call: a scripted Event Socket, real WebSockets in mod_audio_stream's place."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import gevent
import pytest
from esl_controller import CHANNEL, events_side, running_controller
from esl_server import block, job_result, job_uuid_of, reply, running_server
from gevent.event import Event
from gevent.queue import Queue
from net_peers import LIMIT, WsprotoClient
from wsproto.events import BytesMessage, CloseConnection

from topcalls.clock import ManualClock
from topcalls.controller import call_leg
from topcalls.controller.call_leg import CallLeg
from topcalls.controller.switch_player import ChannelPlayer
from topcalls.media.server import MediaServer
from topcalls.media.stream_chunks import StreamPlayback

pytestmark = pytest.mark.unit
FRAME = b"\x01\x02" * 160
REPORT = "1 Connection reset by peer"


class Listener:
    """Notes what the leg tells."""

    def __init__(self):
        self.connected = Queue()
        self.lost = Queue()

    def stream_connected(self):
        self.connected.put(True)

    def stream_lost(self, detail):
        self.lost.put(detail)


class Line:
    """A leg, and the switch's end of it."""

    def __init__(self, server, client, media, clock):
        self.server = server
        self.media = media
        self.clock = clock
        self.listener = Listener()
        self.heard = Queue()
        self.attempts = Queue()  # addresses the switch was told to connect to
        self.peers = []
        self.refusal = None
        self.late = None  # holds back the results of attempts
        server.on("bgapi uuid_audio_stream", self._asked)
        player = ChannelPlayer(client, CHANNEL)
        self.leg = CallLeg(
            "call-1",
            CHANNEL,
            client,
            media,
            player,
            StreamPlayback(player, clock),
            self.listener,
            clock,
        )

    def _asked(self, side, command):
        words = command.split()
        job = job_uuid_of(command)
        side.send(reply(f"+OK Job-UUID: {job}", Job_UUID=job))
        refused = self.refusal if words[3] == "start" else "-ERR Operation Failed"
        gevent.spawn(self._answer, events_side(self.server), job, refused)
        if words[3] == "start":
            self.attempts.put(words[4])

    def _answer(self, events, job, refused):
        if self.late is not None:
            self.late.wait(LIMIT)
        events.send(job_result(job, f"{refused or '+OK Success'}\n"))

    def connect(self):
        """Do as the switch was told."""
        parts = urlsplit(self.attempts.get(timeout=LIMIT))
        self.peers.append(WsprotoClient(parts.port, target=parts.path))
        return self.peers[-1]

    def up(self):
        """A leg that is connected; the switch's end of it."""
        self.leg.start()
        peer = self.connect()
        assert self.listener.connected.get(timeout=LIMIT)
        return peer

    def listen(self):
        self.leg.on_audio = self.heard.put

    def steady(self):
        self.clock.advance(call_leg.STEADY_SECONDS)

    def is_settled(self):
        """Nothing is told, and nothing asked of the switch, for longer than any grace."""
        gevent.wait(timeout=3 * call_leg.HANG_UP_GRACE_SECONDS, objects=[Event()])
        return not (self.listener.lost.qsize() or self.attempts.qsize())


@pytest.fixture
def line(monkeypatch):
    monkeypatch.setattr(call_leg, "HANG_UP_GRACE_SECONDS", 0.05)
    clock = ManualClock(datetime(2030, 1, 1, tzinfo=UTC))
    media = MediaServer("127.0.0.1", 0, clock=clock)
    media.start()
    with running_server() as server:
        server.on("api ", lambda side, _: side.send(block("api/response", b"+OK\n")))
        with running_controller(server) as controller:
            made = Line(server, controller.client, media, clock)
            yield made
            made.leg.close()
            for peer in made.peers:
                peer.sock.close()
    media.stop(0.2)


def test_audio_flows_and_the_first_word_is_not_lost(line):
    line.late = Event()
    line.leg.start()
    peer = line.connect()
    peer.send(BytesMessage(FRAME))
    line.late.set()
    assert line.listener.connected.get(timeout=LIMIT)
    peer.send(BytesMessage(FRAME))
    line.listen()
    assert [line.heard.get(timeout=LIMIT) for _ in range(2)] == [FRAME, FRAME]


@pytest.mark.parametrize("stereo", [True, False])
def test_what_was_played_on_hold_is_not_streamed_afterwards(line, stereo):
    line.leg.start(stereo=stereo)
    line.connect()
    assert line.listener.connected.get(timeout=LIMIT)
    line.leg.held(True)
    line.leg.held(False)
    line.leg.leave()
    line.server.command(f"bgapi uuid_audio_stream {CHANNEL} stop")
    asked = [one for one in line.server.seen() if one.startswith("api uuid_audio_stream")]
    assert asked == [f"api uuid_audio_stream {CHANNEL} resume"] * stereo


def test_a_broken_stream_is_started_again_and_the_listener_stays(line):
    first = line.up()
    line.listen()
    line.steady()
    first.sock.close()
    second = line.connect()
    second.send(BytesMessage(FRAME))
    assert line.heard.get(timeout=LIMIT) == FRAME
    assert line.is_settled()


@pytest.mark.parametrize("order", ["before", "after"])
def test_the_switchs_own_report_of_a_break_is_no_second_break(line, order):
    first = line.up()
    line.listen()
    line.steady()
    if order == "before":
        line.leg.switch_reported(REPORT)
    first.sock.close()
    second = line.connect()
    if order == "after":
        line.leg.switch_reported(REPORT)
    second.send(BytesMessage(FRAME))
    assert line.heard.get(timeout=LIMIT) == FRAME
    assert line.is_settled()


def test_a_report_does_not_hide_the_failure_of_the_next_attempt(line):
    first = line.up()
    line.steady()
    line.leg.switch_reported(REPORT)
    first.sock.close()
    line.attempts.get(timeout=LIMIT)
    line.leg.switch_reported("6 Connection refused")
    assert "refused" in line.listener.lost.get(timeout=LIMIT)


def test_a_late_word_of_an_attempt_that_is_over_does_no_harm(line):
    """The end in good order waits for an explanation; meanwhile a report restarts the stream."""
    first = line.up()
    line.listen()
    line.steady()
    first.send(CloseConnection(1000))
    assert first.next_close()
    line.leg.switch_reported(REPORT)
    line.leg.switch_reported(REPORT)
    second = line.connect()
    second.send(BytesMessage(FRAME))
    assert line.heard.get(timeout=LIMIT) == FRAME
    assert line.is_settled()


def test_an_end_in_good_order_that_nobody_explains_is_a_break(line):
    first = line.up()
    line.steady()
    first.send(CloseConnection(1000))
    assert line.connect()


def test_an_end_in_good_order_that_a_hang_up_explains_is_none(line):
    first = line.up()
    line.steady()
    first.send(CloseConnection(1000))
    assert first.next_close()
    line.leg.close()
    assert line.is_settled()


def test_an_end_that_only_the_switch_saw_is_a_break(line):
    line.up()
    line.steady()
    line.leg.switch_reported(REPORT)
    assert line.connect()


def test_a_stream_that_breaks_at_once_is_lost(line):
    line.up().sock.close()
    assert "1006" in line.listener.lost.get(timeout=LIMIT)
    assert line.is_settled()


def test_a_connection_refused_is_told_once(line):
    line.leg.start()
    line.attempts.get(timeout=LIMIT)
    for _ in range(3):
        line.leg.switch_reported("6 Connection refused")
    assert "refused" in line.listener.lost.get(timeout=LIMIT)
    assert line.is_settled()


def test_a_start_that_the_switch_refuses_is_lost(line):
    line.refusal = "-ERR Operation Failed"
    line.leg.start()
    line.attempts.get(timeout=LIMIT)
    assert line.listener.lost.get(timeout=LIMIT)
    assert line.is_settled()


def test_a_stream_that_never_comes_is_lost_and_not_tried_for_ever(line, monkeypatch):
    monkeypatch.setattr(call_leg, "CONNECT_SECONDS", 0.1)
    line.leg.start()
    line.attempts.get(timeout=LIMIT)
    line.steady()
    assert "no audio stream" in line.listener.lost.get(timeout=LIMIT)
    assert line.is_settled()


def test_a_stream_that_we_closed_is_taken_off_the_channel_before_another_is_put_on(line):
    first = line.up()
    line.steady()
    (connection,) = line.media._server.connections
    connection.close(1013, "too slow")
    first.send(first.next_close().response())
    assert line.connect()
    starts = [c.split()[3] for c in line.server.seen() if c.startswith("bgapi uuid_audio_stream")]
    assert starts[:2] == ["start", "stop"]


@pytest.mark.parametrize(("stereo", "mix"), [(False, "mono"), (True, "stereo")])
def test_the_played_side_comes_too_where_it_is_wanted(line, stereo, mix):
    """Also after a break."""
    line.leg.start(stereo=stereo)
    peer = line.connect()
    line.listener.connected.get(timeout=LIMIT)
    assert line.leg.is_stereo is stereo
    line.steady()
    peer.sock.close()
    assert line.connect()
    starts = [c.split() for c in line.server.seen() if c.startswith("bgapi uuid_audio_stream")]
    assert [words[5] for words in starts if words[3] == "start"] == [mix, mix]


def test_closing_while_it_connects_leaves_nothing(line):
    line.late = Event()
    line.leg.start()
    peer = line.connect()
    line.leg.close()
    line.late.set()
    assert peer.next_close()
    assert line.is_settled()
    assert line.media._expected == {}
