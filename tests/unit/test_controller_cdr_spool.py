"""The switch's records of ended channels: read with suspicion, and swept."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from cdr_recorded import RECORD

from topcalls.controller import cdr_spool
from topcalls.controller.cdr_spool import KEEP, MOST_BYTES, CDRSpool, parse
from topcalls.core.call_events import Hangup, HungUp, HungUpBy

pytestmark = pytest.mark.unit
UUID = "0b6c3f5e-6c0d-4f0a-9a53-0f2f3a9b1c2d"
ANSWERED_AT = datetime(2026, 11, 23, 12, 0, 0, 250000, tzinfo=UTC)
ENDED_AT = ANSWERED_AT + timedelta(seconds=41.5)
VARIABLES = {
    "uuid": UUID,
    "hangup_cause": "NORMAL_CLEARING",
    "hangup_cause_q850": "16",
    "sip_hangup_disposition": "recv_bye",
    "sip_term_status": "200",
    "proto_specific_hangup_cause": "sip%3A200",
    "answer_uepoch": str(int(ANSWERED_AT.timestamp() * 1_000_000)),
    "end_uepoch": str(int(ENDED_AT.timestamp() * 1_000_000)),
}
WRITTEN = HungUp(Hangup("NORMAL_CLEARING", 200, 16, HungUpBy.CALLEE), ANSWERED_AT, ENDED_AT)


def record(**changed):
    variables = {name: text for name, text in (VARIABLES | changed).items() if text is not None}
    return json.dumps({"core-uuid": "c", "switchname": "s", "variables": variables}).encode()


@pytest.fixture
def spool(tmp_path):
    return CDRSpool(tmp_path)


def put(directory, data, name=f"{UUID}.cdr.json", age=timedelta(0)):
    path = directory / name
    path.write_bytes(data)
    moment = (datetime.now(UTC) - age).timestamp()
    os.utime(path, (moment, moment))
    return path


@pytest.mark.parametrize("prefix", ["", "a_"])
def test_a_record_tells_how_and_when_its_channel_ended(spool, tmp_path, prefix):
    put(tmp_path, record(), f"{prefix}{UUID}.cdr.json")
    assert spool.ended(UUID) == WRITTEN
    spool.forget(UUID)
    assert spool.ended(UUID) is None
    assert list(tmp_path.iterdir()) == []


def test_a_record_of_a_real_switch():
    told = parse(json.dumps(RECORD).encode(), RECORD["variables"]["uuid"])
    assert told.hangup == Hangup("NORMAL_CLEARING", 200, 16, HungUpBy.CALLEE)
    assert told.ended_at - told.answered_at == timedelta(seconds=3.540182)


def test_a_dial_that_was_refused():
    data = record(
        answer_uepoch="0",
        hangup_cause="USER_BUSY",
        hangup_cause_q850="17",
        sip_hangup_disposition="recv_refuse",
        sip_term_status=None,
        proto_specific_hangup_cause="sip:486",
    )
    assert parse(data, UUID) == HungUp(
        Hangup("USER_BUSY", 486, 17, HungUpBy.CALLEE), None, ENDED_AT
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        record()[:-40],
        record(uuid="1b6c3f5e-6c0d-4f0a-9a53-0f2f3a9b1c2d"),
        record(uuid=None),
        record(end_uepoch="0"),
        record(end_uepoch=None),
        record(end_uepoch="-1"),
        record(end_uepoch="9" * 17),
        record(end_uepoch="soon"),
        record(end_uepoch=17),
        b"[]",
        b"null",
        b'{"variables": []}',
        b'{"variables": {"uuid": {}}}',
        b"[" * 100_000,
    ],
    ids=lambda data: data[-30:].decode(),
)
def test_what_is_not_whole_or_not_of_this_channel_tells_nothing(data):
    assert parse(data, UUID) is None


@pytest.mark.parametrize(
    "cause", ["", "normal", "A" * 65, "X\r\nY", "X\x1b[0m", {"a": 1}, None, "NORMAL CLEARING"]
)
def test_a_cause_that_is_none_is_told_as_unspecified(cause):
    assert parse(record(hangup_cause=cause), UUID).hangup.cause == "NORMAL_UNSPECIFIED"


def test_what_strangers_put_beside_it_does_not_matter():
    data = record(sip_from_display="PLACE").replace(b"PLACE", b"\xff\xfe\\u0000 } ]")
    assert parse(data, UUID) == WRITTEN


def test_a_link_a_pipe_or_a_giant_is_no_record(spool, tmp_path):
    elsewhere = put(tmp_path, record(), "elsewhere")
    path = tmp_path / f"{UUID}.cdr.json"
    path.symlink_to(elsewhere)
    assert spool.ended(UUID) is None
    path.unlink()
    os.mkfifo(path)
    assert spool.ended(UUID) is None
    path.unlink()
    put(tmp_path, record() + b" " * MOST_BYTES)
    assert spool.ended(UUID) is None


@pytest.mark.parametrize("name", ["../etc/passwd", "", "x", f"{UUID}/..", f"{UUID}\n"])
def test_only_a_uuid_names_a_record(spool, tmp_path, name):
    (tmp_path / "x.cdr.json").write_bytes(record(uuid=name))
    assert spool.ended(name) is None
    spool.forget(name)
    assert (tmp_path / "x.cdr.json").exists()


def test_a_spool_that_is_not_there_knows_nothing(tmp_path):
    spool = CDRSpool(tmp_path / "nowhere")
    assert spool.ended(UUID) is None
    spool.forget(UUID)
    assert spool.sweep(datetime.now(UTC)) == 0


def numbered(number):
    return f"{number:08d}-6c0d-4f0a-9a53-0f2f3a9b1c2d.cdr.json"


def test_old_records_are_swept_and_nothing_else(spool, tmp_path):
    put(tmp_path, b"", numbered(1), age=KEEP + timedelta(minutes=1))
    young = put(tmp_path, b"", numbered(2), age=KEEP - timedelta(minutes=1))
    foreign = put(tmp_path, b"", "notes.json", age=KEEP * 2)
    assert spool.sweep(datetime.now(UTC)) == 1
    assert sorted(tmp_path.iterdir()) == sorted([young, foreign])


def test_the_oldest_of_too_many_are_swept(spool, tmp_path, monkeypatch):
    monkeypatch.setattr(cdr_spool, "MOST_FILES", 3)
    for number in range(5):
        put(tmp_path, b"", numbered(number), age=timedelta(minutes=number))
    assert spool.sweep(datetime.now(UTC)) == 2
    assert {path.name for path in tmp_path.iterdir()} == {numbered(0), numbered(1), numbered(2)}
