"""Recordings by key and by link, as WAV and MP3, encrypted or not, and for how long."""

from __future__ import annotations

import io
import math
import struct
import wave
from datetime import timedelta

import factories
import pytest
from api_client import PUBLIC_URL, fault_paths

from topcalls.core.call_request import Recording
from topcalls.errors import NotFound
from topcalls.services.recording_cipher import MARK, RecordingCipher
from topcalls.services.recording_store import DirectoryStore, FinishedRecording, digest_of
from topcalls.services.recordings import recording_name
from topcalls.store import accounts

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
DAY = 86400


def sound(seconds=2):
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        tone = (int(8000 * math.sin(n / 4)) for n in range(8000 * seconds))
        writer.writeframes(b"".join(struct.pack("<hh", one, -one) for one in tone))
    return file.getvalue()


SOUND = sound()


def keep(services, call_id, data=SOUND):
    """Bring a recording to its store, as a controller's upload does."""
    now = services.clock.now()
    services.spooled_recordings.begun(call_id, "node-1", now)
    digest = digest_of(io.BytesIO(data))
    services.recordings.receive(call_id, len(data), digest, [data], now)


@pytest.fixture
def recorded(api):
    call_id = factories.finished_call(api.services, api.owner)
    keep(api.services, call_id)
    return call_id


def test_an_mp3_is_made_when_it_is_asked_for(api, recorded):
    url = api.get(f"/v1/calls/{recorded}").json["recording_url"].removeprefix(PUBLIC_URL)
    with api.get(url) as whole:
        assert (whole.status_code, whole.content_type) == (200, "audio/mpeg")
        data = whole.get_data()
    assert data[0] == 0xFF
    assert len(data) < len(SOUND) / 5
    with api.get(
        f"/v1/calls/{recorded}/recording",
        query_string={"format": "mp3"},
        headers={"Range": "bytes=100-199"},
    ) as part:
        assert (part.status_code, part.get_data()) == (206, data[100:200])
        assert part.headers["Content-Range"] == f"bytes 100-199/{len(data)}"


def test_an_mp3_of_what_cannot_be_read_is_a_clear_404(api):
    call_id = factories.finished_call(api.services, api.owner)
    keep(api.services, call_id, b"RIFF" + bytes(100))
    refused = api.get(f"/v1/calls/{call_id}/recording", query_string={"format": "mp3"})
    assert (refused.status_code, "MP3" in refused.json["detail"]) == (404, True)


def test_the_url_is_that_of_the_mp3_and_by_setting_of_the_wav(api, recorded):
    for kind, mimetype in (("mp3", "audio/mpeg"), ("wav", "audio/wav")):
        url = api.get(f"/v1/calls/{recorded}").json["recording_url"]
        assert url == f"{PUBLIC_URL}/recordings/{recorded}/2026/11/23/{kind}"
        with api.get(url.removeprefix(PUBLIC_URL)) as answer:
            assert answer.content_type == mimetype
        api.services.recordings._kind = "wav"


# --- links


def link(api, call_id, **query):
    made = api.get(f"/v1/calls/{call_id}/recording/link", query_string=query).json
    return made["url"].removeprefix(PUBLIC_URL), made["expires_at"]


def test_a_link_opens_it_without_a_key_until_its_time_is_over(api, recorded):
    path, expires_at = link(api, recorded, expires_in=60)
    assert expires_at == "2026-11-23T12:02:30.123456Z"
    with api.get(path, token="", headers={"Range": "bytes=4-7"}) as answer:
        assert (answer.status_code, answer.get_data()) == (206, SOUND[4:8])
    api.services.clock.advance(60)
    over = api.get(path, token="")
    assert (over.status_code, "is over" in over.json["detail"]) == (401, True)


def test_a_link_is_for_one_file_and_one_time(api, recorded):
    path, _ = link(api, recorded, format="mp3")
    other = factories.finished_call(api.services, api.owner)
    keep(api.services, other)
    for changed in (
        path.replace("/mp3", "/wav"),
        path.replace(recorded, other),
        path.replace("expires=1", "expires=2"),
        path.replace("expires=1", "expires=-1"),
        path.replace("expires=", "expires=x"),
        path[:-1] + ("0" if path[-1] != "0" else "1"),
        path.partition("&")[0],
        path.partition("signature=")[0] + "signature=é",
    ):
        assert api.get(changed, token="").status_code == 401, changed
    with api.get(path, token="") as answer:
        assert answer.status_code == 200


def test_a_link_opens_nothing_else(api, recorded):
    path, _ = link(api, recorded)
    query = path.partition("?")[2]
    assert api.get(f"/v1/calls/{recorded}/recording?{query}", token="").status_code == 401
    assert api.get(f"/v1/calls/{recorded}?{query}", token="").status_code == 401


def test_who_may_make_links_and_for_how_long(api, recorded):
    path = f"/v1/calls/{recorded}/recording/link"
    stranger = factories.principal(api.services, name="Other")
    token = api.key("calls:read", account_id=stranger.account_id)
    assert api.get(path, token=token).status_code == 404
    assert api.get(path, token=api.key("leads:read")).status_code == 403
    for seconds in (59, 604_801):
        refused = api.get(path, query_string={"expires_in": seconds})
        assert fault_paths(refused) == ["expires_in"]
    unrecorded = api.create().json["call_id"]
    assert api.get(f"/v1/calls/{unrecorded}/recording/link").status_code == 404


