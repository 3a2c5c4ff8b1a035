"""Recordings are served whole and in parts, to their owner only."""

import errno
import hashlib

import factories
import pytest
from api_client import PUBLIC_URL, Api, api_services

from topcalls.api import server
from topcalls.api.app import create_app
from topcalls.services import recording_store
from topcalls.services.recording_store import FinishedRecording, RecordingNotStored
from topcalls.services.recording_upload import ApiStore, Tickets
from topcalls.store.models import Command

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
SOUND = b"RIFF" + bytes(range(256)) * 4


@pytest.fixture
def recorded(api):
    """The call and the path of its recording."""
    call_id = factories.finished_call(api.services, api.owner)
    file = api.services.recordings.store.root / f"2026/11/23/{call_id}.wav"
    file.parent.mkdir(parents=True)
    file.write_bytes(SOUND)
    api.services.recordings.look(call_id, api.services.clock.now())
    url = api.get(f"/v1/calls/{call_id}").json["recording_url"]
    assert url.startswith("https://calls.example.com/")
    assert url.endswith("/mp3")
    return call_id, url.removeprefix("https://calls.example.com").removesuffix("mp3") + "wav"


def test_the_address_leads_to_the_sound(api, recorded):
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
    assert api.get(path.replace("/wav", "/ogg")).status_code == 404
    assert api.get(f"/recordings/{call_id}/../../2026/11/wav").status_code == 404


def test_a_call_without_recording_has_none(api):
    call_id = api.create().json["call_id"]
    assert api.get(f"/v1/calls/{call_id}").json["recording_url"] is None
    response = api.get(f"/recordings/{call_id}/2026/11/23/wav")
    assert response.status_code == 404
    assert "recording_url" in response.json["detail"]


def test_a_file_that_was_deleted_is_a_clear_404(api, recorded):
    call_id, path = recorded
    next(api.services.recordings.store.root.rglob("*.wav")).unlink()
    response = api.get(path)
    assert response.status_code == 404
    assert "no longer here" in response.json["detail"]


def test_the_sound_is_below_its_call_too(api, recorded):
    call_id, _ = recorded
    with api.get(f"/v1/calls/{call_id}/recording", headers={"Range": "bytes=4-7"}) as response:
        assert (response.status_code, response.get_data()) == (206, SOUND[4:8])
    other = factories.finished_call(api.services, api.owner)
    assert api.get(f"/v1/calls/{other}/recording").status_code == 404


def test_a_call_shows_how_it_stands_with_its_recording(api, recorded):
    shown = api.get(f"/v1/calls/{recorded[0]}").json["recording"]
    assert (shown["state"], shown["problem"]) == ("stored", None)


# --- pauses


@pytest.fixture
def talking(api):
    call = factories.claimed_call(api.services, api.owner)
    factories.Life(api.services, call).talk(1)
    return call.call_id


def commands(api, call_id):
    rows = api.services.db.read(
        lambda: list(Command.select().where(Command.call == call_id).order_by(Command.created_at))
    )
    return [row.kind for row in rows]


def test_a_recording_is_paused_and_resumed_by_commands(api, talking):
    first = api.post(f"/v1/calls/{talking}/recording/pause")
    assert first.status_code == 202
    again = api.post(f"/v1/calls/{talking}/recording/pause")
    assert again.json["command_id"] == first.json["command_id"]
    assert api.post(f"/v1/calls/{talking}/recording/resume").status_code == 202
    assert commands(api, talking) == ["pause_recording", "resume_recording"]


def test_only_who_may_write_pauses(api, talking):
    for verb in ("pause", "resume"):
        path = f"/v1/calls/{talking}/recording/{verb}"
        assert api.post(path, token=api.key("calls:read")).status_code == 403
        stranger = factories.principal(api.services, name=f"Other {verb}")
        token = api.key("calls:write", account_id=stranger.account_id)
        assert api.post(path, token=token).status_code == 404
    assert commands(api, talking) == []


def test_a_call_that_is_over_cannot_be_paused(api, recorded):
    assert api.post(f"/v1/calls/{recorded[0]}/recording/pause").status_code == 409


