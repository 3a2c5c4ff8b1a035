"""Live calls and their supervisors through the API, on real rows."""

import factories
import pytest
from api_client import fault_paths

from topcalls.core.call_events import HandedToCarrier, Transferred
from topcalls.core.supervision import Failure, Mode, Outcome
from topcalls.services.supervisions import Supervisor
from topcalls.store.current import current
from topcalls.store.models import Command

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
LIVE = "/v1/calls/live"
LISTEN = {"mode": "listen", "extension": "201"}


@pytest.fixture
def phone(api):
    return add(api)


@pytest.fixture
def life(api):
    call = factories.claimed_call(api.services, api.owner)
    return factories.Life(api.services, call).talk(10)


@pytest.fixture
def token(api):
    return api.key("calls:read", "calls:write", "calls:supervise")


def add(api, extension="201", **fields):
    body = {"extension": extension, **fields}
    return api.services.softphones.create(api.owner.account_id, body)


def supervise(api, life, token, **changes):
    path = f"/v1/calls/{life.call_id}/supervise"
    return api.post(path, json=LISTEN | changes, token=token)


def join(api, life, phone, mode=Mode.LISTEN):
    """A stay that a code began; its number."""
    now, verbs = api.services.clock.now(), api.services.calls.supervisions
    who = Supervisor(phone.id, phone.extension, phone.name, phone.username)
    leg = f"leg {phone.extension}"
    number = verbs.intend(life.call_id, who, mode, asked_by="code", channel_id=leg, now=now)
    verbs.note(life.call_id, number, [(mode, now)], joined_at=now)
    return number


def wishes(api):
    rows = api.services.db.read(lambda: list(Command.select()))
    return [(row.kind, row.payload["mode"], row.payload["supervisor"]["extension"]) for row in rows]


# --- live calls


def test_live_calls_are_listed_the_last_answered_first(api, life, phone):
    waiting = factories.claimed_call(api.services, api.owner)
    later = factories.Life(api.services, factories.claimed_call(api.services, api.owner)).talk(5)
    join(api, life, phone)
    listed = api.get(LIVE).json
    assert listed["total"] == 3
    last, first, unanswered = listed["data"]
    assert [one["id"] for one in listed["data"]] == [later.call_id, life.call_id, waiting.call_id]
    assert first["supervisors"] == [{"extension": "201", "mode": "listen"}]
    assert (last["supervisors"], last["talks_with"]) == ([], "agent")
    assert first["live_code"] not in (None, last["live_code"])
    assert (unanswered["live_code"], unanswered["talks_with"]) == (None, None)
    assert unanswered["started_at"] is None
    some = api.get(LIVE, query_string={"limit": 1}).json
    assert ([one["id"] for one in some["data"]], some["total"]) == ([later.call_id], 3)


def test_a_call_that_was_handed_over_is_with_a_person(api, life):
    life.take(Transferred("Ann", "supervisor"))
    assert [one["talks_with"] for one in api.get(LIVE).json["data"]] == ["person"]


def test_what_is_over_is_not_live_and_has_no_code(api, life):
    path = f"/v1/calls/{life.call_id}"
    code = api.get(path).json["live_code"]
    assert [one["live_code"] for one in api.get(LIVE).json["data"]] == [code]
    life.hang_up()
    assert api.get(LIVE).json == {"data": [], "total": 0}
    assert api.get(path).json["live_code"] is None


def test_another_accounts_live_calls_are_not_listed(api, life):
    theirs = factories.principal(api.services, name="Other")
    token = api.key("calls:read", account_id=theirs.account_id)
    assert api.get(LIVE, token=token).json == {"data": [], "total": 0}


@pytest.mark.parametrize("limit", ["0", "1001", "all"])
def test_a_bad_limit_is_named(api, limit):
    answer = api.get(LIVE, query_string={"limit": limit})
    assert (answer.status_code, fault_paths(answer)) == (400, ["limit"])


# --- who took part


def test_a_call_tells_who_took_part_and_how(api, life, phone):
    number, verbs = join(api, life, phone), api.services.calls.supervisions
    began = api.services.clock.now()
    api.services.clock.advance(8)
    changed = api.services.clock.now()
    verbs.note(life.call_id, number, [(Mode.LISTEN, began), (Mode.BARGE, changed)])
    api.services.clock.advance(3)
    life.hang_up()
    (stay,) = api.get(f"/v1/calls/{life.call_id}").json["supervisions"]
    assert (stay["supervision"], stay["extension"], stay["asked_by"]) == (1, "201", "code")
    assert (stay["outcome"], stay["failure"]) == (Outcome.CALL_OVER, None)
    listened, barged = stay["modes"]
    assert (listened["mode"], barged["mode"]) == ("listen", "barge")
    assert listened["began_at"] == stay["joined_at"]
    assert listened["ended_at"] == barged["began_at"]
    assert barged["ended_at"] == stay["ended_at"]


