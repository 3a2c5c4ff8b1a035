"""What Deepgram's sockets say: handshake rules, messages, closings. Pure, and written from its own
definitions, not from our adapter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from topcalls.ids import new_id

CLOSE_NO_AUDIO = (1011, "NET-0001")
CLOSE_NOT_AUDIO = (1008, "DATA-0000")
NO_AUDIO_SECONDS = 10.0
MOST_KEYTERM_TOKENS = 500
NOVA_MODELS = ("nova-3", "nova-2", "nova", "enhanced", "base")
FLUX_MODELS = ("flux-general-en", "flux-general-multi")
ENCODINGS = ("mulaw", "alaw", "linear16")
_NOVA_FIELDS = frozenset(
    (
        *("model", "language", "encoding", "sample_rate", "channels", "interim_results"),
        *("endpointing", "utterance_end_ms", "vad_events", "smart_format", "punctuate"),
        *("numerals", "keyterm", "keywords", "diarize", "multichannel", "redact", "tag"),
        *("mip_opt_out", "profanity_filter", "dictation", "extra", "version", "callback"),
        *("search", "replace"),
    )
)
_FLUX_FIELDS = frozenset(
    (
        *("model", "encoding", "sample_rate", "eot_threshold", "eager_eot_threshold"),
        *("eot_timeout_ms", "language_hint", "keyterm", "mip_opt_out", "tag"),
        "profanity_filter",
    )
)


@dataclass(frozen=True)
class Refused:
    """A handshake that is answered by HTTP."""

    status: int
    code: str
    message: str

    def body(self) -> dict[str, str]:
        """The vendor's error object."""
        return {"err_code": self.code, "err_msg": self.message, "request_id": new_id()}


FAULTS = {
    "rate-limit": Refused(429, "TOO_MANY_REQUESTS", "Too many requests. Please try again later."),
    "server-error": Refused(500, "INTERNAL_SERVER_ERROR", "Internal server error."),
    "forbidden": Refused(403, "INSUFFICIENT_PERMISSIONS", "User does not have sufficient rights."),
    "quota": Refused(402, "ASR_PAYMENT_REQUIRED", "Project does not have enough credits."),
}


