"""Chunks over the WebSocket, against a channel that behaves as measured."""

import base64
import json

import pytest
from media_switch import Switch, speech

from topcalls.audio import g711
from topcalls.media.heard import Heard
from topcalls.media.stream_chunks import StreamPlayback

pytestmark = pytest.mark.unit


class Call:
    """A playback, its switch, and what it told."""

    def __init__(self, **options) -> None:
        self.switch = Switch(**options)
        self.sizes: list[int] = []  # milliseconds of each chunk sent
        send = self.switch.send_stream_text

        def send_stream_text(text):
            self.sizes.append(len(base64.b64decode(json.loads(text)["data"]["audioData"])) // 16)
            send(text)

        self.switch.send_stream_text = send_stream_text
        self.playback = self.switch.playback = StreamPlayback(self.switch, self.switch.clock)
        self.started: list[str] = []
        self.finished: list[Heard] = []
        self.playback.on_started = lambda utterance_id, at: self.started.append(utterance_id)
        self.playback.on_finished = self.finished.append

    def say(self, utterance_id: str, audio: bytes, *, finish: bool = True) -> None:
        self.playback.begin(utterance_id)
        self.playback.append(utterance_id, audio)
        if finish:
            self.playback.finish(utterance_id)

    def run_until_heard(self, milliseconds: int) -> None:
        while len(self.switch.voice) < milliseconds * 8:
            self.switch.run(5)

    def count(self, command: str) -> int:
        return self.switch.commands.count(command)


@pytest.mark.parametrize(("command_ms", "event_ms"), [(0, 0), (5, 15)])
def test_an_utterance_is_heard_without_a_gap(command_ms, event_ms):
    c = Call(command_ms=command_ms, event_ms=event_ms)
    audio = speech(5000)
    c.say("a", audio)
    c.switch.run_until_idle()
    assert c.switch.voice == audio
    assert c.switch.longest_gap() == 0
    assert (c.started, c.finished) == (["a"], [Heard("a", 5000, 5000)])
    assert not c.playback.is_speaking


def test_a_message_is_what_mod_audio_stream_plays_correctly():
    sent = []
    c = Call()
    c.switch.send_stream_text = sent.append
    c.say("a", speech(100))
    message = json.loads(sent[0])
    assert message["type"] == "streamAudio"
    data = message["data"]
    assert (data["audioDataType"], data["sampleRate"]) == ("raw", 8000)
    assert base64.b64decode(data["audioData"]) == g711.decode(speech(100), "PCMU")
    assert data["chunk"]


def test_a_model_faster_than_speech_makes_a_short_first_chunk_and_long_ones():
    c = Call(command_ms=5, event_ms=5)
    audio = speech(6000)
    c.playback.begin("a")
    for at in range(0, len(audio), 1600):  # twice as fast as speech
        c.playback.append("a", audio[at : at + 1600])
        c.switch.run(100)
    c.playback.finish("a")
    c.switch.run_until_idle()
    assert c.switch.voice == audio
    assert c.switch.longest_gap() == 0
    assert c.sizes[0] == 200
    assert all(size >= 400 for size in c.sizes[3:-1])
    assert max(c.sizes) <= 1000


def test_a_model_just_as_fast_as_speech_is_heard_without_a_gap():
    c = Call(command_ms=5, event_ms=5)
    audio = speech(4000)
    c.playback.begin("a")
    c.playback.append("a", audio[:2400])  # ahead by 300 ms: less than a long chunk takes to fill
    for at in range(2400, len(audio), 320):
        c.playback.append("a", audio[at : at + 320])
        c.switch.run(40)
    c.playback.finish("a")
    c.switch.run_until_idle()
    assert c.switch.voice == audio
    assert c.switch.longest_gap() == 0


def test_a_lot_of_audio_is_not_sent_all_at_once():
    c = Call()
    c.say("a", speech(30_000))
    c.switch.run(40)
    assert c.count("stream") == 3
    assert c.count("play") == 2
    c.switch.run_until_idle()
    assert c.switch.voice == speech(30_000)


def test_utterances_join_without_a_gap_and_in_order():
    c = Call(command_ms=5, event_ms=5)
    for n in range(4):
        c.say(str(n), speech(300, n))
    c.switch.run_until_idle()
    assert c.switch.voice == b"".join(speech(300, n) for n in range(4))
    assert c.switch.longest_gap() == 0
    assert c.started == ["0", "1", "2", "3"]
    assert [heard.played_ms for heard in c.finished] == [300] * 4


def test_a_later_utterance_waits_for_the_end_of_an_earlier_one():
    c = Call()
    c.say("a", speech(200, 1), finish=False)
    c.say("b", speech(200, 2))
    c.switch.run(600)
    assert c.switch.voice == speech(200, 1)
    c.playback.append("a", speech(100, 3))
    c.playback.finish("a")
    c.switch.run_until_idle()
    assert c.switch.voice == speech(200, 1) + speech(100, 3) + speech(200, 2)


def test_pause_in_the_middle_of_a_chunk_loses_nothing():
    c = Call(command_ms=5, event_ms=5)
    c.say("a", speech(2000))
    c.run_until_heard(500)
    c.playback.pause()
    c.playback.pause()
    c.switch.run(20)
    before = len(c.switch.voice)
    c.switch.run(3000)
    assert len(c.switch.voice) == before
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.voice == speech(2000)
    assert c.count("pause") == 2


def test_pause_near_the_end_of_a_chunk_waits_for_the_next():
    """Near the end it is unknown which of two playbacks the toggle would hit."""
    c = Call(command_ms=5, event_ms=5)
    c.say("a", speech(2000))
    c.run_until_heard(980)  # the first chunk has a second
    c.playback.pause()
    assert c.count("pause") == 0
    c.switch.run(200)
    assert c.count("pause") == 1
    before = len(c.switch.voice)
    c.switch.run(2000)
    assert len(c.switch.voice) == before
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.voice == speech(2000)


@pytest.mark.parametrize("heard_ms", [400, 440, 460, 480])
def test_pause_among_short_chunks_is_as_quick(heard_ms):
    """A model that is hardly faster than speech makes all chunks short."""
    c = Call(command_ms=5, event_ms=5)
    pieces = [speech(2000)[at : at + 800] for at in range(0, 16000, 800)]
    c.playback.begin("a")
    for piece in pieces[:3]:
        c.playback.append("a", piece)
    for piece in pieces[3 : 3 + heard_ms // 100]:
        c.switch.run(100)
        c.playback.append("a", piece)
    c.run_until_heard(heard_ms)
    assert max(c.sizes) == 100
    c.playback.pause()
    c.switch.run(60)
    before = len(c.switch.voice)
    c.switch.run(1000)
    assert len(c.switch.voice) == before
    c.playback.resume()
    c.playback.finish("a")
    c.switch.run_until_idle()
    assert c.switch.voice == speech(2000)[: len(c.switch.voice)]


@pytest.mark.parametrize("stray_ms", [0, 20, 60, 150])
def test_a_toggle_that_missed_its_playback_is_put_right(stray_ms):
    """The switch was slow: the toggle hit the next playback, or none."""
    c = Call(command_ms=5, event_ms=5)
    c.say("a", speech(2000))
    c.run_until_heard(800)
    c.switch.command_ms = 200 + stray_ms
    c.playback.pause()
    c.switch.run(400)
    c.switch.command_ms = 5
    c.switch.run(200)
    before = len(c.switch.voice)
    c.switch.run(2000)
    assert len(c.switch.voice) == before
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.finished == [Heard("a", 2000, 2000)]
    assert len(c.switch.voice) >= 2000 * 8


def test_nothing_new_is_played_while_paused():
    c = Call()
    c.playback.pause()
    c.say("a", speech(500))
    c.switch.run(500)
    assert (c.count("play"), c.switch.voice) == (0, b"")
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.voice == speech(500)


def test_a_pause_before_the_switch_has_started_takes_effect_at_the_start():
    c = Call(command_ms=10, event_ms=10)
    c.say("a", speech(900))
    while not c.count("play"):
        c.switch.run(5)
    c.playback.pause()
    assert c.count("pause") == 0
    c.switch.run(1000)
    assert len(c.switch.voice) <= 3 * 160
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.voice == speech(900)


def test_clear_stops_now_and_tells_what_was_heard():
    c = Call(command_ms=5, event_ms=5)
    c.say("a", speech(300, 1))
    c.say("b", speech(2000, 2), finish=False)
    c.run_until_heard(700)
    (heard,) = c.playback.clear()
    assert heard.utterance_id == "b"
    assert heard.played_ms == pytest.approx(400, abs=40)
    before = len(c.switch.voice)
    c.switch.run(1000)
    assert len(c.switch.voice) - before <= 2 * 160
    assert not c.playback.is_speaking


@pytest.mark.parametrize("tagged", [True, False])
def test_files_of_cleared_chunks_are_never_played(tagged):
    c = Call(command_ms=20, event_ms=20)
    if not tagged:  # a switch that does not give back what it does not know
        ready = c.playback.stream_file_ready
        c.playback.stream_file_ready = lambda path, chunk: ready(path)
    c.say("a", speech(3000, 1))
    c.playback.clear()
    c.say("b", speech(500, 2))
    c.switch.run_until_idle()
    assert c.switch.voice == speech(500, 2)
    assert c.finished == [Heard("b", 500, 500)]


def test_a_new_utterance_right_after_clear_is_heard_whole():
    c = Call(command_ms=10, event_ms=20)
    c.say("a", speech(2000))
    c.run_until_heard(300)
    c.playback.clear()
    c.say("b", speech(300, 2))
    c.switch.run_until_idle()
    assert c.switch.voice.endswith(speech(300, 2))
    assert c.finished == [Heard("b", 300, 300)]


def test_a_playback_that_starts_although_it_was_cleared_is_broken_off():
    """The break came in the instant between the switch's taking it up and its start."""
    c = Call()
    c.say("a", speech(500))
    c.switch.run(10)  # the file is there and its playback asked for
    path = next(iter(c.switch._files))
    c.playback.clear()
    assert c.count("break") == 1
    c.playback.playback_started(path, 1)
    c.playback.playback_started(path, 1)
    assert c.count("break") == 2


def test_a_chunk_whose_file_never_came_is_skipped():
    c = Call(lost=lambda name, path: name == "file" and path.endswith("_1.tmp.r8"))
    c.say("a", speech(3000))
    c.switch.run_until_idle()
    assert c.switch.voice == speech(3000)[:8000] + speech(3000)[16000:]
    assert c.finished == [Heard("a", 2000, 3000)]


def test_a_break_by_somebody_else_does_not_silence_the_agent():
    c = Call(command_ms=5, event_ms=5)
    c.say("a", speech(3000))
    c.run_until_heard(500)
    c.switch.break_all()
    c.switch.run_until_idle()
    assert len(c.switch.voice) == pytest.approx(3000 * 8, abs=2 * 160)
    assert c.finished == [Heard("a", 3000, 3000)]


def test_a_hang_up_counts_what_was_heard_and_sends_nothing_more():
    c = Call(event_ms=5)
    c.say("a", speech(3000))
    c.run_until_heard(500)
    plays = c.count("play")
    c.switch.hang_up()
    c.switch.run(200)
    assert c.playback.played_ms("a") == pytest.approx(500, abs=40)
    assert (c.count("play"), c.count("break")) == (plays, 0)
    c.playback.close()
    c.playback.check()
    assert c.count("play") == plays


@pytest.mark.parametrize(
    "lost",
    [
        lambda name, path: name == "stop" and path.endswith("_0.tmp.r8"),
        lambda name, path: name == "start" and path.endswith("_1.tmp.r8"),
        lambda name, path: name in ("start", "stop") and path.endswith("_1.tmp.r8"),
        lambda name, path: name == "stop",
        lambda name, path: name == "start",
    ],
    ids=["first stop", "second start", "a whole playback", "all stops", "all starts"],
)
def test_lost_events_do_not_silence_the_agent(lost):
    c = Call(lost=lost)
    c.say("a", speech(4000))
    for _ in range(30):
        c.switch.run(1000)
        c.playback.check()
    assert [heard.utterance_id for heard in c.finished] == ["a"]
    assert len(c.switch.voice) >= 4000 * 8
    assert not c.playback.is_speaking


def test_a_start_concludes_the_playbacks_before_it():
    c = Call(lost=lambda name, path: name == "stop" and path.endswith("_0.tmp.r8"))
    c.say("a", speech(4000))
    c.run_until_heard(1500)
    assert c.playback.played_ms("a") == pytest.approx(1500, abs=40)


def test_nothing_is_lost_or_doubled_when_events_and_commands_are_for_a_while():
    """As when the Event Socket is cut: what the switch has goes on, what it is asked is lost."""
    c = Call(command_ms=5, event_ms=5)
    c.say("a", speech(6000))
    c.run_until_heard(700)
    play, c.switch.play = c.switch.play, lambda target: None
    c.switch.lost = lambda name, path: True
    c.switch.run(8000)
    c.switch.lost = lambda name, path: False
    c.switch.play = play
    for _ in range(20):
        c.playback.check()
        c.switch.run(1000)
    assert c.switch.voice == speech(6000)
    assert c.finished == [Heard("a", 6000, 6000)]


def test_no_files_at_all_end_the_utterance_unheard():
    c = Call(lost=lambda name, path: name == "file")
    c.say("a", speech(500))
    for _ in range(15):
        c.switch.run(1000)
        c.playback.check()
    assert c.finished == [Heard("a", 0, 500)]
    c.switch.lost = lambda name, path: False
    c.say("b", speech(500, 2))
    c.switch.run_until_idle()
    assert c.switch.voice == speech(500, 2)


def test_close_forgets_everything():
    c = Call()
    c.say("a", speech(2000))
    c.switch.run(100)
    commands = list(c.switch.commands)
    c.playback.close()
    c.say("b", speech(100))
    c.playback.check()
    c.switch.run(3000)
    assert c.switch.commands == commands
    assert not c.playback.is_speaking
