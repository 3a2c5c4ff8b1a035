"""Recordings are served whole and in parts, to their owner only."""

import factories
import pytest

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
SOUND = b"RIFF" + bytes(range(256)) * 4


@pytest.fixture
def recorded(api):
    """The call and the path of its recording."""
    call_id = factories.finished_call(api.services, api.owner)
    file = api.services.recordings.root / f"2026/11/23/{call_id}.wav"
    file.parent.mkdir(parents=True)
    file.write_bytes(SOUND)
    api.services.recordings.look(call_id, api.services.clock.now())
    url = api.get(f"/v1/calls/{call_id}").json["recording_url"]
    assert url.startswith("https://calls.example.com/")
    return call_id, url.removeprefix("https://calls.example.com")


def test_the_recording_url_leads_to_the_sound(api, recorded):
    with api.get(recorded[1]) as response:
        assert response.status_code == 200
        assert response.content_type == "audio/wav"
        assert response.headers["Accept-Ranges"] == "bytes"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.get_data() == SOUND


def test_a_player_can_seek(api, recorded):
    with api.get(recorded[1], headers={"Range": "bytes=4-7"}) as response:
        assert response.status_code == 206
        assert response.headers["Content-Range"] == f"bytes 4-7/{len(SOUND)}"
        assert response.get_data() == SOUND[4:8]


def test_a_range_outside_the_sound_is_a_problem(api, recorded):
    with api.get(recorded[1], headers={"Range": "bytes=99999-"}) as response:
        assert response.status_code == 416
        assert response.content_type == "application/problem+json"
        assert response.headers["Content-Range"] == f"bytes */{len(SOUND)}"


def test_strangers_do_not_hear_it(api, recorded):
    call_id, path = recorded
    stranger = factories.principal(api.services, name="Other")
    token = api.key("calls:read", account_id=stranger.account_id)
    assert api.get(path, token=token).status_code == 404
    assert api.get(path, token="").status_code == 401


def test_only_the_true_address_works(api, recorded):
    call_id, path = recorded
    assert api.get(path.replace("/2026/11/23/", "/2026/11/24/")).status_code == 404
    assert api.get(path.replace("/wav", "/mp3")).status_code == 404
    assert api.get(f"/recordings/{call_id}/../../2026/11/wav").status_code == 404


def test_a_call_without_recording_has_none(api):
    call_id = api.create().json["call_id"]
    assert api.get(f"/v1/calls/{call_id}").json["recording_url"] is None
    response = api.get(f"/recordings/{call_id}/2026/11/23/wav")
    assert response.status_code == 404
    assert "recording_url" in response.json["detail"]


def test_a_file_that_was_deleted_is_a_clear_404(api, recorded):
    call_id, path = recorded
    next(api.services.recordings.root.rglob("*.wav")).unlink()
    response = api.get(path)
    assert response.status_code == 404
    assert "no longer here" in response.json["detail"]
