"""ElevenLabs' instant voice cloning: a voice from some minutes of speech, at once.

`POST /v1/voices/add` takes the samples as a form. The service may want the owner of a voice to
prove who they are before it lets anybody use it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from topcalls.core.voice_clones import Sample
from topcalls.errors import ProviderError
from topcalls.net.multipart import FormFile, encoded
from topcalls.providers.elevenlabs.rest import ElevenLabsLibrary, ElevenLabsRest
from topcalls.providers.languages import elevenlabs_code
from topcalls.providers.voice_library import Clone, CloneWish

_GONE = ("voice_not_found", "http_404")


class ElevenLabsCloner:
    """A `VoiceCloner`."""

    def __init__(self, rest: ElevenLabsRest) -> None:
        self._rest = rest

    def clone(self, wish: CloneWish, samples: Sequence[Sample]) -> Clone:
        """See `VoiceCloner`."""
        labels = {"gender": wish.gender, "language": elevenlabs_code(wish.language) or None}
        given = {key: value for key, value in labels.items() if value}
        fields = [
            ("name", wish.name),
            ("description", wish.description),
            ("labels", json.dumps(given)),
            ("remove_background_noise", "true" if wish.remove_background_noise else "false"),
        ]
        files = [FormFile("files", one.name, one.content, one.media_type) for one in samples]
        content_type, body = encoded(fields, files)
        made = self._rest.json("POST", "/v1/voices/add", body, content_type)
        return Clone(made["voice_id"], verified=not made.get("requires_verification"))

    def find(self, mark: str) -> Clone | None:
        """See `VoiceCloner`."""
        for voice in ElevenLabsLibrary(self._rest).voices(search=mark):
            if mark in (voice.description or ""):
                return self.look(voice.voice_id)
        return None

    def look(self, voice_id: str) -> Clone | None:
        """See `VoiceCloner`."""
        try:
            voice = self._rest.json("GET", f"/v1/voices/{quote(voice_id, safe='')}")
        except ProviderError as error:
            if error.extra.get("provider_code") in _GONE:
                return None
            raise
        return Clone(voice_id, verified=_is_verified(voice.get("voice_verification")))

    def delete(self, voice_id: str) -> None:
        """See `VoiceCloner`."""
        try:
            self._rest.json("DELETE", f"/v1/voices/{quote(voice_id, safe='')}")
        except ProviderError as error:
            if error.extra.get("provider_code") not in _GONE:
                raise


def _is_verified(verification: Any) -> bool:
    """Nothing is said of voices that need no proof."""
    if not isinstance(verification, Mapping) or not verification.get("requires_verification"):
        return True
    return bool(verification.get("is_verified"))
