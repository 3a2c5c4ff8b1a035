"""Input that is nested to exhaust the stack is refused, or passed over, like other nonsense."""

from types import SimpleNamespace

import pytest

from topcalls import config
from topcalls.clock import SystemClock
from topcalls.errors import ConfigError
from topcalls.esl.parser import EventDecoder, Message
from topcalls.media.audio_stream import MediaStream
from topcalls.sandbox.scenario import ScenarioError, parse_scenario

pytestmark = pytest.mark.unit
DEEP = 5000
BARELY_READ = 1000  # what orjson still takes


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("depth", [BARELY_READ, DEEP])
def test_an_event_of_the_switch(opening, closing, depth):
    nested = opening * depth + "1" + closing * depth
    body = f'{{"Event-Name": {nested}, "Unique-ID": ["a", {nested}], "_body": {nested}}}'
    event = EventDecoder().decode(Message("text/event-json", {}, body.encode()))
    if depth == DEEP:
        assert event is None
    else:
        assert event.name in ("", "ARRAY::")
        assert event.uuid == "ARRAY::a|:"
        assert all(isinstance(value, str) for value in event.headers.values())


def test_a_text_on_an_audio_stream():
    connection = SimpleNamespace(on_binary=None, on_text=None, on_close=None)
    stream = MediaStream("c-1", connection, SystemClock())
    connection.on_text("[" * DEEP)
    assert stream.metadata is None
    connection.on_text('{"a": 1}')
    assert stream.metadata == {"a": 1}


def test_a_settings_file(tmp_path):
    file = tmp_path / "topcalls.toml"
    file.write_text("data_dir = " + "[" * DEEP)
    with pytest.raises(ConfigError, match="not valid TOML"):
        config.load(file, {})


@pytest.mark.parametrize("text", ["[" * DEEP, "name: 2020-99-99", 'name: !!int "x"'])
def test_a_scenario(text):
    with pytest.raises(ScenarioError, match=r"some\.yaml: not YAML"):
        parse_scenario(text, "some.yaml")
