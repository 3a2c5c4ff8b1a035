"""Voices that calls may have: those known without asking, and those that vendors list.

A call names a voice by its name, or by its vendor's id. Vendors are asked by the worker, now and
then (`refresh`); a request never waits for one. Where a vendor's list is not known, an id of its
form is taken: the vendor decides.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.core.languages import Engine
from topcalls.core.voice_clones import State, marked
from topcalls.core.voices import KnownVoice, VoiceBook
from topcalls.errors import FieldError, InvalidRequest, ProviderError
from topcalls.log import get_logger
from topcalls.providers import voices as registry
from topcalls.providers.voice_library import OfferedVoice, VoiceLibrary
from topcalls.providers.voices import GENDERS
from topcalls.services.lineup import Lineup
from topcalls.store import voices
from topcalls.store.database import Database
from topcalls.store.models import ClonedVoice, VendorVoice

PROVIDERS = ("openai", "elevenlabs", "local")
VoiceLibraries = Mapping[str, Callable[[], VoiceLibrary]]
"""Vendors whose voices can be listed, by provider; calling one gives its API."""

_ELEVENLABS_ID = re.compile(r"[A-Za-z0-9]{20}")
_ID_OF_OURS = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OPENAI_OWN = re.compile(r"voice_[A-Za-z0-9_-]{1,90}")
_ALIASES = {voice.voice_id: voice.name for voice in registry.VOICES if voice.provider != "local"}
_MODES = ("realtime", "legacy")

log = get_logger("voices")

__all__ = ["GENDERS", "PROVIDERS", "VoiceLibraries", "VoicePage", "VoiceView", "Voices"]


@dataclass(frozen=True, slots=True)
class VoiceView:
    """A built-in voice. `id` is what a call names. `languages` are tags that its vendor vouches
    for; empty: all that its provider's model speaks. `default_for`: modes whose calls have it when
    they name none."""

    id: str
    name: str
    provider: str
    modes: tuple[str, ...]
    gender: str | None
    languages: tuple[str, ...]
    accent: str | None
    category: str | None
    description: str | None
    preview_url: str | None
    recommended: bool
    default_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VoicePage:
    """Voices, in the order of their providers. `next_cursor`: there are more."""

    data: tuple[VoiceView, ...]
    next_cursor: str | None


class Voices:
    """`lineup` is who speaks in this installation."""

    def __init__(
        self, db: Database, lineup: Lineup, libraries: VoiceLibraries | None = None
    ) -> None:
        self._db = db
        self._lineup = lineup
        self._libraries = libraries or {}

    # --- what rules ask

    def book(self, account_id: str) -> VoiceBook:
        """The voices that calls of an account may have. Reads rows only for names that are not
        known without."""
        return _Book(self._db, self._lineup, account_id)

    # --- listing

    def page(
        self,
        *,
        mode: str | None = None,
        provider: str | None = None,
        language: str | None = None,
        gender: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> VoicePage:
        """Built-in voices of the providers that speak here.

        Raises:
            InvalidRequest: `cursor` is not the `next_cursor` of an earlier page.
        """
        after = _position(cursor) if cursor else None
        wanted = [
            view
            for view in self._every()
            if mode in (None, *view.modes)
            and provider in (None, view.provider)
            and gender in (None, view.gender)
            and (language is None or self._speaks(view, language))
            and (after is None or _key(view) > after)
        ]
        page = tuple(wanted[:limit])
        return VoicePage(page, _cursor(page[-1]) if len(wanted) > limit else None)

    def _every(self) -> list[VoiceView]:
        rows = self._db.read(voices.of_vendors, self._lineup.voices)
        listed = {(row.provider, row.voice_id): row for row in rows}
        views = [
            self._static(voice, modes, listed.pop((voice.provider, voice.voice_id), None))
            for voice in registry.VOICES
            if (modes := _modes(self._lineup, voice))
        ]
        views += [self._view(row, row.voice_id, ("legacy",)) for row in listed.values()]
        return sorted(views, key=_key)

    def _static(
        self, voice: registry.Voice, modes: tuple[str, ...], row: VendorVoice | None
    ) -> VoiceView:
        if row is not None:
            return self._view(row, voice.name, modes)
        return VoiceView(
            id=voice.name,
            name=voice.name.capitalize(),
            provider=voice.provider,
            modes=modes,
            gender=voice.gender,
            languages=(),
            accent=None,
            category=None,
            description=None,
            preview_url=None,
            recommended=voice.recommended,
            default_for=self._default_for(voice.provider, voice.name, voice.voice_id),
        )

    def _view(self, row: VendorVoice, name: str, modes: tuple[str, ...]) -> VoiceView:
        return VoiceView(
            id=name,
            name=row.name,
            provider=row.provider,
            modes=modes,
            gender=row.gender,
            languages=tuple(row.languages),
            accent=row.accent,
            category=row.category,
            description=row.description,
            preview_url=row.preview_url,
            recommended=False,
            default_for=self._default_for(row.provider, name, row.voice_id),
        )

    def _default_for(self, provider: str, name: str, voice_id: str) -> tuple[str, ...]:
        first = next(iter(self._lineup.voices), None)
        own = {"elevenlabs": self._lineup.elevenlabs_voice, "local": "espeak-male"}
        found = []
        if provider == "openai" and name == registry.DEFAULT_REALTIME_VOICE:
            found.append("realtime")
        if provider == first and own.get(provider, "alloy").lower() in (name, voice_id.lower()):
            found.append("legacy")
        return tuple(found)

    def _speaks(self, view: VoiceView, language: str) -> bool:
        engines = self._lineup.language_rules
        legacy: Sequence[Engine] = [one for one in engines.speaks if one.name == view.provider]
        spoken = {"legacy": legacy, "realtime": [engines.realtime]}
        return any(one.knows(language) for mode in view.modes for one in spoken[mode])

    # --- reading from vendors

    def refresh(self, now: datetime) -> int:
        """Read every vendor's list; how many voices were read. A vendor that does not answer keeps
        the list it had."""
        total = 0
        for provider, make in self._libraries.items():
            try:
                found = list(make().voices())
            except ProviderError as error:
                log.warning(
                    "A vendor's voices cannot be read", provider=provider, why=error.message
                )
                continue
            offered = [_columns(voice) for voice in found if marked(voice.description) is None]
            self._db.run(voices.replace, provider, offered, now)
            total += len(offered)
        return total


@dataclass(frozen=True)
class _Book:
    """See `core.voices.VoiceBook`."""

    db: Database
    lineup: Lineup
    account_id: str

    def find(self, name: str, mode: str) -> KnownVoice | None:
        static = registry.named(name)
        if static is not None and mode in _modes(self.lineup, static):
            return KnownVoice(static.provider, static.voice_id)
        if mode == "legacy" and _ID_OF_OURS.fullmatch(name):
            return self._of_account(name)
        if self._is_of_openai(name, mode):
            return KnownVoice("openai", name)
        if mode == "legacy" and "elevenlabs" in self.lineup.voices:
            return self._of_elevenlabs(name)
        return None

    def absence(self, name: str, mode: str) -> str:
        if _ID_OF_OURS.fullmatch(name):
            return self._absence_of_clone(name, mode)
        other = next(other for other in _MODES if other != mode)
        if self.find(name, other) is not None:
            return f"Is a voice of mode '{other}'."
        static = registry.named(name)
        if static is not None and mode in static.modes:
            speakers = ", ".join(self.lineup.voices) or "nobody"
            return f"Is a voice of {static.provider}, and {speakers} speaks here."
        if self._may_be_newer(name):
            return (
                "Is on no list that was read of the vendor's voices; it is read every 15 minutes."
            )
        return ""

    def names(self, mode: str) -> Mapping[str, str]:
        static = (one for one in registry.VOICES if mode in _modes(self.lineup, one))
        found = {voice.name: voice.name for voice in static}
        if mode == "legacy":
            rows = self.db.read(voices.of_vendors, self.lineup.voices)
            found |= {_short(row.name): _ALIASES.get(row.voice_id, row.voice_id) for row in rows}
            own = self.db.read(voices.of_account, self.account_id)
            found |= {row.name: row.id for row in own if row.state == State.READY}
        return found

    def _of_account(self, voice_id: str) -> KnownVoice | None:
        """A cloned voice, which is its account's alone."""
        row = self.db.read(voices.get, voice_id)
        if row is None or not self._may_have(row):
            return None
        return KnownVoice(row.provider, row.provider_voice_id or "")

    def _may_have(self, row: ClonedVoice) -> bool:
        own = row.account_id == self.account_id and row.state == State.READY
        return own and row.provider in self.lineup.voices

    def _absence_of_clone(self, voice_id: str, mode: str) -> str:
        row = self.db.read(voices.get, voice_id)
        if row is None or row.account_id != self.account_id or row.state == State.DELETED:
            return ""
        if row.state != State.READY:
            return f"Is {row.state}: GET /v1/voices/{row.id} tells more."
        if mode != "legacy":
            return "Is a voice of mode 'legacy'."
        return f"Is a voice of {row.provider}, which does not speak here."

    def _is_of_openai(self, name: str, mode: str) -> bool:
        """A voice of the operator's own there, or any on a server that is not OpenAI's."""
        speaks = mode == "realtime" or "openai" in self.lineup.voices
        return speaks and (self.lineup.own_server or bool(_OPENAI_OWN.fullmatch(name)))

    def _of_elevenlabs(self, name: str) -> KnownVoice | None:
        voice = KnownVoice("elevenlabs", name)
        made = self.db.read(voices.at_vendor, voice.provider, name)
        if made is not None:
            return voice if self._may_have(made) else None
        if self.db.read(voices.of_vendor, voice.provider, name) is not None:
            return voice
        if not _ELEVENLABS_ID.fullmatch(name):
            return None
        unknown = self.db.read(voices.last_read, voice.provider) is None
        return voice if unknown or name in _ALIASES else None

    def _may_be_newer(self, name: str) -> bool:
        return "elevenlabs" in self.lineup.voices and bool(_ELEVENLABS_ID.fullmatch(name))


