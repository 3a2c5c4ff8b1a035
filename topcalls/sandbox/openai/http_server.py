"""The double of api.openai.com: every endpoint on one port, under `/v1`.

Faults are asked for by model name; `switches` has the list.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import gevent

from topcalls.log import get_logger
from topcalls.sandbox.hearing import Hearing
from topcalls.sandbox.http_wire import Exchange, HttpServer
from topcalls.sandbox.openai import audio_http, models
from topcalls.sandbox.openai.auth import refusal_of_key
from topcalls.sandbox.openai.chat import Completion, chunks, complete, whole
from topcalls.sandbox.openai.chat_request import check_chat_request
from topcalls.sandbox.openai.conversation import text_tokens
from topcalls.sandbox.openai.embeddings import embeddings
from topcalls.sandbox.openai.realtime_server import RealtimeEndpoint, Studio
from topcalls.sandbox.openai.script import GO_ON
from topcalls.sandbox.openai.switches import HttpFailure, Switches, split_model
from topcalls.sandbox.openai.validation import Refusal
from topcalls.sandbox.scenario import ModelRule

_SSE = [("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-cache")]
_FIRST_TOKEN = 0.1
_SLOW_FIRST_TOKEN = 3.0
_BETWEEN_TOKENS = 0.005
_SILENT_SECONDS = 600.0
_SCRIPTED_FAILURES = {"server_error": "x+server-error", "rate_limit": "x+rate-limit"}

log = get_logger("sandbox.openai")


class OpenAIDouble:
    """Listens; `realtime` has the Realtime connections, for tests to watch and disturb.

    `answers` are given to the next requests for JSON, in order, instead of what would be made up: a
    text as it is, anything else as JSON.
    """

    def __init__(self, studio: Studio, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self._studio = studio
        self.switches = Switches()
        self.answers: deque[Any] = deque()
        self.realtime = RealtimeEndpoint(studio, self.switches)
        self._server = HttpServer(address, self._serve)

    @property
    def hearing(self) -> Hearing:
        """What its sessions hear with: tests register here what callers say."""
        return self._studio.hearing

    def start(self) -> None:
        """Listen."""
        self._server.start()

    def stop(self) -> None:
        """Close everything."""
        self._server.stop()

    @property
    def base_url(self) -> str:
        """What goes into a client's `base_url`."""
        return f"http://{self._server.host}:{self._server.port}/v1"

    def _serve(self, exchange: Exchange) -> None:
        request = exchange.request
        failure = refusal_of_key(request.headers, self._studio.behaviour.bad_keys)
        if failure is not None:
            _fail(exchange, failure)
            return
        handler = self._route(request.method, request.path)
        if handler is None:
            message = f"Invalid URL ({request.method} {request.path})"
            _fail(exchange, HttpFailure(404, "invalid_request_error", None, message))
            return
        try:
            handler(exchange)
        except Refusal as refusal:
            error = {
                "message": refusal.message,
                "type": refusal.kind,
                "param": refusal.param,
                "code": refusal.code,
            }
            exchange.respond_json(400, {"error": error})

    def _route(self, method: str, path: str) -> Callable[[Exchange], None] | None:
        if method == "GET" and path.startswith("/v1/models/"):
            return self._model
        return {
            ("GET", "/v1/realtime"): self.realtime.serve,
            ("GET", "/v1/models"): _models,
            ("POST", "/v1/chat/completions"): self._chat,
            ("POST", "/v1/embeddings"): self._embeddings,
            ("POST", "/v1/audio/speech"): self._speech,
            ("POST", "/v1/audio/transcriptions"): self._transcription,
        }.get((method, path))

    def _model(self, exchange: Exchange) -> None:
        name = exchange.request.path.removeprefix("/v1/models/")
        if (found := models.model(name)) is not None:
            exchange.respond_json(200, found)
            return
        _fail(
            exchange,
            HttpFailure(
                404,
                "invalid_request_error",
                "model_not_found",
                f"The model '{name}' does not exist",
            ),
        )

    def _chat(self, exchange: Exchange) -> None:
        body = _json_body(exchange)
        check_chat_request(body)
        if self._has_failed(exchange, body["model"]):
            return
        completion = self._rehearsed(body, complete(body, self._rules_of))
        failing = _SCRIPTED_FAILURES.get(completion.fail)
        if failing and self._has_failed(exchange, failing):
            return
        if completion.fail == "silent":
            gevent.sleep(_SILENT_SECONDS)
            exchange.drop()
            return
        if completion.fail and not completion.content:
            completion = Completion(completion.model, GO_ON, fail=completion.fail)
        _, fault = split_model(body["model"])
        gevent.sleep(_SLOW_FIRST_TOKEN if fault == "slow" else _FIRST_TOKEN)
        cut = "cut" in (fault, completion.fail)
        created = int(self._studio.clock.now().timestamp())
        if body.get("stream"):
            options = body.get("stream_options") or {}
            usage = bool(options.get("include_usage"))
            _stream(exchange, list(chunks(completion, created, with_usage=usage)), cut, completion)
        elif cut:
            exchange.drop()
        else:
            exchange.respond_json(200, whole(completion, created))

    def _embeddings(self, exchange: Exchange) -> None:
        body = _json_body(exchange)
        answer = embeddings(body)
        if not self._has_failed(exchange, body["model"]):
            exchange.respond_json(200, answer)

    def _speech(self, exchange: Exchange) -> None:
        body = _json_body(exchange)
        audio_http.check_speech_request(body)
        if self._has_failed(exchange, body["model"]):
            return
        form = body["response_format"]
        data = audio_http.speech_bytes(self._studio.speak(body["input"]), form)
        kind = "audio/pcm" if form == "pcm" else "audio/wav"
        exchange.start(200, [("Content-Type", kind)])
        for piece in audio_http.odd_pieces(data):
            exchange.send(piece)
        exchange.end()

    def _transcription(self, exchange: Exchange) -> None:
        request = exchange.request
        content_type = request.headers.get("content-type", "")
        texts, files = audio_http.form_fields(content_type, request.body)
        audio_http.check_transcription_request(texts, files)
        if self._has_failed(exchange, texts["model"]):
            return
        words, seconds = audio_http.transcript_of(self._studio.hearing, files["file"])
        usage = _transcription_usage(words, seconds)
        if texts.get("stream") == "true":
            _stream_transcript(exchange, words, usage)
        elif texts.get("response_format") == "text":
            plain = [("Content-Type", "text/plain; charset=utf-8")]
            exchange.respond(200, f"{words}\n".encode(), plain)
        else:
            exchange.respond_json(200, {"text": words, "usage": usage})

    def _rehearsed(self, body: Mapping[str, Any], completion: Completion) -> Completion:
        kind = (body.get("response_format") or {}).get("type", "text")
        if kind == "text" or not self.answers:
            return completion
        answer = self.answers.popleft()
        return replace(
            completion, content=answer if isinstance(answer, str) else json.dumps(answer)
        )

    def _has_failed(self, exchange: Exchange, model: str) -> bool:
        failure = self.switches.failure(model)
        if failure is not None:
            _fail(exchange, failure)
        return failure is not None

    def _rules_of(self, said: list[str]) -> tuple[ModelRule, ...]:
        return self._studio.minds.rules_of(self._studio.hearing.scenario_of_words(said))


