"""Tools that answer from a cassette: nobody is asked, and nothing is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import gevent
import orjson

from topcalls.core.tool_cassette import Cassette, Player, cassette_faults, cassette_of
from topcalls.core.tools import ToolRecord, ToolRequest, ToolResult
from topcalls.errors import ConfigError

_REMEDY = "Export one: topcalls calls cassette CALL_ID > cassette.json"


class Replay:
    """The tools of one call. `past` are its calls of tools in a process that is gone. `sleep` lets
    the seconds pass that an answer takes."""

    def __init__(
        self,
        cassette: Cassette,
        past: Sequence[ToolRecord] = (),
        sleep: Callable[[float], object] = gevent.sleep,
    ) -> None:
        self._player = Player(cassette, past)
        self._sleep = sleep

    def run(self, request: ToolRequest) -> ToolResult:
        """Answer a call of a tool, after as long as it took where the cassette says so."""
        result, seconds = self._player.answer(request.name, request.arguments)
        self._sleep(seconds)
        return result


def load_cassette(path: Path) -> Cassette:
    """The cassette in a file. Raises `ConfigError`."""
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        message = f"The cassette {path} cannot be read: {error.strerror}."
        raise ConfigError(message, field="tool_cassette", remedy=_REMEDY) from None
    except orjson.JSONDecodeError as error:
        message = f"The cassette {path} is not JSON: {error}."
        raise ConfigError(message, field="tool_cassette", remedy=_REMEDY) from None
    for fault in cassette_faults(content):
        message = f"The cassette {path} is wrong: {fault.path}: {fault.message}"
        raise ConfigError(message, field="tool_cassette", remedy=_REMEDY)
    return cassette_of(content)
