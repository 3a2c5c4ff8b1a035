"""Pausing, clearing, ending: what is heard then, and what is told of it."""

import pytest
from media_switch import GrowingFileCall, speech

from topcalls.media.heard import Heard

pytestmark = pytest.mark.unit


@pytest.fixture
def call(tmp_path):
    calls = []

    def make(**options):
        calls.append(GrowingFileCall(tmp_path / "playback", **options))
        return calls[-1]

    yield make
    for each in calls:
        each.playback.close()
        each.switch.hang_up()


def test_pause_and_resume_lose_nothing(call):
    c = call(command_ms=5, event_ms=5)
    audio = speech(1000)
    c.say("a", audio)
    c.switch.run(400)
    c.playback.pause()
    c.switch.run(20)
    heard = len(c.switch.voice)
    c.switch.run(2000)
    assert len(c.switch.voice) == heard
    assert c.playback.is_speaking
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.voice == audio
    assert c.finished == [Heard("a", 1000, 1000)]


def test_pausing_twice_does_not_unpause(call):
    c = call()
    c.say("a", speech(500))
    c.switch.run(100)
    c.playback.pause()
    c.playback.pause()
    c.switch.run(300)
    assert c.switch.commands == ["play", "pause"]
    c.playback.resume()
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.commands == ["play", "pause", "pause"]


def test_a_pause_before_the_switch_has_started_takes_effect_at_the_start(call):
    c = call(command_ms=10, event_ms=10)
    c.say("a", speech(500))
    c.playback.pause()
    assert c.switch.commands == ["play"]
    c.switch.run(300)
    assert c.switch.commands == ["play", "pause"]
    assert len(c.switch.voice) <= 160 * 3
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.voice == speech(500)


def test_pause_and_resume_before_the_start_send_nothing(call):
    c = call()
    c.say("a", speech(100))
    c.playback.pause()
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.commands == ["play"]


def test_nothing_new_is_played_while_paused(call):
    c = call()
    c.playback.pause()
    c.say("a", speech(200))
    c.switch.run(500)
    assert c.switch.commands == []
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.voice == speech(200)


def test_a_pause_at_the_very_end_holds_the_next_utterance(call):
    c = call(event_ms=30)
    c.say("a", speech(200))
    c.say("b", speech(200, 2))
    while c.switch._current is not None or not c.switch.voice:
        c.switch.run(5)  # a has ended, and its stop is still on its way
    c.playback.pause()
    c.switch.run(500)
    assert c.switch.voice == speech(200)
    assert c.finished == [Heard("a", 200, 200)]
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.voice == speech(200) + speech(200, 2)


def test_clear_stops_now_and_tells_what_was_heard(call):
    c = call(command_ms=5, event_ms=5)
    c.say("a", speech(300))
    c.say("b", speech(1000, 2), finish=False)
    c.say("c", speech(100, 3))
    while len(c.switch.voice) < 500 * 8:
        c.switch.run(5)
    heard = c.playback.clear()
    assert [part.utterance_id for part in heard] == ["b", "c"]
    assert heard[0].played_ms == pytest.approx(200, abs=40)
    assert heard[0].received_ms == 1000
    assert heard[1] == Heard("c", 0, 100)
    voice = len(c.switch.voice)
    c.switch.run(1000)
    assert len(c.switch.voice) - voice <= 2 * 160
    assert not c.playback.is_speaking
    assert c.files == []
    assert [part.utterance_id for part in c.finished] == ["a"]


def test_audio_for_a_cleared_utterance_is_dropped(call):
    c = call()
    c.say("a", speech(200), finish=False)
    c.switch.run(100)
    c.playback.clear()
    c.playback.append("a", speech(500))
    c.playback.finish("a")
    c.switch.run_until_idle()
    assert c.switch.commands == ["play", "break"]
    assert c.finished == []
    assert c.files == []


def test_a_new_utterance_right_after_clear_is_heard_whole(call):
    c = call(command_ms=10, event_ms=20)
    c.say("a", speech(500))
    c.switch.run(200)
    c.playback.clear()
    c.say("b", speech(300, 2))
    before = len(c.switch.voice)
    c.switch.run_until_idle()
    assert c.switch.voice[before:].endswith(speech(300, 2))
    assert c.finished == [Heard("b", 300, 300)]


def test_clear_before_the_switch_has_started_leaves_silence(call):
    c = call(command_ms=10, event_ms=10)
    c.say("a", speech(500))
    assert c.playback.clear() == [Heard("a", 0, 500)]
    c.switch.run_until_idle()
    assert c.switch.voice == b""
    assert c.started == []


