"""The double's REST API: models, and the voices of the account."""

from __future__ import annotations

from collections.abc import Callable

from topcalls.sandbox.elevenlabs import clones, speaking
from topcalls.sandbox.elevenlabs.shelf import BadQuery, VoiceShelf
from topcalls.sandbox.http_wire import Exchange, Request

_MODELS, _LIST, _ADD, _ONE = "/v1/models", "/v2/voices", "/v1/voices/add", "/v1/voices/"


def answer(exchange: Exchange, voices: VoiceShelf) -> bool:
    """Answer a request, if it is for what is served here."""
    handle = _handler(exchange.request)
    if handle is None:
        return False
    try:
        handle(exchange, voices)
    except clones.Refused as refused:
        exchange.respond_json(refused.status, {"detail": refused.detail})
    return True


def _handler(request: Request) -> Callable[[Exchange, VoiceShelf], None] | None:
    if request.path.startswith(_ONE) and request.path != _ADD:
        return {"GET": _get, "DELETE": _delete}.get(request.method)
    fixed = {("GET", _MODELS): _models, ("GET", _LIST): _list, ("POST", _ADD): _add}
    return fixed.get((request.method, request.path))


def _models(exchange: Exchange, voices: VoiceShelf) -> None:
    models = [{"model_id": name, "can_do_text_to_speech": True} for name in speaking.MODELS]
    exchange.respond_json(200, models)


def _list(exchange: Exchange, voices: VoiceShelf) -> None:
    try:
        exchange.respond_json(200, voices.page(exchange.request.query))
    except BadQuery as bad:
        fault = {"loc": ["query", str(bad)], "msg": "Input is not valid", "type": "value_error"}
        raise clones.Refused(422, [fault]) from None


def _add(exchange: Exchange, voices: VoiceShelf) -> None:
    request = exchange.request
    made = clones.cloned(request.headers.get("content-type", ""), request.body, voices.own)
    fault = clones.fault_of(made["name"])
    if fault != "dropped":
        voices.add(made)
    if fault in ("dropped", "lost"):
        exchange.drop()
        return
    needs_proof = made["voice_verification"]["requires_verification"]
    exchange.respond_json(200, {"voice_id": made["voice_id"], "requires_verification": needs_proof})


def _get(exchange: Exchange, voices: VoiceShelf) -> None:
    voice = voices.find(exchange.request.path.removeprefix(_ONE))
    if voice is None:
        raise _not_found()
    exchange.respond_json(200, voice)


def _delete(exchange: Exchange, voices: VoiceShelf) -> None:
    voice = voices.find(exchange.request.path.removeprefix(_ONE))
    if voice is None:
        raise _not_found()
    if clones.fault_of(voice["name"]) == "stubborn":
        voice["name"] = voice["name"].removesuffix("+stubborn")
        raise clones.Refused(500, {"status": "internal_error", "message": "Refused."})
    voices.remove(voice["voice_id"])
    exchange.respond_json(200, {"status": "ok"})


def _not_found() -> clones.Refused:
    return clones.Refused(
        400, {"status": "voice_not_found", "message": "A voice with this id does not exist."}
    )
