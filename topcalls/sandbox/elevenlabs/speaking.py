"""`multi-stream-input`: one socket, up to five contexts, each a voice that is given text in pieces.

Text waits in its context until it is flushed or the context is closed; then its sound comes, faster
than it plays, in pieces with the moments of their characters, and `is_final` after the last one of
a context that was closed.
"""

from __future__ import annotations

import audioop
import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

MOST_CONTEXTS = 5
MODELS = ("eleven_flash_v2_5", "eleven_multilingual_v2", "eleven_v3", "eleven_turbo_v2_5")
FORMATS = ("ulaw_8000", "alaw_8000", "pcm_8000", "pcm_16000", "pcm_24000")
_PIECE = 1600  # bytes: 200 ms
_FIELDS = frozenset(
    (
        *("text", "context_id", "flush", "close_context", "close_socket", "voice_settings"),
        *("generation_config", "try_trigger_generation", "xi_api_key", "authorization"),
        *("pronunciation_dictionary_locators", "model_id", "language_code"),
    )
)


class Refused(Exception):
    """The service says why, and closes the socket with 1008."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.body = {"message": message, "error": error, "code": 1008}


class Contexts:
    """The contexts of one socket. `send` takes messages, `speak` gives PCMU at 8 kHz."""

    def __init__(
        self, query: Mapping[str, str], speak: Callable[[str], bytes], send: Callable[[str], None]
    ) -> None:
        self._format = query.get("output_format", "mp3_44100_128")
        self._speak = speak
        self._send = send
        self._texts: dict[str, str] = {}
        self.spoken: list[tuple[str, str]] = []

    def receive(self, text: str) -> bool:
        """One message; False when it ends the socket. Raises `Refused`."""
        message = _parsed(text)
        if message.get("close_socket"):
            for name in list(self._texts):
                self._close(name)
            return False
        name = str(message.get("context_id") or "default")
        words = message.get("text")
        if name not in self._texts:
            if words is None:
                return True  # of a context that is gone already
            self._open(name)
        self._texts[name] += words or ""
        if message.get("flush"):
            self._render(name)
        if message.get("close_context"):
            self._close(name)
        return True

    def _open(self, name: str) -> None:
        if len(self._texts) >= MOST_CONTEXTS:
            raise Refused(
                "max_active_conversations",
                f"Maximum simultaneous contexts per WebSocket connection exceeded "
                f"({MOST_CONTEXTS}). Please close an existing context before opening a new one.",
            )
        self._texts[name] = ""

    def _close(self, name: str) -> None:
        self._render(name)
        del self._texts[name]
        self._send(json.dumps({"is_final": True, "contextId": name}))

    def _render(self, name: str) -> None:
        text, self._texts[name] = self._texts[name].strip(), ""
        if not text:
            return
        self.spoken.append((name, text))
        pcmu = self._speak(text)
        for start in range(0, len(pcmu), _PIECE):
            alignment = _alignment(text, start, min(len(pcmu), start + _PIECE), len(pcmu))
            audio = _encoded(pcmu[start : start + _PIECE], self._format)
            self._send(
                json.dumps(
                    {
                        "audio": base64.b64encode(audio).decode(),
                        "is_final": None,
                        "contextId": name,
                        "normalizedAlignment": alignment,
                        "alignment": alignment,
                    }
                )
            )


def _parsed(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise Refused("invalid_message", "The message is not valid JSON.")
    unknown = sorted(set(message) - _FIELDS)
    if unknown:
        raise Refused("invalid_message", f"Unknown field {unknown[0]!r}.")
    if "text" in message and not isinstance(message["text"], str):
        raise Refused("invalid_message", "text must be a string.")
    return message


def _alignment(text: str, begin: int, end: int, total: int) -> dict[str, list[Any]]:
    """The characters that fall into this piece of the sound, evenly spread."""
    first, last = len(text) * begin // total, len(text) * end // total
    per_character = total / 8 / len(text)
    starts = [round((at * per_character) - begin / 8) for at in range(first, last)]
    return {
        "chars": list(text[first:last]),
        "charStartTimesMs": starts,
        "charDurationsMs": [round(per_character)] * (last - first),
    }


def _encoded(pcmu: bytes, output_format: str) -> bytes:
    if output_format == "ulaw_8000":
        return pcmu
    pcm = audioop.ulaw2lin(pcmu, 2)
    if output_format == "alaw_8000":
        return audioop.lin2alaw(pcm, 2)
    rate = int(output_format.rpartition("_")[2])
    return audioop.ratecv(pcm, 2, 1, 8000, rate, None)[0]
