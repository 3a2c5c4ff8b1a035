"""Two channels connected: what one person says the other hears, and the end of one ends the other.

Tried on FreeSWITCH 1.10.12: what was played stops as `done`; the channel that is left is hung up
by the switch (`send_bye`, NORMAL_CLEARING) one frame later.
"""

from __future__ import annotations

from collections.abc import Callable

import gevent

from topcalls.sandbox.freeswitch.call import Call
from topcalls.sandbox.freeswitch.codec import FRAME_SECONDS


def connect(one: Call, other: Call) -> None:
    """`uuid_bridge`. Whoever was connected with another channel leaves it."""
    for call, peer in ((one, other), (other, one)):
        call.audio.leave()
        call.cancel_park_timeout()
        call.audio.connect(peer.audio)
        call.on_over = _let_go_of(call, peer)
        call.channel.application = "uuid_bridge"
        call.channel.application_data = peer.uuid


def _let_go_of(call: Call, peer: Call) -> Callable[[], None]:
    def over() -> None:
        if call.audio.is_connected_with(peer.audio):
            peer.audio.disconnect()
            gevent.spawn_later(FRAME_SECONDS, peer.hang_up, "NORMAL_CLEARING")

    return over
