"""Can the switch send us the caller's audio: an address it accepts, on a port that is ours?"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator

from topcalls.controller.assembly import MediaOptions
from topcalls.core.checkup import Finding, fault, ok, refused, warning
from topcalls.errors import ConfigError, TopCallsError
from topcalls.media.server import MediaServer

_ANOTHER_PORT = "Set TOPCALLS_MEDIA_PORT to a free port, or to 0 for any."


def media(options: MediaOptions, controller_runs: Callable[[], bool]) -> Iterator[Finding]:
    """`controller_runs`: whether one of ours runs on this node, asked only where the port is taken.

    Nothing listens any more when this returns.
    """
    try:
        server = MediaServer(options.host, options.port, options.advertised_host)
    except ConfigError as error:
        yield refused("media_address", error)
        return
    try:
        server.start()
    except OSError as error:
        yield from _taken(options, error, controller_runs)
        return
    try:
        port = options.port or "any free port"
        yield ok("media_address", f"The switch sends audio to {_host(options)}:{port}.")
    finally:
        server.stop()


def _taken(
    options: MediaOptions, error: OSError, controller_runs: Callable[[], bool]
) -> Iterator[Finding]:
    where = f"{options.host}:{options.port}"
    if error.errno != errno.EADDRINUSE:
        reason = (error.strerror or type(error).__name__).lower()
        yield fault(
            "media_address",
            f"Nobody can listen on {where}: {reason}.",
            "Set TOPCALLS_MEDIA_HOST to an address of this machine, and a port above 1023.",
        )
        return
    try:
        ours = controller_runs()
    except TopCallsError:
        yield warning(
            "media_address",
            f"{where} is in use; whether by a controller is unknown.",
            _ANOTHER_PORT,
        )
        return
    if ours:
        yield ok("media_address", f"{where} is in use, and a controller runs on this node.")
    else:
        yield fault("media_address", f"{where} is in use by another program.", _ANOTHER_PORT)


def _host(options: MediaOptions) -> str:
    return options.advertised_host or options.host
