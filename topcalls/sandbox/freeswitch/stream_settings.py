"""What a client asks of an audio stream: the command's words and the channel's variables."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from topcalls.sandbox.freeswitch.codec import RATE

_URL = re.compile(r"ws://[A-Za-z0-9.-]+(:\d+)?(/.*)?")


@dataclass(frozen=True)
class StreamSettings:
    """What `uuid_audio_stream start` and the channel's variables ask for."""

    uuid: str
    url: str
    mix: str  # mono, mixed, stereo
    rate: int
    metadata: str
    frames_per_message: int
    extra_headers: dict[str, str]
    compression: bool  # may be offered
    heart_beat: int  # seconds between pings, 0 = none
    temporary: Path

    @classmethod
    def read(
        cls, uuid: str, words: list[str], variables: dict[str, str], temporary: Path
    ) -> StreamSettings | None:
        """From the command's words after `start`, and channel variables; None if they are wrong."""
        url, mix, sampling, metadata = (*words, "", "", "")[:4]
        rates = {"": RATE, "8k": RATE, "16k": 2 * RATE}
        rate = rates.get(sampling, int(sampling) if sampling.isdigit() else 1)
        if mix not in ("mono", "mixed", "stereo") or not _URL.fullmatch(url):
            return None
        if rate < RATE or rate % RATE:
            return None
        size = variables.get("STREAM_BUFFER_SIZE", "")
        packets = int(size) // 20 if size.isdigit() and int(size) % 20 == 0 else 1
        headers = _headers(variables.get("STREAM_EXTRA_HEADERS", ""))
        beat = variables.get("STREAM_HEART_BEAT", "")
        return cls(
            uuid=uuid,
            url=url,
            mix=mix,
            rate=rate,
            metadata=metadata,
            frames_per_message=max(1, packets),
            extra_headers=headers,
            compression=variables.get("STREAM_MESSAGE_DEFLATE") != "true",  # sic: true disables
            heart_beat=int(beat) if beat.isdigit() else 0,
            temporary=temporary,
        )


def _headers(text: str) -> dict[str, str]:
    try:
        content = json.loads(text or "{}")
    except ValueError:
        return {}
    items = content.items() if isinstance(content, dict) else ()
    return {name: value for name, value in items if isinstance(value, str)}
