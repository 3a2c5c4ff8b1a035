"""Voices and languages: what is listed, what a call may name, and what it is refused by name."""

from datetime import timedelta

import factories
import inbound_rig
import pytest
from api_client import api_services, fault_paths, serving

from topcalls.core.inbound import Refusal
from topcalls.errors import InvalidRequest, ProviderError
from topcalls.providers.voice_library import OfferedVoice
from topcalls.services.catalogue import Catalogue
from topcalls.services.lineup import Lineup
from topcalls.services.voices import Voices

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

ALL = Lineup(recognizers=("deepgram-flux", "openai"), voices=("elevenlabs", "openai", "local"))
SARAH = "EXAVITQu4vr4xnSDxMaX"
LISTED = (
    OfferedVoice(SARAH, "Sarah - Mature", "female", "american", ("en-US",), "premade"),
    OfferedVoice("21m00Tcm4TlvDq8ikWAM", "Rachel - Calm", "female", "american", ("en-US",)),
    OfferedVoice("JBFqnCBsd6RMkjVDRZzb", "George", "unspecified"),
)


class Library:
    """A vendor's list, or its failure."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def voices(self):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        yield from answer


def voices(services, lineup=ALL, *answers):
    library = Library(*answers)
    return Voices(services.db, lineup, {"elevenlabs": lambda: library} if answers else {})


@pytest.fixture
def everybody(api):
    """The API of an installation where everybody speaks and ElevenLabs' list was read."""
    with_rows = voices(api.services, ALL, LISTED)
    assert with_rows.refresh(api.services.clock.now()) == len(LISTED)
    api.app = serving(api_services(api.services, ALL, default_from_number=factories.FROM_NUMBER))
    return api


def codes(response):
    return {fault["path"]: fault["code"] for fault in response.json["errors"]}


def listed(api, query=""):
    return [voice["id"] for voice in api.get(f"/v1/voices/builtin?limit=200{query}").json["data"]]


# --- the list


def test_every_provider_that_speaks_here_is_listed(everybody):
    data = everybody.get("/v1/voices/builtin?limit=200").json["data"]
    assert {voice["provider"] for voice in data} == {"openai", "elevenlabs", "local"}
    by_id = {voice["id"]: voice for voice in data}
    assert by_id["alloy"]["modes"] == ["realtime", "legacy"]
    assert by_id["onyx"]["modes"] == ["legacy"]
    assert (by_id["alloy"]["default_for"], by_id["rachel"]["default_for"]) == (
        ["realtime"],
        ["legacy"],
    )
    assert (by_id[SARAH]["name"], by_id[SARAH]["category"]) == ("Sarah - Mature", "premade")
    assert (by_id["rachel"]["name"], by_id["rachel"]["languages"]) == ("Rachel - Calm", ["en-US"])
    assert "21m00Tcm4TlvDq8ikWAM" not in by_id
    assert by_id["JBFqnCBsd6RMkjVDRZzb"]["gender"] is None


def test_who_does_not_speak_is_not_listed(api):
    assert set(listed(api)) == {
        *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx"),
        *("sage", "shimmer", "verse"),
    }
    api.app = serving(api_services(api.services, Lineup(voices=("local",))))
    assert set(listed(api, "&mode=legacy")) == {"espeak-male", "espeak-female"}
    assert {"alloy", "echo", "verse"} <= set(listed(api, "&mode=realtime"))


def test_an_old_speech_model_has_fewer_voices(api):
    api.app = serving(api_services(api.services, Lineup(speech_model="tts-1")))
    assert set(listed(api, "&mode=legacy")) == {
        *("alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"),
    }


def test_a_model_that_reads_aloud_has_the_voices_of_speech_to_speech(api):
    api.app = serving(api_services(api.services, Lineup(speech_model="gpt-realtime-2.1-mini")))
    assert set(listed(api, "&mode=legacy")) == set(listed(api, "&mode=realtime"))


def test_filters(everybody):
    assert set(listed(everybody, "&provider=local&gender=female")) == {"espeak-female"}
    assert "JBFqnCBsd6RMkjVDRZzb" in listed(everybody, "&provider=elevenlabs&language=sv-SE")
    assert listed(everybody, "&provider=elevenlabs&language=et") == []
    assert {"espeak-male", "alloy"} <= set(listed(everybody, "&language=et"))
    for query in ("provider=nobody", "gender=loud", "language=x_y", "limit=0", "cursor=***"):
        assert everybody.get(f"/v1/voices/builtin?{query}").status_code == 400


