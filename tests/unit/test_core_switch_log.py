"""The lines of the switch's log that are about a call, in our own time; and numbers hidden."""

from datetime import UTC, datetime, timedelta

import pytest

from topcalls.core.hidden_numbers import NumberVeil
from topcalls.core.switch_log import MOST_LINES, in_our_time, lines_about

pytestmark = pytest.mark.unit
CHANNEL = "2f6f9f8a-6a1e-4a8e-8a3a-5a8f2f1c7d42"
OTHER = "b7c1f3c2-5d0e-4a55-9d5b-0d6f2a7f6f10"
LOG = f"""\
{OTHER} 2026-11-23 13:00:00.000001 98.10% [NOTICE] switch_channel.c:1142 New Channel sofia/a
{CHANNEL} 2026-11-23 13:00:00.100002 98.10% [NOTICE] switch_channel.c:1142 New Channel sofia/b
2026-11-23 13:00:00.200000 [DEBUG] mod_sofia.c:7 {CHANNEL} entering state [calling][0]
v=0
o=FreeSWITCH 1 2 IN IP4 10.0.0.1

2026-11-23 13:00:00.300000 [DEBUG] of nobody
a=rtpmap:0
{CHANNEL} 2026-11-23 13:00:01.5 [WARNING] sofia.c:2 503 Service Unavailable
""".splitlines(keepends=True)
BEGAN = datetime(2026, 11, 23, 12, 0, 0, 50_000, tzinfo=UTC)


def test_lines_that_name_the_channel_and_what_belongs_to_them():
    found = lines_about([CHANNEL], LOG)
    assert [line.text for line in found] == [
        "[NOTICE] switch_channel.c:1142 New Channel sofia/b",
        f"[DEBUG] mod_sofia.c:7 {CHANNEL} entering state [calling][0]",
        "v=0",
        "o=FreeSWITCH 1 2 IN IP4 10.0.0.1",
        "[WARNING] sofia.c:2 503 Service Unavailable",
    ]
    assert [line.level for line in found] == ["NOTICE", "DEBUG", "", "", "WARNING"]


@pytest.mark.parametrize("uuids", [[], [""], ["0" * 36]])
def test_no_channel_no_line(uuids):
    assert lines_about(uuids, LOG) == []


def test_the_switchs_zone_is_found_by_when_the_call_began():
    placed = in_our_time(lines_about([CHANNEL], LOG), BEGAN)
    moments = [at - BEGAN for at, _ in placed]
    assert moments == [
        timedelta(microseconds=50_002),
        *[timedelta(milliseconds=150)] * 3,
        timedelta(milliseconds=1450),
    ]


@pytest.mark.parametrize("quarters", [-40, -1, 0, 22, 52])
def test_any_zone_will_do(quarters):
    shifted = BEGAN - quarters * timedelta(minutes=15)
    ((first, _), *_) = in_our_time(lines_about([CHANNEL], LOG), shifted)
    assert abs(first - shifted) < timedelta(minutes=8)


def test_a_line_without_a_time_comes_first_where_nothing_came_before():
    lines = lines_about(
        [CHANNEL], [f"{CHANNEL} torn line\n", "2026-99-99 25:00:00.1 [X] " + CHANNEL]
    )
    assert [at for at, _ in in_our_time(lines, BEGAN)] == [BEGAN, BEGAN]


def test_a_log_without_end_is_cut():
    many = [f"2026-11-23 13:00:00.1 [DEBUG] {CHANNEL} {number}" for number in range(MOST_LINES + 9)]
    found = lines_about([CHANNEL], many)
    assert len(found) == MOST_LINES
    assert found[-1].text.endswith(str(MOST_LINES + 8))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to +12025550100 now", "to **********00 now"),
        ("sofia/gateway/x/12025550100", "sofia/gateway/x/*********00"),
        ("sip:12025550100@10.0.0.1", "sip:*********00@10.0.0.1"),
        ("an unknown +442079460000", "an unknown ***********00"),
        ("tel:4420794600", "tel:********00"),
        (f"channel {CHANNEL}", f"channel {CHANNEL}"),
        ("pause of 1234567.5 ms", "pause of 1234567.5 ms"),
        ("2026-11-23 13:00:00.100002", "2026-11-23 13:00:00.100002"),
        ("ext 10005 rang", "ext ***05 rang"),
    ],
)
def test_numbers_are_hidden_and_nothing_else(text, shown):
    assert NumberVeil(["+12025550100", None, "10005", "12"]).text(text) == shown


def test_a_value_is_hidden_through_and_through():
    veil = NumberVeil(["+12025550100"])
    given = {"+12025550100": ["12025550100", 7, None, {"deep": ("+12025550100",)}]}
    assert veil.value(given) == {
        "+12025550100": ["*********00", 7, None, {"deep": ["**********00"]}]
    }
