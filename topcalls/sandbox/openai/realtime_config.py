"""A session's configuration: what it starts with, and how an update changes it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from topcalls.sandbox.openai.validation import Refusal, invalid_value

Session = dict[str, Any]

DEFAULT_INSTRUCTIONS = (
    "Your knowledge cutoff is 2023-10. You are a helpful, witty, and friendly AI. Act like a human."
)
_PCM = {"type": "audio/pcm", "rate": 24000}
_VAD_DEFAULTS: dict[str, dict[str, Any]] = {
    "server_vad": {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 200,
        "idle_timeout_ms": None,
        "create_response": True,
        "interrupt_response": True,
    },
    "semantic_vad": {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    },
}
_WITH_KEYWORDS = ("gpt-transcribe", "gpt-live-transcribe")
_WITHOUT_VAD = ("gpt-live-transcribe", "gpt-realtime-whisper")
_REPLACED_WHOLE = ("format", "tools", "tool_choice", "truncation", "tracing", "voice", "prompt")


def default_session(kind: str, model: str, session_id: str, expires_at: int) -> Session:
    """What `session.created` shows: every field, as the service sets them."""
    audio_input = {
        "format": dict(_PCM),
        "transcription": None,
        "noise_reduction": None,
        "turn_detection": dict(_VAD_DEFAULTS["server_vad"]),
    }
    common = {"type": kind, "id": session_id, "expires_at": expires_at, "include": None}
    if kind == "transcription":
        return {
            **common,
            "object": "realtime.transcription_session",
            "audio": {"input": audio_input},
        }
    return {
        **common,
        "object": "realtime.session",
        "model": model,
        "output_modalities": ["audio"],
        "instructions": DEFAULT_INSTRUCTIONS,
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "prompt": None,
        "truncation": "auto",
        "audio": {
            "input": audio_input,
            "output": {"format": dict(_PCM), "voice": "marin", "speed": 1.0},
        },
    }


def updated(session: Session, update: Mapping[str, Any], *, has_spoken: bool) -> Session:
    """A new configuration: `update` merged into `session`. Refused as a whole or not at all.

    The shape of `update` has been checked; here is what depends on the session: its kind, its
    model, and whether audio `has_spoken` already in the present voice.
    """
    if update["type"] != session["type"]:
        raise invalid_value(update["type"], "session.type", [session["type"]])
    if update.get("model", session.get("model")) != session.get("model"):
        raise Refusal("invalid_value", "Cannot update a session's model.", "session.model")
    if session.get("tracing") is not None and "tracing" in update:
        raise Refusal(
            "cannot_update_tracing",
            "Cannot update a conversation's tracing once it is enabled.",
            "session.tracing",
        )
    result: Session = _merged(session, update)
    _check_modalities(result.get("output_modalities"), "session.output_modalities")
    if has_spoken:
        check_voice(result["audio"]["output"]["voice"], session, "session.audio.output.voice")
    _check_transcription(result["audio"]["input"])
    return result


def check_response_settings(
    settings: Mapping[str, Any], session: Session, *, has_spoken: bool
) -> None:
    """Refuse what a `response.create` cannot ask of this session."""
    _check_modalities(settings.get("output_modalities"), "response.output_modalities")
    voice = settings.get("audio", {}).get("output", {}).get("voice")
    if voice is not None and has_spoken:
        check_voice(voice, session, "response.audio.output.voice")


def check_voice(voice: Any, session: Session, path: str) -> None:
    """Refuse another voice than the one that has been heard."""
    if voice != session["audio"]["output"]["voice"]:
        raise Refusal(
            "cannot_update_voice",
            "Cannot update a conversation's voice if assistant audio is present.",
            path,
        )


def _check_modalities(modalities: Any, path: str) -> None:
    if modalities is not None and modalities not in (["audio"], ["text"]):
        raise Refusal(
            "invalid_value",
            f"Invalid modalities: {modalities}. Supported combinations are: ['text'] and "
            "['audio'].",
            path,
        )


def _check_transcription(audio_input: Mapping[str, Any]) -> None:
    transcription = audio_input.get("transcription") or {}
    path = "session.audio.input"
    if transcription.get("language") and transcription.get("languages"):
        raise Refusal(
            "invalid_value",
            "Only one of 'language' and 'languages' may be given.",
            f"{path}.transcription.languages",
        )
    if transcription.get("keywords") and transcription.get("model") not in _WITH_KEYWORDS:
        raise Refusal(
            "invalid_value",
            f"'keywords' is not supported with '{transcription.get('model')}'.",
            f"{path}.transcription.keywords",
        )
    if transcription.get("prompt") and transcription.get("model") == "gpt-realtime-whisper":
        raise Refusal(
            "invalid_value",
            "'prompt' is not supported with 'gpt-realtime-whisper'.",
            f"{path}.transcription.prompt",
        )
    if transcription.get("model") in _WITHOUT_VAD and audio_input.get("turn_detection"):
        raise Refusal(
            "invalid_value",
            f"Turn detection is not supported with '{transcription['model']}'; set it to null.",
            f"{path}.turn_detection",
        )


def _merged(old: Any, new: Any, key: str = "") -> Any:
    if key == "turn_detection" and isinstance(new, dict):
        same = isinstance(old, dict) and old["type"] == new["type"]
        return {**(old if same else _VAD_DEFAULTS[new["type"]]), **new}
    if key == "noise_reduction" and isinstance(new, dict):
        return {"strength": 1.0, **(old or {}), **new}
    if not isinstance(old, dict) or not isinstance(new, dict) or key in _REPLACED_WHOLE:
        return deepcopy(new)
    return {**old, **{name: _merged(old.get(name), item, name) for name, item in new.items()}}
