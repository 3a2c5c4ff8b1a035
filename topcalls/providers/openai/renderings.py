"""Texts that a Realtime session turns into sound without saying them to anybody.

Each is a response outside of the conversation, which the service makes beside the one under way.
Its events are told apart by the mark that we gave it, which comes back with `response.created`.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from topcalls.providers.base import Rendered, SessionConfig
from topcalls.providers.openai import realtime_events as events
from topcalls.providers.openai.realtime_audio import wire_of

_MARK = "rendering"


@dataclass
class _Rendering:
    text: str
    back: Callable[[bytes], bytes]
    audio: bytearray = field(default_factory=bytearray)


class Renderings:
    """Those of one session; `on_done` is called with each, once."""

    def __init__(self, config: SessionConfig, on_done: Callable[[Rendered], None]) -> None:
        self._config = config
        self._forms = config.forms()
        self._on_done = on_done
        self._asked: dict[str, _Rendering] = {}  # by mark, which is the request's event id too
        self._active: dict[str, _Rendering] = {}  # by response
        self._count = 0

    def ask(self, text: str) -> dict[str, Any]:
        """The client event that asks for this text."""
        self._count += 1
        mark = f"{_MARK}_{self._count}"
        self._asked[mark] = _Rendering(text, wire_of(self._config).back)
        body = events.spoken(text, self._config, exact=True, reading=self._forms.read(text))
        apart = {"conversation": "none", "input": [], "metadata": {_MARK: mark}}
        return {"type": "response.create", "event_id": mark, "response": {**body, **apart}}

    def take(self, event: Mapping[str, Any]) -> bool:
        """Whether the server's event is about one of them; then it is dealt with here."""
        if not self._asked and not self._active:
            return False
        response = event.get("response")
        if isinstance(response, Mapping):
            return self._of_response(event["type"], response)
        if event["type"] == "error":
            refused = self._asked.pop(str(event["error"].get("event_id")), None)
            if refused is not None:
                self._on_done(Rendered(refused.text, b""))
            return refused is not None
        active = self._active.get(str(event.get("response_id")))
        if active is not None and event["type"] == "response.output_audio.delta":
            active.audio += active.back(a2b_base64(event["delta"]))
        return active is not None

    def _of_response(self, kind: str, response: Mapping[str, Any]) -> bool:
        if kind == "response.created":
            mark = (response.get("metadata") or {}).get(_MARK)
            begun = self._asked.pop(str(mark), None)
            if begun is not None:
                self._active[response["id"]] = begun
            return begun is not None
        done = self._active.pop(response["id"], None) if kind == "response.done" else None
        if done is not None:
            whole = response.get("status") == "completed"
            audio = bytes(done.audio) if whole else b""
            self._on_done(Rendered(done.text, audio, events.usage(response)))
        return done is not None
