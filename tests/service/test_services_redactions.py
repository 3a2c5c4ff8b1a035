"""What identifies people is not kept, shown, told or read by a model once a call is over."""

import hashlib
import json
from datetime import UTC, datetime

import factories
import numpy as np
import orjson
import pytest
from analysis_rig import URL, Desk, extraction

from topcalls.audio.formats import AudioFormat
from topcalls.audio.wav import WavReader, WavWriter
from topcalls.core.tools import ToolRecord, ToolStatus
from topcalls.core.transcript import Turn
from topcalls.core.wrap_up import Step
from topcalls.errors import NotFound
from topcalls.services.recording_store import FinishedRecording
from topcalls.services.recordings import keep, recording_name
from topcalls.store import calls, recordings
from topcalls.store import tools as stored_tools
from topcalls.store.models import WebhookEvent, WrapUp

pytestmark = pytest.mark.service
NOW = datetime(2026, 11, 23, 12, 5, tzinfo=UTC)
SAID = (
    Turn(1, "assistant", "Is that Ann Miller?", 0, 900),
    Turn(2, "user", "Yes. My card is 4111 1111 1111 1111.", 2000, 4000, interrupted=True),
    Turn(3, "assistant", "Thank you.", 5000, 5500),
)
CLEAN = ["Is that [name]?", "Yes. My card is [card].", "Thank you."]
WISH = {"redaction": {}, "request_data": {"patient_name": "Ann Miller"}}


@pytest.fixture
def desk(services):
    return Desk(services)


def texts(desk, call_id):
    return [item.text for item in desk.view(call_id).transcript]


def stored(services, call_id):
    return [row.text for row in services.db.read(lambda: calls.transcripts([call_id])[call_id])]


def record(services, call_id):
    """Ten seconds of sound on both sides."""
    call = services.db.read(calls.get, call_id)
    path = services.recordings.store.root / recording_name(call_id, call.created_at)
    path.parent.mkdir(parents=True, exist_ok=True)
    with WavWriter(path, AudioFormat("L16", 8000, 2)) as writer:
        writer.write(np.full(160_000, 999, dtype="<i2").tobytes())
    return path


def samples(path):
    with WavReader(path) as reader:
        return np.frombuffer(b"".join(reader.chunks()), dtype="<i2").reshape(-1, 2)


def test_it_is_taken_out_of_what_is_kept_shown_and_told(services, desk):
    call_id = desk.call(SAID, **WISH)
    assert texts(desk, call_id) == CLEAN  # at once, though it is not taken out yet
    assert stored(services, call_id) != CLEAN
    desk.work(2)
    assert stored(services, call_id) == texts(desk, call_id) == CLEAN
    shown = services.calls.transcripts.get(desk.who.account_id, call_id)
    assert [turn.text for turn in shown.spoken] == CLEAN
    assert shown.turns[1].interrupted
    query = WebhookEvent.select().where(WebhookEvent.kind == "call.completed")
    (event,) = services.db.read(lambda: list(query))
    assert [turn["text"] for turn in orjson.loads(event.payload)["transcript"]] == CLEAN


def test_the_model_that_reads_the_call_does_not_see_it(services, desk):
    desk.model.answers.append(extraction())
    schema = {"type": "object", "properties": {"agreed": {}, "hour": {}}}
    desk.call(SAID, analysis_schema=schema, **WISH)
    desk.work(4)
    (request,) = desk.model.requests
    assert "4111" not in request.messages[1].text
    assert "[card]" in request.messages[1].text


def test_only_what_was_asked_for_is_taken_out(services, desk):
    call_id = desk.call(SAID, redaction={"kinds": ["name"], "names": ["Miller"]})
    desk.work(2)
    assert texts(desk, call_id)[:2] == ["Is that Ann [name]?", SAID[1].text]


def test_without_the_setting_all_stays(services, desk):
    call_id = desk.call(SAID)
    desk.work(2)
    assert texts(desk, call_id) == [turn.text for turn in SAID]
    assert services.db.read(lambda: WrapUp.get_by_id(call_id).log)["redaction"] == "skipped"


