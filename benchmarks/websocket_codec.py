"""What one 320-byte audio frame (20 ms of L16 at 8 kHz) costs on a WebSocket of ours.

    python benchmarks/websocket_codec.py [connections] [rounds]

First the codec alone, then a whole connection: read watcher, decoding, callback, encoding and an
immediate write. A child process sends one frame on every connection and waits for all echoes, so
the event loop wakes up for several sockets at once, as it does with real calls. The figures are
CPU time of this process per frame.
"""

from __future__ import annotations

import os
import socket
import sys
import time
import timeit
from collections.abc import Callable

import gevent
from gevent.event import Event

from topcalls.net.masking import apply_mask, numpy_mask
from topcalls.net.websocket import WebSocketConnection
from topcalls.net.websocket_frames import BINARY, FrameDecoder, Role, encode_frame

AUDIO = os.urandom(320)
MASKED = encode_frame(BINARY, AUDIO, masked=True)
ECHO_BYTES = len(encode_frame(BINARY, AUDIO, masked=False))


def microseconds(function: Callable[[], object], number: int = 100_000) -> float:
    """The best of three runs: the others were disturbed."""
    return min(timeit.repeat(function, number=number, repeat=3)) / number * 1e6


def generate(peers: list[socket.socket], rounds: int) -> None:
    """The child: one frame on every connection, then every echo."""
    for _ in range(rounds):
        for peer in peers:
            peer.sendall(MASKED)
        for peer in peers:
            left = ECHO_BYTES
            while left:
                left -= len(peer.recv(left))


def tcp_pairs(number: int) -> list[tuple[socket.socket, socket.socket]]:
    """Connections over loopback, both ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=number) as listener:
        peers = [socket.create_connection(listener.getsockname()) for _ in range(number)]
        ours = [listener.accept()[0] for _ in range(number)]
    by_address = {sock.getpeername(): sock for sock in ours}
    return [(by_address[peer.getsockname()], peer) for peer in peers]


def echo(connections: int, rounds: int) -> float:
    """CPU microseconds per frame received and sent back."""
    pairs = tcp_pairs(connections)
    child = os.fork()
    if child == 0:
        generate([peer for _, peer in pairs], rounds)
        os._exit(0)
    open_connections = set(range(connections))
    over = Event()
    for number, (ours, peer) in enumerate(pairs):
        peer.close()
        connection = WebSocketConnection(ours, Role.SERVER)
        connection.on_binary = connection.send_binary

        def on_close(code: int, reason: str, number: int = number) -> None:
            open_connections.discard(number)
            if not open_connections:
                over.set()

        connection.on_close = on_close
        connection.start()
    started = time.process_time()
    over.wait()
    spent = time.process_time() - started
    os.waitpid(child, 0)
    return spent / (connections * rounds) * 1e6


def report(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    connections = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    decoder = FrameDecoder(Role.SERVER)
    report(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, gevent {gevent.__version__}")
    report(f"masking by {'numpy' if apply_mask is numpy_mask else 'websockets'}, µs per frame:")
    report(f"  decode           {microseconds(lambda: decoder.feed(MASKED)):6.2f}")
    for masked, name in ((False, "encode          "), (True, "encode as client")):
        cost = microseconds(lambda masked=masked: encode_frame(BINARY, AUDIO, masked=masked))
        report(f"  {name} {cost:6.2f}")
    report(f"  receive and send {echo(connections, rounds):6.2f}  ({connections} connections)")


if __name__ == "__main__":
    main()
