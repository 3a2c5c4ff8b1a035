"""One-time addresses and the audio that arrives at them, from wsproto in the switch's place."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import gevent
import pytest
from gevent import socket
from gevent.event import AsyncResult, Event
from net_peers import LIMIT, WsprotoClient
from wsproto.events import BytesMessage, CloseConnection, TextMessage

from topcalls.clock import ManualClock
from topcalls.errors import ConfigError
from topcalls.media.server import MediaServer, StreamTimeout


@pytest.fixture
def clock():
    return ManualClock(datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture
def server(clock):
    server = MediaServer("127.0.0.1", 0, clock=clock, token_ttl=60)
    server.start()
    yield server
    server.stop(timeout=0.2)


@pytest.fixture
def switch(server):
    """Connect as mod_audio_stream would be told to."""
    clients = []

    def connect(url, **options):
        parts = urlsplit(url)
        assert (parts.scheme, parts.hostname, parts.port) == ("ws", "127.0.0.1", server.port)
        clients.append(WsprotoClient(parts.port, target=parts.path, **options))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def pair(server, switch):
    """(the call's stream, the switch's end)."""

    def open_pair(call_id="call-1", **options):
        expected = server.expect(call_id)
        client = switch(expected.url, **options)
        return expected.wait(LIMIT), client

    return open_pair


def collected(stream, size):
    """Wait for `size` bytes of audio on a stream."""
    heard, enough = [], Event()

    def on_audio(audio):
        heard.append(audio)
        if sum(map(len, heard)) >= size:
            enough.set()

    stream.on_audio = on_audio
    assert enough.wait(LIMIT)
    return heard


def ended(stream):
    """Wait for the end of a stream: (code, reason)."""
    result = AsyncResult()
    stream.on_closed = lambda code, reason: result.set((code, reason))
    return result.get(timeout=LIMIT)


def refused(port, path):
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.settimeout(LIMIT)
        sock.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            .encode()
        )  # fmt: skip
        answer = sock.recv(4096)
    return answer.startswith(b"HTTP/1.1 404 ")


def test_each_connection_is_paired_with_its_call(server, switch):
    expected = [server.expect(f"call-{n}") for n in range(3)]
    for each in reversed(expected):
        switch(each.url)
    assert [each.wait(LIMIT).call_id for each in expected] == ["call-0", "call-1", "call-2"]


def test_waiting_before_the_switch_connects(server, switch):
    expected = server.expect("call-1")
    waiting = gevent.spawn(expected.wait, LIMIT)
    switch(expected.url)
    assert waiting.get(timeout=LIMIT).call_id == "call-1"


def test_an_address_is_good_for_one_connection(server, switch):
    expected = server.expect("call-1")
    switch(expected.url)
    assert refused(server.port, urlsplit(expected.url).path)
    assert not expected.wait(LIMIT).closed


@pytest.mark.parametrize("path", ["/", "/media", "/media/", "/media/guess", "/other/{token}",
                                  "/media/{token}x", "/media/x/{token}", "/{token}"])  # fmt: skip
def test_an_unknown_address_is_not_found(server, path):
    token = server.expect("call-1").token
    assert refused(server.port, path.format(token=token))


def test_an_address_expires(server, switch, clock):
    early, late = server.expect("early"), server.expect("late")
    clock.advance(59)
    switch(early.url)
    clock.advance(2)
    assert refused(server.port, urlsplit(late.url).path)
    assert early.wait(LIMIT).call_id == "early"


def test_nobody_connects_in_time(server):
    expected = server.expect("call-1")
    with pytest.raises(StreamTimeout) as error:
        expected.wait(0.02)
    assert error.value.retryable
    assert refused(server.port, urlsplit(expected.url).path)


def test_a_cancelled_address_is_worth_nothing(server):
    expected = server.expect("call-1")
    expected.cancel()
    assert refused(server.port, urlsplit(expected.url).path)


def test_cancelling_closes_a_stream_that_nobody_took(server, switch):
    expected = server.expect("call-1")
    client = switch(expected.url)
    client.send(TextMessage("{}"))
    expected.cancel()
    assert client.next_close().code == 1000


def test_cancelling_leaves_a_stream_that_was_taken(server, switch):
    expected = server.expect("call-1")
    switch(expected.url)
    stream = expected.wait(LIMIT)
    expected.cancel()
    assert not stream.closed


def test_audio_and_its_count(pair, clock):
    stream, client = pair()
    assert stream.last_audio_at is None
    clock.advance(7)
    for n in range(5):
        client.send(BytesMessage(bytes([n]) * 640))
    heard = collected(stream, 5 * 640)
    assert heard == [bytes([n]) * 640 for n in range(5)]
    assert (stream.frames_received, stream.bytes_received) == (5, 3200)
    assert stream.last_audio_at == 7.0


def test_audio_may_come_before_the_metadata(pair):
    stream, client = pair()
    client.send(BytesMessage(b"\x01\x00"))
    client.send(TextMessage('{"call": "x"}'))
    client.send(BytesMessage(b"\x02\x00"))
    assert collected(stream, 4) == [b"\x01\x00", b"\x02\x00"]
    assert stream.metadata == {"call": "x"}


@pytest.mark.parametrize("text", ["no json", "[1]", '"x"', "{"])
def test_text_that_is_no_metadata_is_ignored(pair, text):
    stream, client = pair()
    client.send(TextMessage(text))
    client.send(TextMessage('{"call": 1}'))
    client.send(TextMessage('{"call": 2}'))
    client.send(BytesMessage(b"\x01\x00"))
    collected(stream, 2)
    assert stream.metadata == {"call": 1}
    assert not stream.closed


def test_the_last_two_seconds_before_anybody_listens_are_kept(pair):
    stream, client = pair()
    for n in range(120):
        client.send(BytesMessage(bytes([n]) * 320))
    client.send(CloseConnection(1000))
    assert ended(stream)[0] == 1000
    heard = []
    stream.on_audio = heard.append
    assert heard == [bytes([n]) * 320 for n in range(20, 120)]
    assert stream.frames_received == 120


def test_half_a_sample_is_cut_off(pair):
    stream, client = pair()
    client.send(BytesMessage(b"\x01\x02\x03"))
    client.send(BytesMessage(b""))
    client.send(BytesMessage(b"\x04\x05"))
    assert b"".join(collected(stream, 4)) == b"\x01\x02\x04\x05"
    assert stream.odd_frames == 1


def test_a_message_no_call_would_send_ends_the_stream(pair):
    stream, client = pair()
    client.send(BytesMessage(bytes(70_000)))
    assert ended(stream)[0] == 1009


def test_the_end_is_told_once_also_to_who_asks_late(pair):
    stream, client = pair()
    client.reset()
    assert ended(stream)[0] == 1006
    assert ended(stream)[0] == 1006
    assert stream.closed
    assert not stream.send_text("{}")


def test_text_to_the_switch_and_closing(pair):
    stream, client = pair()
    assert stream.send_text('{"type":"streamAudio"}')
    assert client.next().data == '{"type":"streamAudio"}'
    stream.close()
    closed = client.next_close()
    client.send(closed.response())
    assert ended(stream)[0] == 1000


def test_a_switch_that_does_not_read_is_dropped(pair):
    stream, _ = pair(receive_buffer=4096)
    sent = 0
    while stream.send_text("x" * 20_000):
        sent += 1
        assert sent < 1000, "the queue has no cap"
    assert ended(stream)[0] == 1013


def test_stopping_the_server_ends_the_streams(pair, server):
    stream, _ = pair()
    server.stop(timeout=0.05)
    assert stream.closed
    assert ended(stream)[0] == 1006


@pytest.mark.parametrize("host", ["media_server", "::1", "user@host", "host/path", "hö.example"])
def test_a_host_that_mod_audio_stream_refuses_is_refused_here(host):
    with pytest.raises(ConfigError, match="mod_audio_stream") as error:
        MediaServer("127.0.0.1", 0, host)
    assert error.value.field == "media_advertised_host"
    assert error.value.remedy


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_listening_everywhere_needs_a_host_to_tell(host):
    with pytest.raises(ConfigError, match="cannot be told"):
        MediaServer(host, 0)


def test_the_advertised_host_is_in_the_address():
    server = MediaServer("127.0.0.1", 0, "media-1.example.com")
    server.start()
    try:
        url = urlsplit(server.expect("call-1").url)
        assert (url.hostname, url.port) == ("media-1.example.com", server.port)
    finally:
        server.stop()