def refusal_of_key(headers: Mapping[str, str]) -> Refused | None:
    """Only `Token` goes with an API key; `Bearer` is for short-lived tokens."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "token" and key.startswith("dg-"):
        return None
    return Refused(401, "INVALID_AUTH", "Invalid credentials.")


def refusal_of_nova(query: Mapping[str, str]) -> Refused | None:
    """What `/v1/listen` does not take."""
    model = query.get("model", "base").replace(" ", "+").partition("+")[0]
    problem = _unknown(query, _NOVA_FIELDS) or _audio_problem(query)
    if model not in NOVA_MODELS:
        problem = problem or "No such model/language/tier combination found."
    if model == "nova-3" and "keywords" in query:
        problem = problem or "Keywords are not supported for Nova-3. Please use keyterm instead."
    if model != "nova-3" and "keyterm" in query:
        problem = problem or "Keyterm prompting is only supported for Nova-3."
    if "utterance_end_ms" in query:
        if _number(query["utterance_end_ms"]) < 1000:
            problem = problem or "utterance_end_ms must be at least 1000."
        if query.get("interim_results") != "true":
            problem = problem or "utterance_end_ms requires interim_results=true."
    return _bad(problem)


def refusal_of_flux(query: Mapping[str, str]) -> Refused | None:
    """What `/v2/listen` does not take."""
    problem = _unknown(query, _FLUX_FIELDS) or _audio_problem(query)
    if query.get("model", "").replace(" ", "+").partition("+")[0] not in FLUX_MODELS:
        problem = problem or "Invalid model for /v2/listen."
    if "language_hint" in query and "multi" not in query.get("model", ""):
        problem = problem or "language_hint is only supported by flux-general-multi."
    end = _number(query.get("eot_threshold", "0.7"))
    eager = _number(query.get("eager_eot_threshold", str(end)))
    if not 0.5 <= end <= 1.0:
        problem = problem or "eot_threshold must be between 0.5 and 1.0."
    if not 0.3 <= eager <= end:
        problem = problem or "eager_eot_threshold must be between 0.3 and eot_threshold."
    if not 500 <= _number(query.get("eot_timeout_ms", "5000")) <= 10000:
        problem = problem or "eot_timeout_ms must be between 500 and 10000."
    return _bad(problem)


def refusal_of_keyterms(terms: Sequence[str]) -> Refused | None:
    """Keyterms are limited by their tokens; one has some four characters."""
    tokens = sum(1 + len(term) // 4 for term in terms)
    problem = (
        ""
        if tokens <= MOST_KEYTERM_TOKENS
        else (
            "Keyterm limit exceeded. The maximum number of tokens across all keyterms is "
            f"{MOST_KEYTERM_TOKENS}."
        )
    )
    return _bad(problem)


def _bad(problem: str) -> Refused | None:
    return Refused(400, "Bad Request", problem) if problem else None


def _unknown(query: Mapping[str, str], known: frozenset[str]) -> str:
    wrong = sorted(set(query) - known)
    return f"Unexpected query parameter: {wrong[0]}" if wrong else ""


def _audio_problem(query: Mapping[str, str]) -> str:
    if query.get("encoding") not in ENCODINGS:
        return "Unsupported encoding."
    if query.get("sample_rate") != "8000":
        return "The sandbox hears 8000 samples per second only; set sample_rate."
    return ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0


# --- messages


def words_of(text: str, start: float, end: float) -> list[dict[str, Any]]:
    """Every word with a time of its own, by its length."""
    words = text.split()
    total = sum(len(word) for word in words) or 1
    found, at = [], start
    for word in words:
        until = at + (end - start) * len(word) / total
        plain = "".join(c for c in word.lower() if c.isalnum() or c == "'")
        found.append(
            {
                "word": plain,
                "start": round(at, 3),
                "end": round(until, 3),
                "confidence": 0.99,
                "punctuated_word": word,
            }
        )
        at = until
    return found


def results(
    text: str, span: tuple[float, float], request_id: str, model: str, **flags: bool
) -> str:
    """A `Results` message for the audio from `span[0]` to `span[1]`, in seconds."""
    start, end = span
    return json.dumps(
        {
            "type": "Results",
            "channel_index": [0, 1],
            "duration": round(end - start, 3),
            "start": round(start, 3),
            "is_final": flags.get("is_final", False),
            "speech_final": flags.get("speech_final", False),
            "from_finalize": flags.get("from_finalize", False),
            "channel": {
                "alternatives": [
                    {
                        "transcript": text,
                        "confidence": 0.99 if text else 0.0,
                        "words": words_of(text, start, end),
                    }
                ]
            },
            "metadata": {
                "request_id": request_id,
                "model_info": {
                    "name": f"{model}-general",
                    "version": "2026-01-01.0",
                    "arch": model,
                },
                "model_uuid": "00000000-0000-4000-8000-000000000001",
            },
        }
    )


def speech_started(timestamp: float) -> str:
    """`SpeechStarted`."""
    return json.dumps(
        {"type": "SpeechStarted", "channel": [0, 1], "timestamp": round(timestamp, 3)}
    )


def utterance_end(last_word_end: float) -> str:
    """`UtteranceEnd`."""
    return json.dumps(
        {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": round(last_word_end, 3)}
    )


def metadata(request_id: str, seconds: float) -> str:
    """`Metadata`, the last message of a stream that was closed in order."""
    return json.dumps(
        {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": request_id,
            "sha256": "0" * 64,
            "created": "2026-01-01T00:00:00.000Z",
            "duration": round(seconds, 3),
            "channels": 1,
        }
    )


def turn_info(event: str, turn: Mapping[str, Any], request_id: str, sequence: int) -> str:
    """Flux's `TurnInfo`; `turn` has index, start, end, transcript and confidence."""
    words = [
        {"word": word["punctuated_word"], "confidence": word["confidence"]}
        for word in words_of(turn["transcript"], turn["start"], turn["end"])
    ]
    return json.dumps(
        {
            "type": "TurnInfo",
            "request_id": request_id,
            "sequence_id": sequence,
            "event": event,
            "turn_index": turn["index"],
            "audio_window_start": round(turn["start"], 3),
            "audio_window_end": round(turn["end"], 3),
            "transcript": turn["transcript"],
            "words": words,
            "end_of_turn_confidence": round(turn["confidence"], 3),
        }
    )


def connected(request_id: str) -> str:
    """Flux's first message."""
    return json.dumps({"type": "Connected", "request_id": request_id, "sequence_id": 0})


def error(code: str, description: str) -> str:
    """Flux's last message when something is wrong."""
    return json.dumps({"type": "Error", "sequence_id": 0, "code": code, "description": description})
