"""wsproto as the other end: an independent implementation of RFC 6455 to compare with."""

from __future__ import annotations

from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Message, Ping, Pong, TextMessage
from wsproto.frame_protocol import CloseReason, FrameProtocol, ParseFailed

from topcalls.net.websocket_frames import BINARY, CLOSE, PING, PONG, TEXT, Role

PEER_OF = {Role.SERVER: ConnectionType.CLIENT, Role.CLIENT: ConnectionType.SERVER}
SENDABLE_CODES = [code for code in CloseReason if code not in (1005, 1006, 1015)]

payloads = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([125, 126, 127, 65535, 65536]).map(lambda size: b"\x5a" * size),
)
texts = st.text(max_size=40)
control = st.tuples(st.sampled_from([PING, PONG]), st.binary(max_size=125))


@st.composite
def conversations(draw):
    """What one side says: messages in fragments with control frames between, maybe a close."""
    script = []
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from([TEXT, BINARY]))
        fragments = draw(st.lists(texts if kind == TEXT else payloads, min_size=1, max_size=4))
        script.append((kind, [(part, draw(st.lists(control, max_size=2))) for part in fragments]))
    close = draw(
        st.none()
        | st.tuples(st.sampled_from(SENDABLE_CODES), st.text(max_size=20))
        | st.just((CloseReason.NO_STATUS_RCVD, ""))
    )
    return script, close


def expected_messages(conversation) -> list:
    """What a decoder must make of it: control frames before the message they interrupt ends."""
    script, close = conversation
    messages = []
    for kind, fragments in script:
        for _, controls in fragments[:-1]:
            messages += controls
        parts = [part for part, _ in fragments]
        messages.append((kind, "".join(parts) if kind == TEXT else b"".join(parts)))
        messages += fragments[-1][1]
    if close is not None:
        messages.append((CLOSE, close))
    return messages


def spoken_by_wsproto(conversation, role: Role) -> bytes:
    """The conversation's bytes, sent by wsproto to an endpoint of `role`."""
    script, close = conversation
    peer = Connection(PEER_OF[role])
    sent = b""
    for kind, fragments in script:
        message = TextMessage if kind == TEXT else BytesMessage
        for index, (part, controls) in enumerate(fragments):
            sent += peer.send(message(part, message_finished=index == len(fragments) - 1))
            for opcode, payload in controls:
                sent += peer.send(Ping(payload) if opcode == PING else Pong(payload))
    if close is not None:
        sent += peer.send(CloseConnection(*close))
    return sent


def heard_by_wsproto(data: bytes, sender: Role) -> list:
    """The messages wsproto makes of what an endpoint of `sender` sent."""
    peer = Connection(PEER_OF[sender])
    peer.receive_data(data)
    messages: list = []
    parts: list = []
    for event in peer.events():
        if isinstance(event, Message):
            parts.append(event.data)
            if event.message_finished:
                text = isinstance(event, TextMessage)
                messages.append((TEXT, "".join(parts)) if text else (BINARY, b"".join(parts)))
                parts = []
        elif isinstance(event, CloseConnection):
            messages.append((CLOSE, (event.code, event.reason or "")))
        else:
            messages.append((PING if isinstance(event, Ping) else PONG, bytes(event.payload)))
    return messages


class WsprotoDecoder:
    """wsproto's frame reader, reporting like ours: messages, then the violation's code."""

    def __init__(self, role: Role) -> None:
        self._protocol = FrameProtocol(client=role is Role.CLIENT, extensions=[])
        self._parts: list = []
        self.violation: int | None = None

    def feed(self, data: bytes) -> list:
        messages: list = []
        if self.violation is None:
            self._protocol.receive_bytes(data)
            try:
                for frame in self._protocol.received_frames():
                    messages += self._message(frame)
            except ParseFailed as failure:
                self.violation = int(failure.code)
        return messages

    def _message(self, frame) -> list:
        if frame.opcode == CLOSE:
            return [(CLOSE, frame.payload)]
        if frame.opcode in (PING, PONG):
            return [(int(frame.opcode), bytes(frame.payload))]
        self._parts.append(frame.payload)
        if not (frame.frame_finished and frame.message_finished):
            return []
        parts, self._parts = self._parts, []
        return [(int(frame.opcode), parts[0][:0].join(parts))]


@st.composite
def in_chunks(draw, data: bytes) -> list[bytes]:
    """`data` cut anywhere, also into single bytes."""
    if len(data) < 300 and draw(st.booleans()):
        return [data[i : i + 1] for i in range(len(data))]
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    edges = [0, *cuts, len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]