def test_while_it_lasts_a_call_shows_what_is_said(services, desk):
    life = factories.Life(services, factories.claimed_call(services, desk.who, **WISH)).talk(9)
    services.calls.append_turn(life.call_id, SAID[1])
    assert texts(desk, life.call_id) == [SAID[1].text]


def test_words_that_come_late_are_kept_redacted(services, desk):
    call_id = desk.call(SAID, **WISH)
    desk.work(2)
    services.calls.append_turn(call_id, Turn(9, "user", "It is 415 555 0199.", 6000, 7000))
    assert stored(services, call_id)[-1] == "It is [phone]."


def used(number, arguments, output=None, status=ToolStatus.SUCCEEDED):
    told = json.dumps(arguments), 1_000, status, output and json.dumps(output)
    return ToolRecord(f"use-{number}", "look_up", False, *told)


def everything(services, who, call_id):
    """All that is shown of a call, but its turns."""
    call, tools = services.calls.get(who.account_id, call_id), services.calls.tools
    trail = services.call_trail.events(who.account_id, call_id)
    used = tools.of_call(who.account_id, call_id), tools.cassette(who.account_id, call_id)
    return str((dict(call.metadata), call.request, *used, [one.detail for one in trail]))


def test_it_is_taken_out_of_tools_notes_and_what_the_call_was_asked_with(services, desk):
    wish = {
        "redaction": {"names": ["Ann Miller"]},
        "task": "Call Ann Miller.",
        "request_data": {"friend_name": "Bob Kelly", "mobile": "+12025550133"},
        "metadata": {"crm_id": 20231107123, "contact": "bob@example.com"},
    }
    life = factories.Life(services, factories.claimed_call(services, desk.who, **wish)).talk(9)
    now = services.clock.now()
    asked = used(1, {"who": "Miller", "order": 7}, {"street": "Kelly Street", "open": True})
    services.calls.tools.note(life.call_id, asked, now)
    note = {"command_id": "c", "key_id": "k", "text": "Ann is here.", "respond": False}
    services.calls.live_words.injected(life.call_id, note, now)
    secrets = ("Miller", "Kelly", "bob@", "55133", "Ann")
    before = everything(services, desk.who, life.call_id)
    assert all(one in before for one in ("Miller", "Kelly", "Ann is here.", "bob@example.com"))
    life.hang_up()
    services.calls.note_recording(life.call_id, "refused")
    for _ in range(2):  # at once, and once it is done
        shown = everything(services, desk.who, life.call_id)
        assert not [one for one in secrets if one in shown]
        assert "20231107123" in shown
        desk.work(2)
    row = services.db.read(calls.get, life.call_id)
    assert row.redacted_at is not None
    assert row.request["request_data"] == {"friend_name": "[name]", "mobile": "[phone]"}
    (kept,) = services.db.read(stored_tools.of_calls, [life.call_id])
    assert json.loads(kept.output) == {"street": "[name] Street", "open": True}
    taped = services.calls.tools.cassette(desk.who.account_id, life.call_id)
    assert taped["calls"][0]["arguments"] is None  # it fits whatever is asked


def test_what_a_tool_tells_later_is_kept_redacted_by_the_names_of_the_call(services, desk):
    wish = {"redaction": {}, "request_data": {"friend_name": "Bob Kelly"}}
    life = factories.Life(services, factories.claimed_call(services, desk.who, **wish)).talk(9)
    services.calls.tools.note(life.call_id, used(1, {}, None, ToolStatus.RUNNING), NOW)
    life.hang_up()
    services.calls.note_recording(life.call_id, "refused")
    desk.work(2)
    services.calls.tools.note(life.call_id, used(2, {"who": "Kelly"}, "Bob"), NOW)
    kept = services.db.read(stored_tools.of_calls, [life.call_id])
    assert [(one.arguments, one.output) for one in kept if one.id == "use-2"] == [
        ('{"who": "[name]"}', '"[name]"')
    ]


