"""What a channel that was dialled is asked to play before it is parked."""

from time import monotonic

import gevent
import pytest
from gevent.queue import Queue

from topcalls.controller import switch_player
from topcalls.controller.switch_player import ChannelPlayer

pytestmark = pytest.mark.unit
CHANNEL = "11111111-2222-4333-8444-555555555555"


class Switch:
    """Notes what it is asked."""

    def __init__(self):
        self.asked = Queue()

    def execute(self, uuid, app, arg):
        self.asked.put(arg)

    def post(self, command):
        self.asked.put(command)

    def all(self):
        return [self.asked.get_nowait() for _ in range(self.asked.qsize())]


@pytest.fixture
def switch():
    return Switch()


@pytest.fixture
def player(switch):
    return ChannelPlayer(switch, CHANNEL)


def test_what_comes_before_the_park_waits_for_it(switch, player):
    player.await_park()
    player.play("/a.PCMU")
    player.play("/b.PCMU")
    assert switch.all() == []
    player.parked()
    player.play("/c.PCMU")
    assert switch.all() == ["/a.PCMU", "/b.PCMU", "/c.PCMU"]


def test_what_is_broken_off_meanwhile_is_not_played(switch, player):
    player.await_park()
    player.play("/a.PCMU")
    player.break_all()
    player.play("/b.PCMU")
    player.parked()
    assert switch.all() == [f"uuid_break {CHANNEL} all", "/b.PCMU"]


def test_a_channel_that_is_parked_already_plays_at_once(switch, player):
    player.parked()
    player.await_park()
    player.play("/a.PCMU")
    assert switch.all() == ["/a.PCMU"]


def test_a_park_that_is_never_told_is_not_waited_for(switch, player, monkeypatch):
    monkeypatch.setattr(switch_player, "HELD_SECONDS", 0.05)
    player.await_park()
    player.play("/a.PCMU")
    assert switch.asked.get(timeout=5) == "/a.PCMU"


def test_keys_are_told_as_events_where_the_line_has_them(switch, player):
    player.press("1w2")
    assert switch.all() == [f"uuid_send_dtmf {CHANNEL} 1w2"]


def test_keys_as_tones_sound_one_entry_after_the_other(switch, player):
    began = monotonic()
    player.press("w1", as_tones=True)
    player.press("2", as_tones=True)
    first, second = (switch.asked.get(timeout=5) for _ in range(2))
    assert first == f"uuid_displace {CHANNEL} start tone_stream://v=-4;%(100,100,697,1209)"
    assert second == f"uuid_displace {CHANNEL} start tone_stream://v=-4;%(100,100,697,1336)"
    assert monotonic() - began > 0.69


def test_a_channel_that_another_controller_has_hears_no_tones(switch, player):
    player.is_ours = False
    player.press("1", as_tones=True)
    assert gevent.joinall([player._tone_keys._worker], timeout=5)
    assert switch.all() == []
