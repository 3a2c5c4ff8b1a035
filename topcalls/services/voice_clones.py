"""Voices that an account has made of recordings, with the consent to each.

The intent is stored before a vendor is asked, so no voice is at a vendor that no row knows of: what
was being made when a process died, or an answer got lost, is looked for by the worker. The samples
pass through; only their digests stay.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.core.voice_clones import (
    GRACE,
    LOOK_AGAIN,
    Sample,
    State,
    delay,
    described,
    media_type,
    wish_faults,
)
from topcalls.errors import ConfigError, Conflict, InvalidRequest, NotFound, ProviderError
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.providers.voice_library import Clone, CloneWish, VoiceCloner
from topcalls.services.keys import Principal
from topcalls.services.voice_refusals import refused
from topcalls.store import voices
from topcalls.store.database import Database
from topcalls.store.fields import storable
from topcalls.store.locking import lock_account
from topcalls.store.models import ClonedVoice

VoiceCloners = Mapping[str, Callable[[], VoiceCloner]]
"""Vendors that make voices, by provider; calling one gives its API."""

DEFAULT_MOST_VOICES = 10
LEASE_SECONDS = 300.0
"""Longer than all requests of one look together."""

_BATCH = 20
_NEVER_ARRIVED = "Its vendor knows of no such voice: the request did not reach it. Clone it again."
_GONE = "Its vendor does not have it any more."
_NO_VENDOR = "No vendor that clones voices speaks in this installation."
_SET_UP = "The operator sets elevenlabs_api_key, and has ElevenLabs in legacy_voices."

log = get_logger("voice_clones")


@dataclass(frozen=True, slots=True)
class SampleView:
    """A recording that a voice was made of. It is not kept."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class CloneView:
    """A cloned voice as its owner sees it; calls name it by its `id`. `error`: what was last wrong
    with it."""

    id: str
    name: str
    description: str | None
    language: str | None
    gender: str | None
    provider: str
    state: State
    error: str | None
    consent: str
    consent_by: str
    consented_at: datetime
    samples: tuple[SampleView, ...]
    created_at: datetime
    updated_at: datetime