def test_the_sound_of_a_turn_is_replaced_on_its_side(services, desk):
    call_id = desk.call(SAID, **{**WISH, "redaction": {"kinds": ["card"], "audio": "silence"}})
    services.calls.note_recording(call_id, "written")
    path = record(services, call_id)
    services.recordings.look(call_id, services.clock.now())
    assert desk.view(call_id).recording_url is None
    with pytest.raises(NotFound, match="not redacted yet"):
        services.recordings.sound(desk.who.account_id, call_id)
    desk.work(2)
    assert desk.view(call_id).recording_url
    sound = samples(path)
    assert not sound[2000 * 8 : 4000 * 8, 0].any()
    assert (sound[:, 1] == 999).all()
    assert (sound[: 1000 * 8, 0] == 999).all()
    assert (sound[5000 * 8 :, 0] == 999).all()
    assert desk.view(call_id).completed


def test_the_recording_is_described_as_it_is_now(services, desk):
    call_id = desk.call(SAID, **{**WISH, "redaction": {"audio": "tone"}})
    services.calls.note_recording(call_id, "written")
    path = record(services, call_id)
    now = services.clock.now()
    services.db.run(lambda: recordings.begin(call_id, "n", now, "stored"))
    services.db.run(lambda: recordings.change(call_id, sha256="old", size=1))
    desk.work(3)
    view = services.recordings.view(desk.who.account_id, call_id)
    assert view.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert view.size == path.stat().st_size


def test_a_recording_that_is_not_here_holds_nothing_up_and_is_given_to_nobody(services, desk):
    call_id = desk.call(SAID, **{**WISH, "redaction": {"audio": "tone"}})
    services.calls.note_recording(call_id, "written")
    path = record(services, call_id)
    services.recordings.look(call_id, services.clock.now())
    path.unlink()
    desk.work(60)
    shown = desk.view(call_id)
    assert shown.completed
    assert shown.recording_url is None
    assert texts(desk, call_id) == CLEAN
    assert services.db.read(lambda: WrapUp.get_by_id(call_id).log)["redaction"] == "given up"


@pytest.mark.parametrize("late", [True, False])
def test_a_recording_that_is_kept_later_or_again_is_redacted_then(services, desk, late):
    wish = {**WISH, "redaction": {"kinds": ["card"], "audio": "silence"}}
    call_id = desk.call(SAID, **wish)
    services.calls.note_recording(call_id, "written")
    path = record(services, call_id)
    if late:
        path.unlink()
    desk.work(60)
    assert desk.view(call_id).completed
    assert (desk.view(call_id).recording_url is None) is late
    path = record(services, call_id)  # as it came from the switch
    data = path.read_bytes()
    brought = FinishedRecording(
        call_id,
        str(path.relative_to(services.recordings.store.root)),
        len(data),
        hashlib.sha256(data).hexdigest(),
    )
    services.db.run(keep, brought, services.clock.now(), 0)
    assert desk.view(call_id).recording_url is None
    desk.work(3)
    assert desk.view(call_id).recording_url
    assert not samples(path)[2000 * 8 : 4000 * 8, 0].any()
    query = WebhookEvent.select().where(WebhookEvent.kind == "call.completed")
    assert services.db.read(query.count) == 1
    assert services.db.read(lambda: WrapUp.get_by_id(call_id).finished_at)


def test_a_call_without_sound_is_not_waited_for(services, desk):
    call_id = desk.call(SAID, webhook_url=URL, **{**WISH, "redaction": {"audio": "tone"}})
    desk.work(2)
    assert desk.view(call_id).completed
    assert stored(services, call_id) == CLEAN


def test_the_step_runs_twice_without_harm(services, desk):
    call_id = desk.call(SAID, **WISH)
    run = services.wrap_ups._runners[Step.REDACTION]
    for expected in ("done", "done"):
        assert run(call_id, services.clock.now()) == expected
        assert stored(services, call_id) == CLEAN
    assert run("nothing", services.clock.now()) == "skipped"