# --- uploads from controllers on other hosts

TICKETS = Tickets("secret-key")


@pytest.fixture
def uploads(api):
    """An API that takes recordings."""
    app = create_app(api_services(api.services), public_url=PUBLIC_URL, tickets=TICKETS)
    return Api(app, api.services, api.owner, api.token)


def described(call_id, sound=SOUND):
    digits = hashlib.sha256(sound).hexdigest()
    return FinishedRecording(call_id, "anything", len(sound), digits)


def put(uploads, call_id, sound=SOUND, recording=None, **headers):
    ticket = TICKETS.issue(recording or described(call_id), uploads.services.clock.now())
    return uploads.app.test_client().put(
        f"/v1/internal/recordings/{call_id}",
        data=sound,
        headers={"Authorization": f"Recording {ticket}", **headers},
    )


@pytest.fixture
def ended(api):
    return factories.finished_call(api.services, api.owner)


def test_a_controller_sends_a_recording(uploads, ended):
    assert put(uploads, ended).status_code == 201
    assert put(uploads, ended).status_code == 201  # its answer was lost
    with uploads.get(f"/v1/calls/{ended}/recording") as response:
        assert response.get_data() == SOUND


def test_a_recording_may_be_larger_than_any_other_body(uploads, ended):
    sound = bytes(3_000_000)
    assert put(uploads, ended, sound, described(ended, sound)).status_code == 201


@pytest.mark.parametrize("sound", [SOUND[:-1], SOUND + b"x", SOUND[:-1] + b"x"])
def test_what_was_not_announced_is_refused(uploads, ended, sound):
    assert put(uploads, ended, sound, described(ended)).status_code == 400
    assert uploads.get(f"/v1/calls/{ended}/recording").status_code == 404


def test_without_a_ticket_of_this_call_nothing_is_taken(uploads, api, ended):
    other = factories.finished_call(api.services, api.owner)
    assert put(uploads, ended, recording=described(other)).status_code == 401
    for authorization in ("", f"Bearer {api.token}", "Recording", "Recording 1.2.3.4.5"):
        assert put(uploads, ended, Authorization=authorization).status_code == 401
    api.services.clock.advance(0)
    assert uploads.get(f"/v1/calls/{ended}/recording").status_code == 404


def test_a_call_that_nobody_knows_has_no_recording(uploads):
    assert put(uploads, "5e5ae7e3-5d6b-4fbb-9ce0-9a44a3b5e7a5").status_code == 404


def test_an_api_without_a_secret_key_takes_none(api, ended):
    app = create_app(api_services(api.services), public_url=PUBLIC_URL)
    assert put(Api(app, api.services, api.owner, api.token), ended).status_code == 401


def test_a_disk_that_is_full_is_told_and_tried_again(uploads, ended, monkeypatch):
    def no_room(*_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(recording_store.os, "fsync", no_room)
    refused = put(uploads, ended)
    assert (refused.status_code, "is full" in refused.json["detail"]) == (503, True)
    monkeypatch.undo()
    assert put(uploads, ended).status_code == 201


def test_a_controller_sends_by_http(uploads, ended, tmp_path):
    """The whole way, over a socket."""
    file = tmp_path / "call.wav"
    file.write_bytes(SOUND)
    served = server.build(uploads.app, "127.0.0.1", 0)
    served.start()
    store = ApiStore(f"http://127.0.0.1:{served.port}", TICKETS, uploads.services.clock)
    try:
        assert store.problem() == ""
        store.put(file, described(ended))
        with pytest.raises(RecordingNotStored, match="secret key"):
            ApiStore(store._url.geturl(), Tickets("wrong"), uploads.services.clock).put(
                file, described(ended)
            )
    finally:
        served.stop()
    assert file.exists()
    with uploads.get(f"/v1/calls/{ended}/recording") as response:
        assert response.get_data() == SOUND
    with pytest.raises(RecordingNotStored, match="cannot be reached"):
        store.put(file, described(ended))
    assert "cannot be reached" in store.problem()