class VoiceClones:
    """`limit` is how many voices an account may have; `owner` as of `Webhooks`."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        cloners: VoiceCloners,
        *,
        limit: int = DEFAULT_MOST_VOICES,
        owner: str | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._cloners = cloners
        self._limit = limit
        self._owner = owner or new_id()

    # --- customers

    def create(self, principal: Principal, wish: Mapping[str, Any]) -> CloneView:
        """Have a voice made of the wish's `samples` (names and contents). `CREATING` in the answer:
        it is not known whether the vendor made it, and the worker finds out.

        Raises:
            Conflict: the account has as many voices as it may have, or this one already; no vendor
                that clones speaks here, or its plan allows no more. `extra["reason"]` names which.
            InvalidRequest: with every fault, the vendor's as well.
            ProviderError: the vendor refused, or cannot be reached.
        """
        given = {name: value for name, value in wish.items() if value is not None}
        wrong = wish_faults(given)
        if wrong:
            raise InvalidRequest("The voice cannot be cloned as asked: see 'errors'.", wrong)
        provider, cloner = self._first()
        samples = [Sample(name, data, media_type(data) or "") for name, data in given["samples"]]
        row = self._db.run(self._begin, principal, provider, given, samples)
        try:
            made = cloner.clone(_wish(row, given), samples)
        except ProviderError as error:
            return self._not_made(row, error)
        self._db.run(self._made, row, made)
        return self.get(principal.account_id, row.id)

    def list(self, account_id: str) -> Sequence[CloneView]:
        """The voices of an account, newest first."""
        return self._db.read(lambda: [_view(row) for row in voices.of_account(account_id)])

    def get(self, account_id: str, voice_id: str) -> CloneView:
        """Raises NotFound."""
        return self._db.read(lambda: _view(_found(account_id, voice_id)))

    def delete(self, account_id: str, voice_id: str) -> CloneView:
        """Let nobody use a voice any more, and have its vendor forget it. `DELETING` until the
        vendor has; deleting it again changes nothing.

        Raises:
            Conflict: it is just being made.
            NotFound: no such voice in this account.
        """
        now = self._clock.now()

        def verb() -> CloneView:
            lock_account(account_id)
            row = _found(account_id, voice_id)
            if row.state == State.CREATING:
                raise Conflict(
                    "The voice is just being made.",
                    remedy="Delete it when it is ready, or has failed.",
                    reason="being_made",
                )
            if row.state != State.DELETING:
                gone = row.provider_voice_id is None
                state = State.DELETED if gone else State.DELETING
                voices.change(row, now, state=state, available_at=now, tries=0)
            return _view(voices.get(voice_id) or row)

        return self._db.run(verb)

    # --- the worker

    def due(self, now: datetime, limit: int = _BATCH) -> Sequence[str]:
        """Take the voices about which something is to be done; their ids, for `run`."""
        rows = self._db.run(voices.due, self._owner, now, LEASE_SECONDS, limit)
        return [row.id for row in rows]

    def run(self, voice_id: str, now: datetime) -> None:
        """Do what can be done now for a voice taken by `due`. May run twice."""
        row = self._db.read(voices.get, voice_id)
        if row is None or row.lease_owner != self._owner:
            return
        steps = {
            State.CREATING: self._look_for,
            State.UNVERIFIED: self._look_at,
            State.DELETING: self._forget,
        }
        step = steps.get(State(row.state))
        if step is None:
            return
        try:
            changes = step(self._cloner(row.provider), row, now)
        except ProviderError as error:
            wait = delay(row.tries)
            changes = {"error": error.message, "available_at": now + wait, "tries": row.tries + 1}
        self._db.run(voices.change, row, now, **changes)

    def _look_for(self, cloner: VoiceCloner, row: ClonedVoice, now: datetime) -> dict[str, Any]:
        """What became of a request whose answer nobody has."""
        found = cloner.find(row.id)
        if found is None:
            return {"state": State.FAILED, "error": _NEVER_ARRIVED}
        return _arrived(found, now)

    def _look_at(self, cloner: VoiceCloner, row: ClonedVoice, now: datetime) -> dict[str, Any]:
        found = cloner.look(row.provider_voice_id or "")
        if found is None:
            return {"state": State.FAILED, "error": _GONE}
        return _arrived(found, now)

    def _forget(self, cloner: VoiceCloner, row: ClonedVoice, now: datetime) -> dict[str, Any]:
        cloner.delete(row.provider_voice_id or "")
        log.info("A cloned voice was deleted", voice_id=row.id, account_id=row.account_id)
        return {"state": State.DELETED, "error": None}

    # --- parts

    def _first(self) -> tuple[str, VoiceCloner]:
        """The vendor that voices are made at."""
        provider = next(iter(self._cloners), None)
        if provider is None:
            raise Conflict(_NO_VENDOR, remedy=_SET_UP, reason="cloning_unavailable")
        return provider, self._cloner(provider)

    def _cloner(self, provider: str) -> VoiceCloner:
        make = self._cloners.get(provider)
        if make is None:
            raise ProviderError(f"{provider} does not speak here any more, or its key is gone.")
        try:
            return make()
        except ConfigError as error:
            raise ProviderError(str(error), retryable=True) from None

    def _begin(
        self,
        principal: Principal,
        provider: str,
        given: Mapping[str, Any],
        samples: Sequence[Sample],
    ) -> ClonedVoice:
        account_id, now = principal.account_id, self._clock.now()
        views = [_sample(sample) for sample in samples]
        digests = "".join(sorted(view["sha256"] for view in views))
        fingerprint = hashlib.sha256(digests.encode()).hexdigest()
        lock_account(account_id)
        same = voices.made_of(account_id, fingerprint)
        if same is not None:
            raise Conflict(
                f"A voice of these samples is there already: {same.id}.",
                remedy="Use it, or delete it first.",
                reason="already_cloned",
                voice_id=same.id,
            )
        if voices.count(account_id) >= self._limit:
            raise Conflict(
                f"The account has as many cloned voices as it may have: {self._limit}.",
                remedy="Delete one first, or have the operator raise max_cloned_voices.",
                reason="voice_limit",
            )
        return voices.insert(
            now,
            now + GRACE,
            id=new_id(),
            account=account_id,
            name=given["name"].strip(),
            description=given.get("description"),
            language=given.get("language"),
            gender=given.get("gender"),
            provider=provider,
            consent=given["consent"],
            consent_by=given["consent_by"].strip(),
            created_by_key=principal.key_id,
            samples=views,
            fingerprint=fingerprint,
        )

    def _made(self, row: ClonedVoice, made: Clone) -> None:
        now = self._clock.now()
        voices.change(row, now, **_arrived(made, now))

    def _not_made(self, row: ClonedVoice, error: ProviderError) -> CloneView:
        """Raises what the vendor's refusal means to the customer. What may have been made after
        all stays, and is looked for."""
        log.warning("A voice was not cloned", voice_id=row.id, code=_code(error))
        if error.extra.get("may_have_happened"):
            return self.get(row.account_id, row.id)
        now = self._clock.now()
        self._db.run(voices.change, row, now, state=State.DELETED, error=error.message)
        raise refused(error) from None


def _arrived(clone: Clone, now: datetime) -> dict[str, Any]:
    state = State.READY if clone.verified else State.UNVERIFIED
    error = None if clone.verified else "Its vendor wants its owner to verify who they are."
    return {
        "state": state,
        "error": error,
        "provider_voice_id": clone.voice_id,
        "available_at": now + LOOK_AGAIN,
        "tries": 0,
    }


def _wish(row: ClonedVoice, given: Mapping[str, Any]) -> CloneWish:
    return CloneWish(
        row.name,
        described(row.description, row.id),
        row.language,
        row.gender,
        bool(given.get("remove_background_noise")),
    )


def _sample(sample: Sample) -> dict[str, Any]:
    digest = hashlib.sha256(sample.content).hexdigest()
    name = storable(sample.name)[:200]
    return {"name": name, "bytes": len(sample.content), "sha256": digest}


def _code(error: ProviderError) -> Any:
    return error.extra.get("provider_code")


def _found(account_id: str, voice_id: str) -> ClonedVoice:
    row = voices.get(voice_id)
    if row is None or row.account_id != account_id or row.state == State.DELETED:
        raise NotFound("No such voice.")
    return row


def _view(row: ClonedVoice) -> CloneView:
    return CloneView(
        id=row.id,
        name=row.name,
        description=row.description,
        language=row.language,
        gender=row.gender,
        provider=row.provider,
        state=State(row.state),
        error=row.error,
        consent=row.consent,
        consent_by=row.consent_by,
        consented_at=row.consented_at,
        samples=tuple(SampleView(**sample) for sample in row.samples),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
