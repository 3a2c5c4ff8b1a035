"""Cloned voices, from the wish to the deletion: over the API, with the worker, and with a vendor's
double on real sockets."""

import hashlib
import io
import wave
from dataclasses import replace
from datetime import timedelta

import factories
import inbound_rig
import pytest
from api_client import api_services, fault_paths, serving
from worker_rig import Rig

from topcalls.api.app import MAX_FORM_BYTES
from topcalls.clock import SystemClock
from topcalls.core.inbound import Refusal
from topcalls.core.voice_clones import GRACE, LOOK_AGAIN
from topcalls.errors import Conflict, InvalidRequest, ProviderError
from topcalls.net.http import HttpClient
from topcalls.net.multipart import FormFile, encoded
from topcalls.providers.elevenlabs.cloning import ElevenLabsCloner
from topcalls.providers.elevenlabs.rest import MAX_ANSWER_BYTES, ElevenLabsLibrary, ElevenLabsRest
from topcalls.providers.elevenlabs.voice import ElevenLabsVoice
from topcalls.sandbox.elevenlabs.server import ElevenLabsDouble
from topcalls.sandbox.hearing import Hearing
from topcalls.services.lineup import Lineup
from topcalls.services.voice_clones import VoiceClones
from topcalls.services.voice_previews import VoicePreviews
from topcalls.services.voice_refusals import refused
from topcalls.services.voices import Voices

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

LINEUP = Lineup(recognizers=("deepgram-flux",), voices=("elevenlabs", "openai"))
CONSENT = "I agree that my voice is copied for your telephone agent."
SAMPLE = b"ID3 of Anna"
LIMIT = 3
KEY = "el-test"


def beep(text):
    """PCMU: the longer the text, the longer it sounds."""
    return bytes([0x5A, 0xDA]) * 40 * len(text)


@pytest.fixture
def vendor():
    double = ElevenLabsDouble(Hearing(SystemClock(), dict), beep)
    double.start()
    yield double
    double.stop()


@pytest.fixture
def studio(api, vendor, tmp_path):
    return Studio(api, vendor, tmp_path)


class Studio:
    """The API of an installation that clones voices, and its worker."""

    def __init__(self, api, vendor, directory):
        self.api = api
        self.vendor = vendor
        services, http = api.services, HttpClient(5.0, MAX_ANSWER_BYTES, allow_private=True)
        self.rest = ElevenLabsRest(http, KEY, vendor.base_url)
        self.clock = services.clock
        self.clones = VoiceClones(
            services.db,
            self.clock,
            {"elevenlabs": lambda: ElevenLabsCloner(self.rest)},
            limit=LIMIT,
        )
        self.voices = Voices(
            services.db, LINEUP, {"elevenlabs": lambda: ElevenLabsLibrary(self.rest)}
        )
        speakers = {"elevenlabs": lambda: ElevenLabsVoice(KEY, base_url=vendor.base_url)}
        self.previews = VoicePreviews(self.voices, speakers)
        api.app = serving(
            replace(
                api_services(services, LINEUP),
                voice_clones=self.clones,
                voice_previews=self.previews,
                voices=self.voices,
            )
        )
        self.worker = Rig(replace(services, voice_clones=self.clones), directory / "queue")

    def clone(self, name="Anna", samples=(SAMPLE,), token=None, **changes):
        form = {"name": name, "consent": CONSENT, "consent_by": "Anna Meier", **changes}
        given = [(key, value) for key, value in form.items() if value is not None]
        files = [
            FormFile("samples", f"{at}.mp3", sample, "audio/mpeg")
            for at, sample in enumerate(samples)
        ]
        kind, body = encoded(given, files)
        return self.api.post("/v1/voices", data=body, token=token, content_type=kind)

    def id(self, *args, **options):
        made = self.clone(*args, **options)
        assert made.status_code in (201, 202), made.json
        return made.json["id"]

    def get(self, voice_id):
        return self.api.get(f"/v1/voices/{voice_id}")

    def delete(self, voice_id):
        return self.api.send("DELETE", f"/v1/voices/{voice_id}")

    def call(self, voice, **more):
        return self.api.create(mode="legacy", voice=voice, **more)

    def later(self, delay=timedelta()):
        """What the worker does when this time has passed; the names of its tasks."""
        self.clock.advance(delay.total_seconds())
        assert self.worker.look()
        return self.worker.work()

    def at_vendor(self):
        return [voice for voice in self.vendor.voices if voice["is_owner"]]

    def another(self):
        """A key of another account."""
        other = factories.principal(self.api.services, name="Other")
        return self.api.key(
            "calls:read", "voices:write", "calls:write", account_id=other.account_id
        )


