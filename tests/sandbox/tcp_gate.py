"""A gate between a process and a server: it can be shut, as if the server's machine were gone.

Run as `tcp_gate.py HOST PORT`. It says its own port, and obeys `shut` and `open` on its input:
shut, it breaks every connection and refuses new ones.
"""

import sys

import gevent
from gevent import socket
from gevent.os import tp_read
from gevent.server import StreamServer


class Gate:
    def __init__(self, host, port):
        self._behind = (host, port)
        self._sockets = set()
        self._server = None
        self._port = 0

    def open(self):
        self._server = StreamServer(("127.0.0.1", self._port), self._serve)
        self._server.start()
        self._port = self._server.server_port
        return self._port

    def shut(self):
        self._server.close()
        for each in tuple(self._sockets):
            each.close()

    def _serve(self, client, _):
        with socket.create_connection(self._behind) as server:
            self._sockets |= {client, server}
            ways = [gevent.spawn(pass_on, *way) for way in ((client, server), (server, client))]
            gevent.joinall(ways, count=1)
            gevent.killall(ways)
            self._sockets -= {client, server}


def pass_on(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        """The gate was shut, or one side broke off."""


def main():
    gate = Gate(sys.argv[1], int(sys.argv[2]))
    print(gate.open(), flush=True)
    while words := tp_read(0, 1024).split():
        for word in words:
            {b"open": gate.open, b"shut": gate.shut}[word]()
            print("done", flush=True)


if __name__ == "__main__":
    main()