def test_whoever_never_came_took_no_part(api, life, phone):
    number, verbs = join(api, life, phone), api.services.calls.supervisions
    gone = {"outcome": Outcome.FAILED, "failure": Failure.NO_ANSWER, "joined_at": None}
    verbs.note(life.call_id, number, [], **gone, ended_at=api.services.clock.now())
    (stay,) = api.get(f"/v1/calls/{life.call_id}").json["supervisions"]
    assert (stay["outcome"], stay["failure"], stay["modes"]) == ("failed", "no_answer", [])


# --- ask for one


@pytest.mark.parametrize("mode", list(Mode))
def test_a_softphone_is_asked_for(api, life, phone, token, mode):
    answer = supervise(api, life, token, mode=mode.value)
    assert answer.status_code == 202, answer.json
    assert wishes(api) == [("supervise", mode.value, "201")]


def test_the_same_request_again_rings_once(api, life, phone, token):
    path = f"/v1/calls/{life.call_id}/supervise"
    headers = {"Idempotency-Key": "ring-ann-once"}
    first, again = (api.post(path, json=LISTEN, token=token, headers=headers) for _ in range(2))
    assert first.json == again.json
    assert len(wishes(api)) == 1


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["mode", "extension"]),
        ({"mode": "spy", "extension": "201"}, ["mode"]),
        ({"mode": "listen", "extension": 201}, ["extension"]),
        (LISTEN | {"key": "1"}, ["key"]),
        (LISTEN | {"extension": "299"}, ["extension"]),
        (LISTEN | {"extension": "no"}, ["extension"]),
        (LISTEN | {"extension": "202"}, ["extension"]),
    ],
)
def test_every_fault_is_named(api, life, phone, token, body, paths):
    add(api, "202", may_supervise=False)
    answer = api.post(f"/v1/calls/{life.call_id}/supervise", json=body, token=token)
    assert answer.status_code == 400
    assert sorted(fault_paths(answer)) == sorted(paths)
    assert wishes(api) == []


def test_it_needs_a_scope_of_its_own(api, life, phone):
    answer = supervise(api, life, api.key("calls:write"))
    assert answer.status_code == 403
    assert "calls:supervise" in answer.json["detail"]
    assert wishes(api) == []


def test_another_accounts_call_and_softphone_are_not_there(api, life, phone):
    theirs = factories.principal(api.services, name="Other")
    token = api.key("calls:write", "calls:supervise", account_id=theirs.account_id)
    assert supervise(api, life, token).status_code == 404
    call = factories.claimed_call(api.services, theirs)
    answer = supervise(api, factories.Life(api.services, call).talk(1), token)
    assert (answer.status_code, fault_paths(answer)) == (400, ["extension"])


def test_a_call_that_is_not_in_progress_is_not_joined(api, phone, token):
    life = factories.Life(api.services, factories.claimed_call(api.services, api.owner))
    assert supervise(api, life, token).status_code == 409
    life.talk(1).hang_up()
    assert supervise(api, life, token).status_code == 409


def test_a_person_is_not_replaced(api, life, phone, token):
    life.take(Transferred("Ann", "supervisor"))
    answer = supervise(api, life, token, mode="take_over")
    assert answer.status_code == 409
    assert "barge" in answer.json["detail"]
    assert supervise(api, life, token, mode="barge").status_code == 202


def test_a_call_that_left_for_the_carrier_is_not_here_any_more(api, life, phone, token):
    life.take(HandedToCarrier("Ann"))
    assert supervise(api, life, token).status_code == 409


def test_at_most_five_are_on_a_call(api, life, phone, token):
    for extension in range(202, 207):
        join(api, life, add(api, str(extension)))
    answer = supervise(api, life, token)
    assert answer.status_code == 409
    assert "at most 5" in answer.json["detail"]
    assert supervise(api, life, token, extension="203", mode="barge").status_code == 202


def test_codes_differ_while_calls_are_live(api):
    lives = [
        factories.Life(api.services, factories.claimed_call(api.services, api.owner)).talk(1)
        for _ in range(4)
    ]
    codes = [one["live_code"] for one in api.get(LIVE).json["data"]]
    assert len({*codes}) == len(lives) == 4
    lives[0].hang_up()
    left = api.services.db.read(
        lambda: current().peewee.execute_sql("SELECT COUNT(*) FROM live_code").fetchone()
    )
    assert left == (3,)
