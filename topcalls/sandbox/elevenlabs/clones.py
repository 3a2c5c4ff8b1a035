"""The double's instant voice cloning: `POST /v1/voices/add`.

A fault is part of the voice's name: `+limit` and `+plan` refuse it, `+server-error` fails, `+lost`
makes it and resets the connection before the answer, `+dropped` resets it and makes nothing,
`+verify` wants its owner to prove who they are, `+stubborn` fails the first time it is deleted.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any

from topcalls.sandbox.elevenlabs.form import BadForm, Part, parts_of

_SOUNDS = (b"RIFF", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"fLaC", b"OggS", b"\x1aE\xdf")
_REFUSALS = {
    "limit": (
        "voice_limit_reached",
        "You have reached your maximum amount of custom voices (10 / 10).",
    ),
    "plan": (
        "can_not_use_instant_voice_cloning",
        "Your subscription does not include instant voice cloning.",
    ),
}
LIMIT = 10
"""Custom voices of the account."""


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(status)
        self.status = status
        self.detail = detail


def fault_of(name: str) -> str:
    """The part of a voice's name behind its plus sign."""
    return name.partition("+")[2]


def cloned(content_type: str, body: bytes, own: int) -> dict[str, Any]:
    """The voice that a request makes; the account has `own` already. Raises `Refused`."""
    try:
        parts = parts_of(content_type, body)
    except BadForm:
        raise Refused(400, "There was an error parsing the body") from None
    texts = {part.name: part.text for part in parts if part.filename is None}
    files = [part for part in parts if part.name == "files"]
    faults = _faults(texts, files)
    if faults:
        raise Refused(422, faults)
    fault = fault_of(texts["name"])
    if fault == "server-error":
        raise Refused(500, {"status": "internal_error", "message": "Refused."})
    status, message = _REFUSALS.get(fault, ("", ""))
    if own >= LIMIT:
        status, message = _REFUSALS["limit"]
    if not status and not all(_is_sound(file.content) for file in files):
        status = "invalid_content"
        message = "File upload is corrupted. Please ensure it is playable audio."
    if status:
        raise Refused(400, {"status": status, "message": message})
    return _voice(texts, files, needs_proof=fault == "verify")


def _faults(texts: dict[str, str], files: Sequence[Part]) -> list[dict[str, Any]]:
    faults = []
    if not texts.get("name"):
        faults.append(_fault(["body", "name"], "Field required", "missing"))
    if not files:
        faults.append(_fault(["body", "files"], "Field required", "missing"))
    for index, file in enumerate(files):
        if file.filename is None:
            message = "Expected UploadFile, received: <class 'str'>"
            faults.append(_fault(["body", "files", index], message, "value_error"))
    if texts.get("remove_background_noise", "false") not in ("true", "false"):
        message = "Input should be a valid boolean"
        faults.append(_fault(["body", "remove_background_noise"], message, "bool_parsing"))
    if _labels(texts) is None:
        faults.append(_fault(["body", "labels"], "Input should be a valid JSON", "json_invalid"))
    return faults


def _fault(where: list[Any], message: str, kind: str) -> dict[str, Any]:
    return {"loc": where, "msg": message, "type": kind}


def _labels(texts: dict[str, str]) -> dict[str, str] | None:
    try:
        labels = json.loads(texts.get("labels") or "{}")
    except ValueError:
        return None
    told = isinstance(labels, dict) and all(isinstance(value, str) for value in labels.values())
    return labels if told else None


def _is_sound(content: bytes) -> bool:
    return content.startswith(_SOUNDS) or content[4:8] == b"ftyp"


def _voice(texts: dict[str, str], files: Sequence[Part], needs_proof: bool) -> dict[str, Any]:
    return {
        "voice_id": secrets.token_hex(10),
        "name": texts["name"],
        "samples": [
            {
                "sample_id": secrets.token_hex(10),
                "file_name": file.filename,
                "mime_type": "audio/mpeg",
                "size_bytes": len(file.content),
                "hash": secrets.token_hex(16),
            }
            for file in files
        ],
        "category": "cloned",
        "labels": _labels(texts),
        "description": texts.get("description") or None,
        "preview_url": None,
        "available_for_tiers": [],
        "settings": None,
        "verified_languages": [],
        "is_owner": True,
        "voice_verification": {
            "requires_verification": needs_proof,
            "is_verified": False,
            "verification_failures": [],
            "verification_attempts_count": 0,
            "language": None,
            "verification_attempts": None,
        },
    }
