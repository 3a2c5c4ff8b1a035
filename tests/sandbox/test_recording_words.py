"""The recording of a call, played to an offline recogniser: are these the words that were said?

The recogniser chooses between the sentences of the conversation and others that were not said, on
each side of the stereo recording by itself.
"""

import json
import wave
from io import BytesIO

import numpy as np
import pytest

pocketsphinx = pytest.importorskip("pocketsphinx")
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

NOT_SAID = [
    "the weather will be cold and cloudy",
    "please hold the line for the next operator",
    "your parcel is waiting at the station",
]
SIDE = {"user": 0, "assistant": 1}


BEAMS = ({}, {"beam": 1e-60, "pbeam": 1e-60, "wbeam": 1e-40})
"""How far the recogniser looks: narrow beams lose a sentence here and there, wide ones its end."""


def recognised(samples, sentences):
    """The sentence spoken in `samples` (8 kHz, 16 bit), of those given; None for none of them."""
    heard = (_recognised(samples, sentences, beams) for beams in BEAMS)
    return next((sentence for sentence in heard if sentence in sentences), None)


def _recognised(samples, sentences, beams):
    grammar = "#JSGF V1.0; grammar g; public <g> = " + " | ".join(sentences) + ";"
    decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL", samprate=16000, **beams)
    decoder.add_jsgf_string("g", grammar)
    decoder.activate_search("g")
    wide = np.interp(np.arange(len(samples) * 2) / 2, np.arange(len(samples)), samples)
    decoder.start_utt()
    decoder.process_raw(wide.astype("<i2").tobytes(), no_search=False, full_utt=True)
    decoder.end_utt()
    best = decoder.hyp()
    return best.hypstr if best else None


@pytest.mark.parametrize("speaker", ["user", "assistant"])
def test_each_side_holds_what_its_speaker_said(product, ended, speaker):
    call = ended("talk")
    answer = product.request("GET", product.wav_path(call))
    with wave.open(BytesIO(answer.body)) as recording:
        samples = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
    side = samples.reshape(-1, 2)[:, SIDE[speaker]]
    for turn in call["transcript"]:
        if turn["user"] != speaker:
            continue
        text = "".join(c for c in turn["text"].lower() if c.isalpha() or c == " ")
        piece = side[turn["started_ms"] * 8 : turn["ended_ms"] * 8 + 4000]
        heard = recognised(piece, [text, *NOT_SAID])
        assert heard == text, json.dumps(turn)
