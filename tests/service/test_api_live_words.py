"""`say` and `inject` through the API, on real rows."""

import factories
import pytest
from api_client import fault_paths

from topcalls.core.call_events import Transferred
from topcalls.core.live_words import LONGEST_NOTE, LONGEST_WORDS, Outcome, Words
from topcalls.services.live_words import INJECTED, SAID, notes_of, words_of
from topcalls.store.models import Command

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
WORDS = {"text": "The doctor is on the way."}
BOTH = pytest.mark.parametrize("verb", ["say", "inject"])


@pytest.fixture
def life(api):
    call = factories.claimed_call(api.services, api.owner)
    return factories.Life(api.services, call).talk(10)


def ask(api, life, verb, body=None, **options):
    path = f"/v1/calls/{life.call_id}/{verb}"
    return api.post(path, json=WORDS if body is None else body, **options)


def wishes(api):
    return api.services.db.read(lambda: list(Command.select()))


def trail(api, life):
    events = api.get(f"/v1/calls/{life.call_id}/events").json["data"]
    return [(one["kind"], one["detail"]) for one in events if one["kind"] in (SAID, INJECTED)]


def test_words_become_a_command_of_the_call(api, life):
    answer = ask(api, life, "say")
    assert (answer.status_code, answer.json["ok"]) == (202, True)
    (row,) = wishes(api)
    assert (row.id, row.kind, row.call_id) == (answer.json["command_id"], "say", life.call_id)
    payload = {**row.payload, "command_id": row.id}
    assert words_of(payload) == Words(row.id, WORDS["text"])
    assert payload["key_id"]


def test_how_they_are_said_is_passed_on(api, life):
    how = {"interrupt": True, "interruptible": False, "end_call": True}
    ask(api, life, "say", WORDS | how)
    (row,) = wishes(api)
    assert words_of({**row.payload, "command_id": "it"}) == Words("it", WORDS["text"], **how)


def test_a_note_becomes_a_command_too(api, life):
    answer = ask(api, life, "inject", {"text": "Known.", "respond": True})
    (row,) = wishes(api)
    assert (row.id, row.kind) == (answer.json["command_id"], "inject")
    assert (row.payload["text"], row.payload["respond"]) == ("Known.", True)


@BOTH
def test_the_same_request_twice_is_one_command(api, life, verb):
    headers = {"Idempotency-Key": "only-this-once"}
    first, second = (ask(api, life, verb, headers=headers) for _ in range(2))
    assert first.json == second.json
    assert len(wishes(api)) == 1


@BOTH
def test_a_call_that_is_not_live_is_refused(api, verb):
    waiting = factories.Life(api.services, factories.claimed_call(api.services, api.owner))
    assert ask(api, waiting, verb).status_code == 409
    over = factories.Life(api.services, factories.claimed_call(api.services, api.owner)).talk(5)
    over.hang_up()
    answer = ask(api, over, verb)
    assert (answer.status_code, answer.json["detail"]) == (409, "The call is not in progress.")


@BOTH
def test_a_caller_who_is_with_a_person_has_no_agent(api, life, verb):
    life.take(Transferred("Ann", "supervisor"))
    answer = ask(api, life, verb)
    assert answer.status_code == 409
    assert "with a person" in answer.json["detail"]


@BOTH
def test_another_accounts_call_is_not_there(api, life, verb):
    theirs = factories.principal(api.services, name="Other")
    token = api.key("calls:read", "calls:write", account_id=theirs.account_id)
    assert ask(api, life, verb, token=token).status_code == 404


@BOTH
def test_a_key_that_only_reads_may_not(api, life, verb):
    assert ask(api, life, verb, token=api.key("calls:read")).status_code == 403


@pytest.mark.parametrize(
    ("verb", "body", "path"),
    [
        ("say", {}, "text"),
        ("say", {"text": "  "}, "text"),
        ("say", {"text": 7}, "text"),
        ("say", {"text": "a" * (LONGEST_WORDS + 1)}, "text"),
        ("say", WORDS | {"interrupt": "yes"}, "interrupt"),
        ("say", WORDS | {"respond": True}, "respond"),
        ("inject", {"text": "a" * (LONGEST_NOTE + 1)}, "text"),
        ("inject", WORDS | {"respond": 1}, "respond"),
        ("inject", WORDS | {"interrupt": True}, "interrupt"),
    ],
)
def test_what_is_wrong_is_named(api, life, verb, body, path):
    answer = ask(api, life, verb, body)
    assert (answer.status_code, fault_paths(answer)) == (400, [path])
    assert wishes(api) == []


def test_the_trail_tells_what_became_of_them_and_who_asked(api, life):
    verbs, now = api.services.calls.live_words, api.services.clock.now()
    verbs.said(life.call_id, "first", Outcome.HEARD, "key", now)
    payload = {"command_id": "second", "key_id": "key", "text": "Known.", "respond": False}
    verbs.injected(life.call_id, payload, now)
    assert trail(api, life) == [
        (SAID, {"command_id": "first", "outcome": "heard", "key_id": "key"}),
        (INJECTED, payload),
    ]


def test_a_controller_that_takes_the_call_over_knows_the_notes(api, life):
    verbs, now = api.services.calls.live_words, api.services.clock.now()
    for text in ("One.", "Two."):
        payload = {"command_id": text, "key_id": "key", "text": text, "respond": False}
        verbs.injected(life.call_id, payload, now)
    carried = api.services.db.read(notes_of, [life.call_id, "other"])
    assert carried == {life.call_id: ("One.", "Two."), "other": ()}