def test_clear_ends_a_pause(call):
    c = call()
    c.say("a", speech(500))
    c.switch.run(200)
    c.playback.pause()
    c.switch.run(100)
    c.playback.clear()
    c.say("b", speech(100, 2))
    c.switch.run_until_idle()
    assert c.switch.voice.endswith(speech(100, 2))


def test_clearing_nothing_sends_nothing(call):
    c = call()
    assert c.playback.clear() == []
    assert c.switch.commands == []


@pytest.mark.parametrize("event_ms", [0, 20])
def test_played_ms_follows_the_ear(call, event_ms):
    c = call(event_ms=event_ms)
    c.say("a", speech(2000))
    c.switch.run(600)
    assert c.playback.played_ms("a") == pytest.approx(len(c.switch.voice) // 8, abs=40)
    c.playback.pause()
    c.switch.run(700)
    assert c.playback.played_ms("a") == pytest.approx(len(c.switch.voice) // 8, abs=40)
    c.playback.resume()
    c.switch.run(300)
    assert c.playback.played_ms("a") == pytest.approx(len(c.switch.voice) // 8, abs=40)
    c.switch.run_until_idle()
    assert c.playback.played_ms("a") == c.playback.played_ms("unknown") == 0


def test_played_ms_never_exceeds_what_was_received(call):
    c = call(lost=lambda name, path: name == "stop")
    c.say("a", speech(200), finish=False)
    c.switch.run(1000)
    assert c.playback.played_ms("a") == 200


def test_a_hang_up_in_mid_speech_counts_what_was_heard_not_what_was_read_ahead(call):
    c = call(event_ms=5)
    c.say("a", speech(3000))
    while len(c.switch.voice) < 500 * 8:
        c.switch.run(5)
    c.switch.hang_up()
    c.switch.run(100)
    assert c.switch.commands == ["play"]  # nothing more for a channel that is gone
    assert c.playback.played_ms("a") == pytest.approx(500, abs=40)
    (heard,) = c.playback.clear()
    assert heard.played_ms == pytest.approx(500, abs=40)
    assert heard.received_ms == 3000


def test_a_playback_cut_off_on_a_living_channel_goes_on_at_the_next_check(call):
    c = call()
    c.say("a", speech(1000))
    while len(c.switch.voice) < 300 * 8:
        c.switch.run(5)
    c.switch.hang_up()
    c.switch.run(100)
    c.playback.check()
    c.switch.run_until_idle()
    assert len(c.switch.voice) == pytest.approx(1000 * 8, abs=2 * 160)
    assert c.finished == [Heard("a", 1000, 1000)]


def test_a_break_by_somebody_else_does_not_silence_the_agent(call):
    """Such as a caller who presses the key that ends playbacks by default."""
    c = call()
    c.say("a", speech(1000))
    while len(c.switch.voice) < 300 * 8:
        c.switch.run(5)
    c.switch.break_all()
    c.switch.run_until_idle()
    assert len(c.switch.voice) == pytest.approx(1000 * 8, abs=2 * 160)
    assert c.finished == [Heard("a", 1000, 1000)]


def test_close_deletes_everything_and_stays_silent(call):
    c = call()
    c.say("a", speech(1000))
    c.switch.run(200)
    c.playback.close()
    assert c.files == []
    c.say("b", speech(100))
    c.playback.check()
    c.switch.run(100)
    assert c.files == []
    assert c.switch.commands == ["play"]
    assert not c.playback.is_speaking


def test_callbacks_may_speak_clear_and_fail(call):
    c = call()

    def answer(heard):
        c.finished.append(heard)
        if heard.utterance_id == "a":
            c.say("b", speech(100, 2))
        else:
            raise LookupError("a bug")

    c.playback.on_finished = answer
    c.playback.on_started = lambda utterance_id, at: c.playback.pause() or c.playback.resume()
    c.say("a", speech(100))
    c.switch.run_until_idle()
    c.say("c", speech(100, 3))
    c.switch.run_until_idle()
    assert [heard.utterance_id for heard in c.finished] == ["a", "b", "c"]
    assert c.switch.voice == speech(100) + speech(100, 2) + speech(100, 3)


def test_clear_from_inside_a_callback(call):
    c = call()
    c.playback.on_started = lambda utterance_id, at: c.playback.clear()
    c.say("a", speech(500))
    c.switch.run_until_idle()
    assert len(c.switch.voice) <= 2 * 160
    assert c.files == []
