"""The turn-taking benchmark, on a slice of itself: it repeats itself, and it notices deaf ears."""

import sys
import wave
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def benchmark():
    """Its modules, importable for as long as these tests take."""
    sys.path.insert(0, str(BENCHMARKS))
    names = ("conversation_call", "conversations", "conversation_report", "conversation_recordings")
    yield tuple(import_module(name) for name in names)
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    """Where what was spoken once is kept."""
    return tmp_path_factory.mktemp("speech")


def timeless(outcome):
    """What must be the same every time: all but names made at random and processor time."""
    names = {}

    def named(utterance):
        return names.setdefault(utterance, len(names))

    return (
        [(at, named(utterance)) for at, utterance in outcome.began],
        [(deed.kind, deed.start, deed.until, named(deed.over)) for deed in outcome.deeds],
        [(cut.at, named(cut.utterance_id), cut.silent_from) for cut in outcome.cuts],
        outcome.pauses,
        outcome.asked,
        outcome.seconds,
    )


@pytest.mark.parametrize("mode", ["realtime", "legacy"])
def test_the_same_scene_has_the_same_course(benchmark, speech, mode):
    call, conversations, *_ = benchmark
    place = ("tuning", "interruption", 3)
    first, second = (conversations.perform(call.Setup(mode), speech, place) for _ in range(2))
    assert timeless(first) == timeless(second)
    assert [deed.kind for deed in first.deeds].count("interruption") == 1
    assert first.cuts


def test_deaf_ears_are_seen_to_miss_interruptions(benchmark, speech):
    call, conversations, report, _ = benchmark
    maker = conversations.maker("tuning", speech)
    first_words = (  # over these, so that it needs no ears to come to it
        number
        for number in range(20)
        if maker.make("interruption", number).moves[0].over is not None
    )
    place = ("tuning", "interruption", next(first_words))
    hearing = conversations.perform(call.Setup(), speech, place)
    deaf = conversations.perform(call.Setup(deaf=True), speech, place)
    assert report.Tally([hearing]).rows["interruption"].failed == 0
    assert report.Tally([deaf]).rows["interruption"].failed == 1


def test_a_recording_is_replayed(benchmark, speech, tmp_path):
    """A scene, written as the gateway would record it."""
    call, conversations, report, recordings = benchmark
    scene = conversations.maker("tuning", speech).make("turn", 1)
    agent = np.concatenate((scene.said[0][1], np.zeros(8000), scene.moves[0].sound.samples * 0))
    start = len(scene.said[0][1]) / 8000 + 1.0
    caller = np.concatenate((np.zeros(int(start * 8000)), scene.moves[0].sound.samples))
    length = max(len(agent), len(caller)) + 24000
    sides = [np.pad(side, (0, length - len(side))) for side in (caller, agent)]
    with wave.open(str(tmp_path / "call.wav"), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.stack(sides, 1).astype("<i2").tobytes())
    end = start + scene.moves[0].sound.until
    (tmp_path / "labels.csv").write_text(
        f"file,kind,start,end,text\ncall.wav,turn,{start:.2f},{end:.2f},Yes please\n"
    )
    (recording,) = recordings.recordings(tmp_path)
    row = report.Tally([recordings.replay(call.Setup(), recording)]).answers["turn"]
    assert (row.count, row.failed, row.unanswered) == (1, 0, 0)
    assert 0.4 <= row.times[0] <= 1.0


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("call.wav,turn,1.0,", "line 2: end missing"),
        ("call.wav,shout,1.0,2.0", "line 2: kind 'shout' is none of interruption"),
        ("call.wav,turn,soon,2.0", "line 2: start and end are seconds"),
    ],
)
def test_a_wrong_label_is_named(benchmark, tmp_path, line, complaint):
    (tmp_path / "labels.csv").write_text(f"file,kind,start,end\n{line}\n")
    with pytest.raises(ValueError, match=complaint):
        list(benchmark[3].recordings(tmp_path))