# --- at rest


@pytest.fixture
def encrypting(api):
    store = api.services.recordings.store
    cipher = RecordingCipher(factories.SECRET_KEY)
    api.services.recordings.store = DirectoryStore(store.root, cipher, encrypt=True)
    return api.services.recordings.store


def test_what_is_encrypted_is_served_like_the_other(api, encrypting):
    call_id = factories.finished_call(api.services, api.owner)
    keep(api.services, call_id)
    (file,) = encrypting.root.rglob("*.wav")
    data = file.read_bytes()
    assert data.startswith(MARK)
    assert SOUND[1000:1100] not in data
    with api.get(f"/v1/calls/{call_id}/recording") as answer:
        assert answer.get_data() == SOUND
    headers = {"Range": "bytes=30000-30009"}
    with api.get(f"/v1/calls/{call_id}/recording", headers=headers) as answer:
        assert (answer.status_code, answer.get_data()) == (206, SOUND[30000:30010])
    with api.get(f"/v1/calls/{call_id}/recording", query_string={"format": "mp3"}) as answer:
        assert answer.status_code == 200
    keep(api.services, call_id)
    assert file.read_bytes() == data


def test_a_file_of_the_spool_is_encrypted_on_its_way(encrypting, tmp_path):
    file = tmp_path / "spooled.wav"
    file.write_bytes(SOUND)
    recording = FinishedRecording("c", "2026/11/23/c.wav", len(SOUND), digest_of(io.BytesIO(SOUND)))
    encrypting.put(file, recording)
    assert encrypting.has(recording)
    assert encrypting.path(recording.name).read_bytes().startswith(MARK)


def test_a_recording_whose_key_is_lost_is_told(api, encrypting, recorded):
    api.services.recordings.store = DirectoryStore(encrypting.root, RecordingCipher("another"))
    response = api.get(f"/v1/calls/{recorded}/recording")
    assert response.status_code == 500


# --- for how long


def tidy(services):
    return services.housekeeping.run(services.clock.now()).recordings


def shown(api, call_id):
    return api.get(f"/v1/calls/{call_id}").json["recording"]


@pytest.mark.parametrize(
    ("call", "account", "installation", "days"),
    [
        (2, 5, 9, 2),
        (None, 5, 9, 5),
        (None, None, 9, 9),
        (0, 5, 9, None),
        (None, 0, 9, None),
        (None, None, 0, None),
    ],
)
def test_it_is_kept_as_call_account_or_installation_say(api, call, account, installation, days):
    services = api.services
    services.recordings._retention_days = installation
    services.db.run(accounts.update, api.owner.account_id, recording_retention_days=account)
    asked = Recording(retention_days=call)
    call_id = factories.finished_call(services, api.owner, recording=asked)
    now = services.clock.now()
    keep(services, call_id)
    expected = None if days is None else f"{now + timedelta(days=days):%Y-%m-%dT%H:%M:%S.%f}Z"
    assert shown(api, call_id)["expires_at"] == expected


def test_what_was_kept_for_long_enough_is_deleted(api, recorded):
    services = api.services
    services.recordings._retention_days = 30
    gone = factories.finished_call(services, api.owner)
    keep(services, gone)
    file = services.recordings.store.path(recording_name(gone, factories.START))
    services.clock.advance(30 * DAY - 1)
    assert tidy(services) == 0
    assert file.exists()
    services.clock.advance(1)
    assert tidy(services) == 1
    assert tidy(services) == 0
    assert not file.exists()
    view = shown(api, gone)
    assert (view["state"], view["deleted_at"] is not None) == ("deleted", True)
    assert api.get(f"/v1/calls/{gone}").json["recording_url"] is None
    assert api.get(f"/v1/calls/{gone}/recording").status_code == 404
    assert shown(api, recorded)["state"] == "stored"


def test_a_store_that_is_away_keeps_it_on_the_list(api, monkeypatch):
    services = api.services
    services.recordings._retention_days = 1
    call_id = factories.finished_call(services, api.owner)
    keep(services, call_id)
    services.clock.advance(DAY)
    away = services.recordings.store
    monkeypatch.setattr(away, "root", away.root / "not mounted")
    assert tidy(services) == 0
    assert shown(api, call_id)["state"] == "stored"
    monkeypatch.undo()
    assert tidy(services) == 1


def test_it_is_deleted_by_hand(api, recorded):
    path, _ = link(api, recorded)
    assert api.send("DELETE", f"/v1/calls/{recorded}/recording").status_code == 204
    assert shown(api, recorded)["state"] == "deleted"
    assert api.get(path, token="").status_code == 404
    assert api.send("DELETE", f"/v1/calls/{recorded}/recording").status_code == 404
    with pytest.raises(NotFound):
        api.services.recordings.sound(api.owner.account_id, recorded)


def test_a_wrong_retention_is_named(api):
    for wrong in (-1, 3651, "x", 1.5):
        refused = api.create(recording={"retention_days": wrong})
        assert fault_paths(refused) == ["recording.retention_days"]
