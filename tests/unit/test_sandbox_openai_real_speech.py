"""The built-in scenarios in real speech: what the person says is what the double hears."""

from __future__ import annotations

import pytest
from sandbox_openai_realtime import QUICK, PureClient
from sandbox_openai_speech import silence

from topcalls.sandbox.scenario import builtin_scenarios
from topcalls.sandbox.speech import Synthesizer

SCENARIOS = builtin_scenarios()
TRANSCRIPTION = "conversation.item.input_audio_transcription.completed"


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    return Synthesizer(tmp_path_factory.mktemp("speech"))


@pytest.mark.parametrize(
    "scenario",
    [item for item in SCENARIOS if item.spoken_texts()],
    ids=lambda scenario: scenario.name,
)
def test_every_word_is_heard(scenario, voice):
    client = PureClient(SCENARIOS, QUICK)
    client.telephone(
        vad={"threshold": 0.6, "silence_duration_ms": 500, "create_response": False},
        input={"transcription": {"model": "gpt-transcribe"}},
    )
    for other in SCENARIOS:
        for text in other.spoken_texts():
            if other is not scenario:
                client.hearing.said(other.name, other.name, text, voice.speak(text, "callee"))
    for text in scenario.spoken_texts():
        sound = voice.speak(text, "callee")
        client.hearing.said("this call", scenario.name, text, sound)
        client.append(silence(0.3), sound, silence(0.8), frame=320)
        client.clock.advance(len(sound) / 8000 + 1.1)
        client.run(5)
    items = client.session.conversation.items
    heard = " ".join(item.words for item in items)
    assert heard == " ".join(scenario.spoken_texts())
    assert len(client.of(TRANSCRIPTION)) == len(items)
    elsewhere = {
        text for other in SCENARIOS if other is not scenario for text in other.spoken_texts()
    }
    if set(scenario.spoken_texts()) - elsewhere:
        assert client.session._parts.ears.call_id == "this call"