def test_pages_lose_and_repeat_nothing(everybody):
    whole, seen, cursor = listed(everybody), [], ""
    while True:
        query = f"limit=7&cursor={cursor}" if cursor else "limit=7"
        page = everybody.get(f"/v1/voices/builtin?{query}").json
        seen += [voice["id"] for voice in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == whole
    assert len(seen) == len(set(seen))


# --- what a call may name


@pytest.mark.parametrize(
    ("voice", "speaker"),
    [
        ("rachel", "elevenlabs:21m00Tcm4TlvDq8ikWAM"),
        ("Rachel", "elevenlabs:21m00Tcm4TlvDq8ikWAM"),
        (SARAH, f"elevenlabs:{SARAH}"),
        ("alloy", "openai:alloy"),
        ("voice_mine", "openai:voice_mine"),
    ],
)
def test_a_call_on_the_chain_has_the_voice_of_whoever_has_it(everybody, voice, speaker):
    created = everybody.create(mode="legacy", voice=voice)
    assert created.status_code == 201
    call = everybody.get(f"/v1/calls/{created.json['call_id']}").json
    assert (call["configuration"]["voice"], call["configuration"]["speaker"]) == (voice, speaker)


@pytest.mark.parametrize(
    ("mode", "voice", "words"),
    [
        ("legacy", "rachael", "Did you mean 'rachel'?"),
        ("legacy", "sarah", f"Did you mean '{SARAH}' (Sarah)?"),
        ("legacy", "Zx" * 10, "it is read every 15 minutes"),
        ("realtime", "rachel", "Is a voice of mode 'legacy'."),
        ("realtime", "aloy", "Did you mean 'alloy'?"),
        ("realtime", "onyx", "Is a voice of mode 'legacy'."),
    ],
)
def test_an_unknown_voice_is_refused_by_name(everybody, mode, voice, words):
    refused = everybody.create(mode=mode, voice=voice)
    assert (refused.status_code, codes(refused)) == (400, {"voice": "unknown_voice"})
    assert words in refused.json["errors"][0]["message"]


def test_a_voice_whose_vendor_does_not_speak_here_is_refused(api):
    refused = api.create(mode="legacy", voice="rachel")
    assert codes(refused) == {"voice": "unknown_voice"}
    assert (
        "Is a voice of elevenlabs, and openai speaks here." in refused.json["errors"][0]["message"]
    )


def test_an_agent_is_judged_likewise(everybody):
    body = {
        "name": "A",
        "configuration": {"task": "Take the call.", "mode": "legacy", "voice": "rachael"},
    }
    refused = everybody.post("/v1/agents", json=body)
    assert fault_paths(refused) == ["configuration.voice"]


def test_while_the_vendors_list_is_unknown_an_id_is_the_vendors_to_judge(api):
    api.app = serving(api_services(api.services, ALL, default_from_number=factories.FROM_NUMBER))
    assert api.create(mode="legacy", voice="Zx" * 10).status_code == 201
    assert api.create(mode="legacy", voice="not-an-id").status_code == 400


def test_another_vendors_server_may_have_any_voice(api):
    api.app = serving(api_services(api.services, Lineup(own_server=True)))
    for mode in ("realtime", "legacy"):
        assert api.create(mode=mode, voice="af_heart", language="tlh").status_code == 201


def test_every_listed_voice_can_be_called_with(everybody):
    for voice in everybody.get("/v1/voices/builtin?limit=200").json["data"]:
        for mode in voice["modes"]:
            assert everybody.create(mode=mode, voice=voice["id"]).status_code == 201, voice


# --- languages


def test_languages_tell_who_serves_them_and_whether_calls_can_be_held(everybody):
    found = {item["tag"]: item for item in everybody.get("/v1/languages").json["data"]}
    assert len({item["language"] for item in found.values()}) >= 36
    estonian = found["et"]
    assert estonian["modes"] == ["realtime", "legacy"]
    roles = {(item["engine"], item["role"]): item for item in estonian["engines"]}
    assert ("deepgram-flux", "hears") not in roles
    assert roles["deepgram-nova", "hears"]["in_use"] is False
    assert roles["openai", "hears"]["in_use"] is True
    assert ("elevenlabs", "speaks") not in roles
    swiss = {(item["engine"], item["role"]): item for item in found["de-CH"]["engines"]}
    assert swiss["deepgram-nova", "hears"]["regional"] is True
    assert swiss["openai-realtime", "converses"]["regional"] is False
    legacy = {item["tag"] for item in everybody.get("/v1/languages?mode=legacy").json["data"]}
    assert "et" in legacy
    assert "ka" not in legacy  # nobody who hears here knows Georgian


def test_a_language_that_the_voice_does_not_speak_is_refused_with_those_that_do(everybody):
    refused = everybody.create(mode="legacy", voice="rachel", language="et")
    assert codes(refused) == {"language": "language_not_spoken"}
    query = "/v1/voices/builtin?mode=legacy&language=et"
    assert query in refused.json["errors"][0]["message"]
    for voice in everybody.get(query).json["data"]:
        assert everybody.create(mode="legacy", voice=voice["id"], language="et").status_code == 201
    assert everybody.create(mode="legacy", language="et").status_code == 201


def test_a_language_that_nobody_understands_is_refused(everybody):
    assert codes(everybody.create(mode="legacy", language="ka")) == {
        "language": "language_not_spoken"
    }
    assert codes(everybody.create(language="tlh")) == {"language": "language_not_spoken"}
    body = {"name": "A", "configuration": {"task": "Take the call.", "language": "tlh"}}
    assert fault_paths(everybody.post("/v1/agents", json=body)) == ["configuration.language"]


# --- judged again


def test_the_own_machine_has_two_voices(services):
    catalogue = Catalogue(services.clock, ALL, voices(services))
    for name, speaker in (("espeak-male", "local:"), ("espeak-female", "local:f2")):
        request = factories.request(mode="legacy", voice=name)
        assert catalogue.resolved("anybody", request).speaker == speaker


def test_a_voice_that_is_gone_by_the_time_of_the_call(services, db):
    who = factories.principal(services)
    here = voices(services, ALL, LISTED, LISTED[1:])
    here.refresh(services.clock.now())
    catalogue = Catalogue(services.clock, ALL, here)
    request = catalogue.resolved(
        who.account_id, factories.request(mode="legacy", voice=SARAH, language="de")
    )
    now = services.clock.now()
    assert request.speaker == f"elevenlabs:{SARAH}"
    assert catalogue.problem(who.account_id, request, now) is None
    here.refresh(now + timedelta(minutes=15))
    assert "voice" in catalogue.problem(who.account_id, request, now)
    changed = Catalogue(services.clock, Lineup(voices=("local",)), here)
    other = factories.request(mode="legacy", voice="espeak-male", language="fil")
    assert "The language fil: " in changed.problem(who.account_id, other, now)


def test_calls_out_and_in_fail_by_name_when_nobody_has_the_voice_any_more(services):
    who = factories.principal(services)
    call = factories.queued_call(services, who, mode="legacy", voice="gone-for-good")
    assert services.dispatch.claim(factories.OWNER, factories.NODE, 1, services.clock.now()) == []
    ended = services.calls.get(who.account_id, call.id)
    assert (ended.status, ended.end_reason) == ("failed", "configuration")
    assert "gone-for-good" in ended.error_message
    agent = inbound_rig.agent(services, who.account_id, mode="legacy", voice="rachel")
    inbound_rig.number(services, who.account_id, agent)
    taken = services.inbound.take(inbound_rig.arrival(), factories.OWNER, services.clock.now())
    assert taken.request.speaker == "elevenlabs:21m00Tcm4TlvDq8ikWAM"
    assert Refusal.AGENT_UNUSABLE.value == "agent_unusable"


# --- reading lists


def test_a_vendor_that_does_not_answer_keeps_the_list_it_had(services):
    down = ProviderError("ElevenLabs cannot be reached.", retryable=True)
    here = voices(services, ALL, LISTED, down)
    now = services.clock.now()
    assert (here.refresh(now), here.refresh(now)) == (len(LISTED), 0)
    assert here.page(provider="elevenlabs", limit=200).data[-1].name == "Sarah - Mature"


def test_a_cursor_of_something_else_is_refused(services):
    for cursor in ("x", "bnVsbA==", "WzEsMl0="):
        with pytest.raises(InvalidRequest):
            voices(services).page(cursor=cursor)
