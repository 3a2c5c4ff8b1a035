"""ElevenLabs' voice cloning against the double of the service, on real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sandbox_openai_realtime import hearing_with_calls
from sandbox_openai_speech import spoken

from topcalls.clock import SystemClock
from topcalls.core.voice_clones import Sample, described
from topcalls.errors import ProviderError
from topcalls.ids import new_id
from topcalls.net.http import HttpClient
from topcalls.net.multipart import FormFile, encoded
from topcalls.providers.elevenlabs.cloning import ElevenLabsCloner
from topcalls.providers.elevenlabs.rest import MAX_ANSWER_BYTES, ElevenLabsRest
from topcalls.providers.elevenlabs.voice import ElevenLabsVoice
from topcalls.providers.stages import SpeakingConfig
from topcalls.providers.voice_library import CloneWish
from topcalls.sandbox.elevenlabs.clones import LIMIT
from topcalls.sandbox.elevenlabs.server import ElevenLabsDouble

pytestmark = pytest.mark.unit

KEY = "el-test"
SAMPLE = Sample("anna.mp3", b"ID3 not really\r\n--sound\0", "audio/mpeg")


@pytest.fixture
def server() -> Iterator[ElevenLabsDouble]:
    server = ElevenLabsDouble(hearing_with_calls(SystemClock()), spoken)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def rest(server: ElevenLabsDouble) -> ElevenLabsRest:
    http = HttpClient(5.0, MAX_ANSWER_BYTES, allow_private=True)
    return ElevenLabsRest(http, KEY, server.base_url)


@pytest.fixture
def cloner(rest: ElevenLabsRest) -> ElevenLabsCloner:
    return ElevenLabsCloner(rest)


def wish(name: str = "Anna", voice_id: str = "", **more: Any) -> CloneWish:
    return CloneWish(name, described("Calm.", voice_id or new_id()), **more)


def refusal(cloner: ElevenLabsCloner, name: str, sample: Sample = SAMPLE) -> ProviderError:
    with pytest.raises(ProviderError) as refused:
        cloner.clone(wish(name), [sample])
    return refused.value


def speak(server: ElevenLabsDouble, voice_id: str) -> bytes:
    session = ElevenLabsVoice(KEY, base_url=server.base_url).open(SpeakingConfig(voice=voice_id))
    try:
        return b"".join(item.audio for item in session.speak("Hello there."))
    finally:
        session.close()


def test_a_voice_is_made_and_speaks(server: ElevenLabsDouble, cloner: ElevenLabsCloner) -> None:
    asked = wish(language="de-CH", gender="female")
    made = cloner.clone(asked, [SAMPLE, Sample("b.ogg", b"OggS", "audio/ogg")])
    there = server.voices.find(made.voice_id)
    assert there is not None
    assert made.verified
    assert (there["name"], there["description"]) == ("Anna", asked.description)
    assert there["labels"] == {"gender": "female", "language": "de"}
    sizes = [(one["file_name"], one["size_bytes"]) for one in there["samples"]]
    assert sizes == [("anna.mp3", len(SAMPLE.content)), ("b.ogg", 4)]
    assert cloner.look(made.voice_id) == made
    assert speak(server, made.voice_id) == spoken("Hello there.")


def test_a_voice_is_found_again_by_its_mark(
    server: ElevenLabsDouble, cloner: ElevenLabsCloner
) -> None:
    ours = new_id()
    cloner.clone(wish("Other"), [SAMPLE])
    made = cloner.clone(wish("Anna", ours), [SAMPLE])
    assert cloner.find(ours) == made
    assert cloner.find(new_id()) is None


def test_a_deleted_voice_is_gone(server: ElevenLabsDouble, cloner: ElevenLabsCloner) -> None:
    made = cloner.clone(wish(), [SAMPLE])
    cloner.delete(made.voice_id)
    assert cloner.look(made.voice_id) is None
    cloner.delete(made.voice_id)
    with pytest.raises(ProviderError):
        speak(server, made.voice_id)


def test_a_failing_deletion_is_told(server: ElevenLabsDouble, cloner: ElevenLabsCloner) -> None:
    made = cloner.clone(wish("Anna+stubborn"), [SAMPLE])
    with pytest.raises(ProviderError) as failed:
        cloner.delete(made.voice_id)
    assert failed.value.retryable
    cloner.delete(made.voice_id)
    assert server.voices.find(made.voice_id) is None


def test_a_voice_that_needs_a_proof(server: ElevenLabsDouble, cloner: ElevenLabsCloner) -> None:
    made = cloner.clone(wish("Anna+verify"), [SAMPLE])
    assert not made.verified
    with pytest.raises(ProviderError):
        speak(server, made.voice_id)
    assert cloner.look(made.voice_id) == made
    server.voices.verify(made.voice_id)
    found = cloner.look(made.voice_id)
    assert found is not None
    assert found.verified
    assert speak(server, made.voice_id)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("Anna+limit", 400, "voice_limit_reached"),
        ("Anna+plan", 400, "can_not_use_instant_voice_cloning"),
        ("", 422, "http_422"),
    ],
)
def test_refusals_keep_the_vendors_word(
    cloner: ElevenLabsCloner, server: ElevenLabsDouble, name: str, status: int, code: str
) -> None:
    before = len(list(server.voices))
    error = refusal(cloner, name)
    assert (error.extra["status"], error.extra["provider_code"]) == (status, code)
    assert not error.extra["may_have_happened"]
    assert len(list(server.voices)) == before


def test_what_is_no_sound_is_refused(cloner: ElevenLabsCloner) -> None:
    error = refusal(cloner, "Anna", Sample("a.wav", b"<html>", "audio/wav"))
    assert error.extra["provider_code"] == "invalid_content"


def test_the_plan_has_a_limit(cloner: ElevenLabsCloner) -> None:
    for number in range(LIMIT):
        cloner.clone(wish(f"Anna {number}"), [SAMPLE])
    assert refusal(cloner, "One more").extra["provider_code"] == "voice_limit_reached"


@pytest.mark.parametrize("fault", ["lost", "dropped", "server-error"])
def test_what_may_have_happened_is_told(
    cloner: ElevenLabsCloner, server: ElevenLabsDouble, fault: str
) -> None:
    ours = new_id()
    with pytest.raises(ProviderError) as failed:
        cloner.clone(wish(f"Anna+{fault}", ours), [SAMPLE])
    assert failed.value.extra["may_have_happened"]
    assert (cloner.find(ours) is not None) == (fault == "lost")


def test_who_has_no_key_makes_nothing(server: ElevenLabsDouble) -> None:
    http = HttpClient(5.0, MAX_ANSWER_BYTES, allow_private=True)
    error = refusal(ElevenLabsCloner(ElevenLabsRest(http, "wrong", server.base_url)), "Anna")
    assert (error.extra["status"], error.extra["provider_code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    ("fields", "files"),
    [
        ([("name", "Anna")], []),
        ([("name", "Anna"), ("files", "text")], []),
        ([("name", "Anna"), ("labels", "[")], [SAMPLE]),
        ([("name", "Anna"), ("labels", '{"age": 40}')], [SAMPLE]),
        ([("name", "Anna"), ("remove_background_noise", "maybe")], [SAMPLE]),
    ],
)
def test_the_double_refuses_what_the_service_refuses(
    rest: ElevenLabsRest, fields: Any, files: list[Sample]
) -> None:
    parts = [FormFile("files", one.name, one.content, one.media_type) for one in files]
    content_type, body = encoded(fields, parts)
    with pytest.raises(ProviderError) as refused:
        rest.json("POST", "/v1/voices/add", body, content_type)
    assert refused.value.extra["status"] == 422


def test_the_double_takes_forms_only(rest: ElevenLabsRest) -> None:
    with pytest.raises(ProviderError) as refused:
        rest.json("POST", "/v1/voices/add", b'{"name": "Anna"}', "application/json")
    assert refused.value.extra["status"] == 400
