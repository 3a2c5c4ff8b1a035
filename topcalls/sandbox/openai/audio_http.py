"""Speech and transcription over HTTP: formats in and out. Pure but for the voice and the ear."""

from __future__ import annotations

import audioop
import io
import wave
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from topcalls.sandbox.hearing import Hearing, unknown_sound, words_of
from topcalls.sandbox.openai.validation import (
    Refusal,
    Shape,
    choice,
    either,
    mapping,
    missing,
    number,
    record,
    text,
)
from topcalls.sandbox.waveforms import RATE, samples_of

_PIECES = (4801, 1, 4799, 7, 9600)
"""Sizes of the pieces speech is sent in, in turn: odd on purpose."""
_MAXIMUM_INPUT = 4096

_speech_request: Shape = record(
    {
        "model": text(),
        "input": text(_MAXIMUM_INPUT),
        "voice": either(text(), mapping),
        "instructions": text(),
        "speed": number(0.25, 4.0),
        "response_format": choice("mp3", "opus", "aac", "flac", "wav", "pcm"),
        "stream_format": choice("audio", "sse"),
    },
    ("model", "input", "voice"),
)


def check_speech_request(body: Any) -> None:
    """Refuse what the service refuses, and what the double cannot render."""
    _speech_request(body, "")
    if body.get("response_format", "mp3") not in ("pcm", "wav"):
        raise Refusal(
            "unsupported_value",
            "The sandbox speaks 'pcm' and 'wav' only; set response_format.",
            "response_format",
        )
    if body.get("stream_format", "audio") != "audio":
        raise Refusal(
            "unsupported_value",
            "The sandbox streams 'audio' only.",
            "stream_format",
        )


def speech_bytes(pcmu: bytes, response_format: str) -> bytes:
    """24 kHz, 16 bit, mono: raw, or with a WAV header."""
    pcm: bytes = audioop.ratecv(audioop.ulaw2lin(pcmu, 2), 2, 1, RATE, 24000, None)[0]
    if response_format == "pcm":
        return pcm
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(24000)
        writer.writeframes(pcm)
    return file.getvalue()


def odd_pieces(data: bytes) -> Iterator[bytes]:
    """`data` in pieces that rarely end at a sample."""
    start = turn = 0
    while start < len(data):
        size = _PIECES[turn % len(_PIECES)]
        yield data[start : start + size]
        start, turn = start + size, turn + 1


def form_fields(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """(texts, files) of a multipart form. Of repeated texts the last counts."""
    if not content_type.lower().startswith("multipart/form-data"):
        raise Refusal(None, "Could not parse multipart form.", kind="invalid_request_error")
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message: Any = BytesParser(policy=HTTP).parsebytes(head + body)
    texts: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True) or b""
        if part.get_filename():
            files[str(name)] = payload
        else:
            texts[str(name)] = payload.decode("utf-8", "replace")
    return texts, files


def check_transcription_request(texts: dict[str, str], files: dict[str, bytes]) -> None:
    """Refuse a form without a file or a model, or that wants what new models do not give."""
    for name, there in (("file", "file" in files), ("model", bool(texts.get("model")))):
        if not there:
            raise missing(name)
    if texts.get("response_format", "json") not in ("json", "text"):
        raise Refusal(
            "unsupported_value",
            f"response_format '{texts['response_format']}' is not compatible with model "
            f"'{texts['model']}'. Use 'json' or 'text' instead.",
            "response_format",
        )


def transcript_of(hearing: Hearing, file: bytes) -> tuple[str, float]:
    """(words, seconds) of a WAV file."""
    audio = samples_of(_pcm_of_wav(file))
    matches = hearing.transcribe(audio)
    return words_of(matches) if matches else unknown_sound(audio), len(audio) / RATE


def _pcm_of_wav(file: bytes) -> bytes:
    """16-bit mono PCM at 8 kHz."""
    try:
        with wave.open(io.BytesIO(file)) as reader:
            channels, width, rate, *_ = reader.getparams()
            data: bytes = reader.readframes(reader.getnframes())
    except (wave.Error, EOFError):
        raise Refusal(
            "invalid_value",
            "Audio file might be corrupted or unsupported. The sandbox reads WAV with 16-bit PCM.",
            "file",
        ) from None
    if width != 2 or channels not in (1, 2):
        raise Refusal("invalid_value", "The sandbox reads WAV with 16-bit PCM.", "file")
    if channels == 2:
        data = audioop.tomono(data, 2, 0.5, 0.5)
    if rate != RATE:
        data, _ = audioop.ratecv(data, 2, 1, rate, RATE, None)
    return data