def _models(exchange: Exchange) -> None:
    exchange.respond_json(200, models.model_list())


def _fail(exchange: Exchange, failure: HttpFailure) -> None:
    exchange.respond_json(failure.status, failure.body(), failure.headers)


def _json_body(exchange: Exchange) -> Any:
    try:
        return exchange.request.json()
    except ValueError:
        raise Refusal(
            None,
            "We could not parse the JSON body of your request.",
        ) from None


def _stream(
    exchange: Exchange, pieces: list[dict[str, Any]], cut: bool, completion: Completion
) -> None:
    """Server-sent events; with `cut` the connection is reset half-way."""
    exchange.start(200, _SSE)
    if completion.fail == "garbage":
        exchange.send(b": a comment\n\nevent: unknown\ndata: {}\n\n")
    for index, piece in enumerate(pieces):
        if cut and index == max(2, len(pieces) // 2):
            exchange.drop()
            return
        exchange.send(f"data: {json.dumps(piece)}\n\n".encode())
        gevent.sleep(_BETWEEN_TOKENS)
    exchange.send(b"data: [DONE]\n\n")
    exchange.end()


def _stream_transcript(exchange: Exchange, words: str, usage: dict[str, Any]) -> None:
    exchange.start(200, _SSE)
    for index, word in enumerate(words.split()):
        delta = {"type": "transcript.text.delta", "delta": f" {word}" if index else word}
        exchange.send(f"data: {json.dumps(delta)}\n\n".encode())
    done = {"type": "transcript.text.done", "text": words, "usage": usage}
    exchange.send(f"data: {json.dumps(done)}\n\n".encode())
    exchange.end()


def _transcription_usage(words: str, seconds: float) -> dict[str, Any]:
    audio, spent = int(seconds * 10), text_tokens(words)
    return {
        "type": "tokens",
        "input_tokens": audio,
        "output_tokens": spent,
        "total_tokens": audio + spent,
        "input_token_details": {"text_tokens": 0, "audio_tokens": audio},
    }