def codes(response):
    return {(fault["path"], fault["code"]) for fault in response.json["errors"]}


# --- made


def test_a_voice_is_made_with_the_consent_to_it(studio):
    made = studio.clone(samples=(SAMPLE, b"OggS more"), language="en-GB", gender="female")
    assert made.status_code == 201
    voice = made.json
    assert made.headers["Location"] == f"/v1/voices/{voice['id']}"
    assert (voice["state"], voice["error"], voice["provider"]) == ("ready", None, "elevenlabs")
    assert (voice["consent"], voice["consent_by"]) == (CONSENT, "Anna Meier")
    assert voice["consented_at"].startswith("2026-11-23T12:00")
    assert voice["samples"] == [
        {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in (("0.mp3", SAMPLE), ("1.mp3", b"OggS more"))
    ]
    assert studio.get(voice["id"]).json == voice
    assert studio.api.get("/v1/voices").json == {"data": [voice]}
    [there] = studio.at_vendor()
    assert there["name"] == "Anna"
    assert voice["id"] in there["description"]
    assert studio.later(GRACE + LOOK_AGAIN) == []


def test_the_newest_come_first(studio):
    first = studio.id("First", (b"ID3 1",))
    studio.clock.advance(1)
    second = studio.id("Second", (b"ID3 2",))
    assert [voice["id"] for voice in studio.api.get("/v1/voices").json["data"]] == [second, first]


def test_every_fault_is_told_and_nothing_is_sent(studio):
    wrong = studio.clone(None, (b"text",), consent="Yes.", consent_by=None, gendre="x")
    assert wrong.status_code == 400
    assert codes(wrong) == {
        ("name", "required"),
        ("consent", "length"),
        ("consent_by", "required"),
        ("gendre", "unknown"),
        ("samples.0", "not_audio"),
    }
    assert codes(studio.clone(samples=())) == {("samples", "required")}
    assert studio.at_vendor() == []
    assert studio.api.get("/v1/voices").json == {"data": []}


def test_a_form_of_the_wrong_shape(studio):
    post = studio.api.post
    good = {"name": "Anna", "consent": CONSENT, "consent_by": "Anna Meier"}
    assert post("/v1/voices", json=good).status_code == 415
    assert post("/v1/voices").status_code == 415
    kind = {"content_type": "multipart/form-data"}
    assert codes(post("/v1/voices", data={**good, "samples": "text"}, **kind)) == {
        ("samples", "invalid_type")
    }
    twice = {**good, "name": ["Anna", "Bea"], "consent": (io.BytesIO(b"x"), "consent.txt")}
    assert codes(post("/v1/voices", data=twice, **kind)) == {
        ("name", "repeated"),
        ("consent", "invalid_type"),
    }
    assert codes(studio.clone(remove_background_noise="maybe")) == {
        ("remove_background_noise", "choice")
    }
    assert studio.clone(remove_background_noise="true").status_code == 201
    assert fault_paths(post("/v1/voices?name=Anna", data=good, **kind)) == ["name"]


def test_a_form_may_be_as_large_as_its_samples_and_no_larger(studio):
    large = b"ID3" + bytes(9_999_997)
    assert studio.clone(samples=(large,)).status_code == 201
    whole = [large + bytes([index]) for index in range(MAX_FORM_BYTES // len(large) + 1)]
    assert studio.clone(samples=whole).status_code == 413
    whole = studio.api.post("/v1/calls", data=large, content_type="application/json")
    assert whole.status_code == 413


def test_the_same_samples_make_one_voice(studio):
    voice_id = studio.id(samples=(SAMPLE, b"OggS more"))
    again = studio.clone("Anna again", (b"OggS more", SAMPLE))
    assert (again.status_code, again.json["reason"]) == (409, "already_cloned")
    assert again.json["voice_id"] == voice_id
    assert len(studio.at_vendor()) == 1
    assert studio.clone(samples=(SAMPLE, b"OggS more"), token=studio.another()).status_code == 201


def test_an_account_has_so_many_and_no_more(studio):
    made = [studio.id(samples=(b"ID3" + bytes([index]),)) for index in range(LIMIT)]
    full = studio.clone()
    assert (full.status_code, full.json["reason"]) == (409, "voice_limit")
    studio.delete(made[0])
    assert studio.clone().status_code == 409
    studio.later()
    assert studio.clone().status_code == 201


@pytest.mark.parametrize(
    ("fault", "reason"), [("limit", "vendor_voice_limit"), ("plan", "cloning_not_allowed")]
)
def test_what_the_vendor_refuses_is_refused_by_name_and_leaves_nothing(studio, fault, reason):
    answer = studio.clone(f"Anna+{fault}")
    assert (answer.status_code, answer.json["reason"]) == (409, reason)
    assert studio.api.get("/v1/voices").json == {"data": []}
    assert studio.clone().status_code == 201


def test_samples_that_the_vendor_cannot_use():
    broken = ProviderError("Refused.", provider_code="invalid_content", status=400)
    found = refused(broken)
    assert isinstance(found, InvalidRequest)
    assert [(fault.path, fault.code) for fault in found.errors] == [("samples", "samples_refused")]
    for status in (401, 429, 503):
        other = ProviderError("Refused.", provider_code="other", status=status)
        assert refused(other) is other


def test_where_nobody_clones(api):
    clones = VoiceClones(api.services.db, api.services.clock, {})
    wish = {"name": "Anna", "consent": CONSENT, "consent_by": "Anna", "samples": [("a", SAMPLE)]}
    with pytest.raises(Conflict) as unavailable:
        clones.create(api.owner, wish)
    assert unavailable.value.extra["reason"] == "cloning_unavailable"


def test_keys_need_the_scope(studio):
    token = studio.api.key("calls:read", "calls:write")
    assert studio.clone(token=token).status_code == 403
    voice_id = studio.id()
    refused = studio.api.send("DELETE", f"/v1/voices/{voice_id}", token=token)
    assert refused.status_code == 403
    assert studio.api.get(f"/v1/voices/{voice_id}", token=token).status_code == 200


# --- used


def test_calls_of_its_account_have_the_voice(studio):
    voice_id = studio.id()
    [there] = studio.at_vendor()
    created = studio.call(voice_id, language="de")
    assert created.status_code == 201
    call = studio.api.get(f"/v1/calls/{created.json['call_id']}").json["configuration"]
    assert (call["voice"], call["speaker"]) == (voice_id, f"elevenlabs:{there['voice_id']}")
    assert studio.call(there["voice_id"]).status_code == 201
    other_mode = studio.api.create(mode="realtime", voice=voice_id)
    assert codes(other_mode) == {("voice", "unknown_voice")}
    assert "Is a voice of mode 'legacy'." in other_mode.json["errors"][0]["message"]
    near = studio.call("anna")
    assert f"Did you mean '{voice_id}' (Anna) or" in near.json["errors"][0]["message"]


def test_another_account_knows_nothing_of_it(studio):
    voice_id, token = studio.id(), studio.another()
    [there] = studio.at_vendor()
    for name in (voice_id, voice_id.upper(), there["voice_id"]):
        refusal = studio.api.post(
            "/v1/calls",
            json={
                "phone_number": factories.NUMBER,
                "task": "Take the call.",
                "mode": "legacy",
                "voice": name,
            },
            token=token,
        )
        assert codes(refusal) == {("voice", "unknown_voice")}
        assert "unknown" not in refusal.json["errors"][0]["message"].lower()
    assert studio.api.get("/v1/voices", token=token).json == {"data": []}
    for path in ("", "/preview"):
        assert studio.api.get(f"/v1/voices/{voice_id}{path}", token=token).status_code == 404
    gone = studio.api.send("DELETE", f"/v1/voices/{voice_id}", token=token)
    assert gone.status_code == 404


def test_it_is_no_built_in_voice_for_anybody(studio):
    studio.id()
    [there] = studio.at_vendor()
    assert studio.voices.refresh(studio.clock.now()) == len(list(studio.vendor.voices)) - 1
    listed = studio.api.get("/v1/voices/builtin?provider=elevenlabs&limit=200").json["data"]
    assert there["voice_id"] not in {voice["id"] for voice in listed}


def test_calls_and_agents_end_with_the_voice(studio):
    services, account_id = studio.api.services, studio.api.owner.account_id
    voice_id = studio.id()
    call_id = studio.call(voice_id).json["call_id"]
    body = {
        "name": "A",
        "configuration": {"task": "Take the call.", "mode": "legacy", "voice": voice_id},
    }
    assert studio.api.post("/v1/agents", json=body).status_code == 201
    agent = inbound_rig.agent(services, account_id, mode="legacy", voice=voice_id)
    inbound_rig.number(services, account_id, agent)
    studio.delete(voice_id)
    now = studio.clock.now()
    assert services.dispatch.claim(factories.OWNER, factories.NODE, 1, now) == []
    ended = services.calls.get(account_id, call_id)
    assert (ended.end_reason, voice_id in ended.error_message) == ("configuration", True)
    turned = services.inbound.take(inbound_rig.arrival(), factories.OWNER, now)
    assert turned.refusal is Refusal.AGENT_UNUSABLE
    refused = studio.api.post("/v1/agents", json=body)
    assert fault_paths(refused) == ["configuration.voice"]
    assert f"Is deleting: GET /v1/voices/{voice_id} tells more." in refused.get_data(as_text=True)


# --- heard


def test_a_preview_sounds_as_on_the_telephone(studio):
    voice_id = studio.id(language="de-CH")
    heard = studio.api.get(f"/v1/voices/{voice_id}/preview")
    assert (heard.status_code, heard.content_type) == (200, "audio/wav")
    with wave.open(io.BytesIO(heard.data)) as sound:
        shape = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
        frames = sound.getnframes()
    connection = studio.vendor.wait_for_connection()
    [(_, text)] = connection.spoken
    assert text.strip() == "Guten Tag! So klinge ich am Telefon."
    assert (shape, frames) == ((1, 2, 8000), len(beep(text)))
    [there] = studio.at_vendor()
    assert there["voice_id"] in connection.path


def test_a_built_in_voice_is_heard_too(studio):
    heard = studio.api.get("/v1/voices/builtin/rachel/preview?text=Grüezi&language=de")
    assert heard.status_code == 200
    connection = studio.vendor.wait_for_connection()
    assert [text.strip() for _, text in connection.spoken] == ["Grüezi"]
    assert "21m00Tcm4TlvDq8ikWAM" in connection.path


def test_what_cannot_be_heard(studio):
    get = studio.api.get
    assert get("/v1/voices/builtin/nobody/preview").status_code == 404
    assert get("/v1/voices/builtin/alloy/preview").status_code == 404
    unverified = studio.id("Anna+verify")
    refusal = get(f"/v1/voices/{unverified}/preview")
    assert (refusal.status_code, "Is unverified" in refusal.json["detail"]) == (404, True)
    voice_id = studio.id(samples=(b"ID3 other",))
    long = "a" * 201
    assert fault_paths(get(f"/v1/voices/{voice_id}/preview?text={long}")) == ["text"]
    studio.vendor.voices.remove(studio.at_vendor()[-1]["voice_id"])
    assert get(f"/v1/voices/{voice_id}/preview").status_code == 502


# --- found out


def test_an_answer_that_got_lost_is_found_out(studio):
    made = studio.clone("Anna+lost")
    assert (made.status_code, made.json["state"]) == (202, "creating")
    voice_id = made.json["id"]
    assert codes(studio.call(voice_id)) == {("voice", "unknown_voice")}
    early = studio.delete(voice_id)
    assert (early.status_code, early.json["reason"]) == (409, "being_made")
    assert studio.clone("Anna").json["reason"] == "already_cloned"
    assert studio.later() == []
    assert studio.later(GRACE) == ["settle_voice"]
    assert studio.get(voice_id).json["state"] == "ready"
    assert studio.call(voice_id).status_code == 201
    assert len(studio.at_vendor()) == 1


def test_a_request_that_never_arrived_has_failed(studio):
    voice_id = studio.id("Anna+dropped")
    assert studio.later(GRACE) == ["settle_voice"]
    failed = studio.get(voice_id).json
    assert failed["state"] == "failed"
    assert "Clone it again." in failed["error"]
    assert studio.later(LOOK_AGAIN) == []
    assert studio.clone().status_code == 201
    assert studio.delete(voice_id).status_code == 202
    assert studio.get(voice_id).status_code == 404


def test_a_vendor_that_is_away_is_asked_again(studio):
    voice_id = studio.id("Anna+lost")
    studio.vendor.stop()
    assert studio.later(GRACE) == ["settle_voice"]
    waiting = studio.get(voice_id).json
    assert waiting["state"] == "creating"
    assert "cannot be reached" in waiting["error"]
    assert studio.later() == []
    assert studio.later(timedelta(seconds=5)) == ["settle_voice"]
    assert studio.later(timedelta(seconds=5)) == []


def test_a_voice_waits_until_its_owner_is_verified(studio):
    voice_id = studio.id("Anna+verify")
    assert studio.get(voice_id).json["state"] == "unverified"
    assert "verify" in studio.get(voice_id).json["error"]
    assert codes(studio.call(voice_id)) == {("voice", "unknown_voice")}
    assert studio.later(LOOK_AGAIN) == ["settle_voice"]
    assert studio.get(voice_id).json["state"] == "unverified"
    studio.vendor.voices.verify(studio.at_vendor()[0]["voice_id"])
    assert studio.later(LOOK_AGAIN) == ["settle_voice"]
    assert (studio.get(voice_id).json["state"], studio.get(voice_id).json["error"]) == (
        "ready",
        None,
    )
    assert studio.call(voice_id).status_code == 201


def test_a_voice_that_vanishes_before_it_is_verified(studio):
    voice_id = studio.id("Anna+verify")
    studio.vendor.voices.remove(studio.at_vendor()[0]["voice_id"])
    studio.later(LOOK_AGAIN)
    assert studio.get(voice_id).json["state"] == "failed"


def test_two_workers_do_not_do_the_same(studio):
    studio.id("Anna+lost")
    studio.clock.advance(GRACE.total_seconds())
    now = studio.clock.now()
    [taken] = studio.clones.due(now)
    assert studio.clones.due(now) == []
    other = VoiceClones(studio.api.services.db, studio.clock, {}, owner="other")
    other.run(taken, now)
    assert studio.get(taken).json["state"] == "creating"
    assert studio.api.services.housekeeping.succeed(studio.clones._owner, ["loop"], now) == 1
    assert studio.clones.due(now) == [taken]


# --- deleted


def test_a_deleted_voice_is_forgotten_by_its_vendor(studio):
    voice_id = studio.id()
    deleted = studio.delete(voice_id)
    assert (deleted.status_code, deleted.json["state"]) == (202, "deleting")
    assert studio.delete(voice_id).json["state"] == "deleting"
    assert codes(studio.call(voice_id)) == {("voice", "unknown_voice")}
    assert studio.later() == ["settle_voice"]
    assert studio.at_vendor() == []
    assert studio.get(voice_id).status_code == 404
    assert studio.delete(voice_id).status_code == 404
    assert studio.later(LOOK_AGAIN) == []


def test_a_deletion_that_fails_is_tried_again(studio):
    voice_id = studio.id("Anna+stubborn")
    studio.delete(voice_id)
    assert studio.later() == ["settle_voice"]
    failing = studio.get(voice_id).json
    assert (failing["state"], failing["error"]) == ("deleting", "ElevenLabs is out of order.")
    assert studio.later(timedelta(seconds=5)) == ["settle_voice"]
    assert studio.at_vendor() == []
    assert studio.get(voice_id).status_code == 404