def _modes(lineup: Lineup, voice: registry.Voice) -> tuple[str, ...]:
    """The modes whose calls can have a built-in voice here."""
    chain = voice.provider in lineup.voices and (
        voice.provider != "openai" or registry.is_spoken_by(voice, lineup.speech_model)
    )
    return tuple(mode for mode in voice.modes if mode == "realtime" or chain)


def _short(name: str) -> str:
    """Sarah, where a vendor calls her 'Sarah - Mature, Reassuring'."""
    return name.partition(" - ")[0]


def _columns(voice: OfferedVoice) -> dict[str, Any]:
    return {
        "voice_id": voice.voice_id,
        "name": voice.name,
        "gender": voice.gender if voice.gender in GENDERS else None,
        "accent": voice.accent,
        "languages": list(voice.languages),
        "category": voice.category,
        "description": voice.description,
        "preview_url": voice.preview_url,
    }


def _key(view: VoiceView) -> tuple[int, bool, str, str]:
    """Where a voice stands in the list."""
    return PROVIDERS.index(view.provider), not view.recommended, view.name.lower(), view.id


def _cursor(view: VoiceView) -> str:
    return base64.urlsafe_b64encode(json.dumps(_key(view)).encode()).decode()


def _position(cursor: str) -> tuple[int, bool, str, str]:
    try:
        order, plain, name, voice_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return int(order), bool(plain), str(name), str(voice_id)
    except (ValueError, TypeError, binascii.Error):
        message = "Is no cursor of this list. Take `next_cursor` of the page before."
        raise InvalidRequest(
            "The query of this request is not right: see 'errors'.",
            [FieldError("cursor", message, "invalid_cursor")],
        ) from None
