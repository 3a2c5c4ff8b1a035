"""Forms of the console: filled, read, and told what is wrong with them."""

import pytest
from werkzeug.datastructures import MultiDict

from topcalls.console.backend import Refused
from topcalls.console.forms import Field, Form, Kind

pytestmark = pytest.mark.unit
FIELDS = (
    Field("name"),
    Field("ids", Kind.MANY),
    Field("call.task"),
    Field("call.*", Kind.JSON),
    Field("hours.windows", Kind.WINDOWS),
    Field("hours.from", Kind.MOMENT),
    Field("pace.most", Kind.NUMBER),
    Field("pace.slow", Kind.FLAG),
    Field("days", Kind.LINES),
    Field("*", Kind.JSON),
)
BODY = {
    "name": "Spring",
    "ids": ["a", "b"],
    "call": {"task": "Ask.", "voice": "coral", "data": {"x": 1}},
    "hours": {
        "windows": [
            {"days": ["mon", "tue", "wed"], "start": "09:00", "end": "17:30"},
            {"days": ["mon", "wed"], "start": "19:00", "end": "20:00"},
            {"start": "10:00", "end": "12:00"},
        ],
        "from": "2026-12-01T14:00:00+00:00",
    },
    "pace": {"most": 5, "slow": True},
    "days": ["2026-12-24", "2026-12-25"],
    "weight": 2,
}
ZONE = "America/New_York"


def sent(form):
    """The form as a browser sends it."""
    return Form.sent(FIELDS, MultiDict(list(form.carried())), ZONE)


def given(**values):
    return Form.sent(FIELDS, MultiDict(values), ZONE)


def test_what_is_sent_as_it_was_shown_makes_the_same_body():
    shown = Form.of(FIELDS, BODY, ZONE)
    assert sent(shown).body(BODY) == BODY
    again = sent(shown).body()
    assert again == {**BODY, "hours": {**BODY["hours"], "from": "2026-12-01T14:00:00Z"}}


def test_values_are_written_for_people():
    form = Form.of(FIELDS, BODY, ZONE)
    assert form.value("hours.from") == "2026-12-01T09:00"
    assert form.value("hours.windows") == ("mon-wed 09:00-17:30\nmon wed 19:00-20:00\n10:00-12:00")
    assert form.value("days") == "2026-12-24\n2026-12-25"
    assert form.value("pace.slow") == "yes"
    assert '"weight": 2' in form.value("*")
    assert "task" not in form.value("call.*")


def test_an_empty_form_makes_an_empty_body():
    assert Form.of(FIELDS, {}, ZONE).body() == {}
    assert given().body() == {}


def test_what_was_not_touched_stays_even_where_a_form_cannot_say_it():
    body = {"pace": {"slow": False}, "hours": {"from": "2026-12-01T15:00:00+01:00"}}
    form = sent(Form.of(FIELDS, body, ZONE))
    assert form.body(body) == body
    assert form.body() == {"hours": {"from": "2026-12-01T14:00:00Z"}}


def test_what_is_ticked_as_before_keeps_its_order():
    body = {"ids": ["b", "a"]}
    form = Form.sent(FIELDS, MultiDict([("ids", "a"), ("ids", "b")]), ZONE)
    assert form.body(body) == body
    fewer = Form.sent(FIELDS, MultiDict([("ids", "a")]), ZONE)
    assert fewer.body(body) == {"ids": ["a"]}


@pytest.mark.parametrize(
    ("line", "window"),
    [
        ("mon-fri 09:00-17:30", ["mon", "tue", "wed", "thu", "fri"]),
        ("Sat, Sun 09:00-17:30", ["sat", "sun"]),
        ("sat-mon 09:00-17:30", ["sat", "sun", "mon"]),
        ("someday 09:00-17:30", ["someday"]),
        ("09:00-17:30", None),
    ],
)
def test_hours_are_lines(line, window):
    (read,) = given(**{"hours.windows": line}).body()["hours"]["windows"]
    assert read == {**({"days": window} if window else {}), "start": "09:00", "end": "17:30"}


@pytest.mark.parametrize(("text", "value"), [("5", 5), ("2.5", 2.5), ("many", "many"), ("-1", -1)])
def test_what_is_no_number_is_sent_as_it_is(text, value):
    form = given(**{"pace.most": text})
    assert form.body() == {"pace": {"most": value}}
    assert not form.is_wrong


def test_times_that_are_none_are_sent_as_they_are():
    assert given(**{"hours.from": "soon"}).body() == {"hours": {"from": "soon"}}
    aware = given(**{"hours.from": "2026-12-01T09:00+02:00"}).body()
    assert aware == {"hours": {"from": "2026-12-01T07:00:00Z"}}


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("*", "{", "Is no JSON"),
        ("*", '"x"', "Write an object"),
        ("*", '{"call": {}}', "'call' has a field of its own."),
        ("call.*", '{"task": "x"}', "'task' has a field of its own."),
        ("hours.windows", "mon 09:00-17:00\nalways", "Line 2"),
        ("hours.windows", "mon-fri", "Line 1"),
    ],
)
def test_what_no_body_can_hold_is_a_fault_of_its_field(path, text, words):
    form = given(name="Spring", **{path: text})
    assert form.body() == {"name": "Spring"}
    assert form.is_wrong
    assert words in form.fault(path)
    assert form.value(path) == text


def refused(*errors, **problem):
    errors = [{"path": path, "message": message} for path, message in errors]
    return Refused(400, {"errors": errors, **problem})


def test_faults_stand_at_the_field_that_they_are_about():
    form = given()
    form.refuse(
        refused(
            ("name", "Is missing."),
            ("call.task", "Is short."),
            ("call.voice", "Is unknown."),
            ("hours.windows.1.start", "Is late."),
            ("days.0", "Is past."),
            ("weight", "Is heavy."),
            ("weird.er", "Is not known."),
        )
    )
    assert form.fault("name") == "Is missing."
    assert form.fault("call.task") == "Is short."
    assert form.fault("call.*") == "voice: Is unknown."
    assert form.fault("hours.windows") == "line 2, start: Is late."
    assert form.fault("days") == "line 1: Is past."
    assert form.fault("*") == "weight: Is heavy. weird, er: Is not known."
    assert form.other_faults == []


def test_faults_of_no_field_are_told_all_the_same():
    form = Form.sent(FIELDS[:2], MultiDict(), ZONE)
    form.refuse(refused(("other", "Is wrong.")))
    assert form.other_faults == ["other: Is wrong."]
    form = given()
    form.refuse(Refused(409, {"detail": "It is over. Make another.", "remedy": "Make another."}))
    assert form.other_faults == ["It is over. Make another."]
    assert form.is_wrong


def test_problems_of_what_is_to_be_started_are_faults():
    problem = {"problems": [{"path": "list_ids", "message": "Is empty."}]}
    assert Refused(409, problem).faults == {"list_ids": "Is empty."}
