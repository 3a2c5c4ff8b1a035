"""`POST /v1/calls/{id}/dtmf`: keys pressed on our side of a call."""

from __future__ import annotations

import factories
import pytest

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service


def talking(api):
    """The id of a call in progress."""
    call_id = api.create().json["call_id"]
    (call,) = api.services.dispatch.claim("c", "n", 10, api.services.clock.now())
    assert call.call_id == call_id
    factories.Life(api.services, call).talk(1)
    return call_id


def waiting_commands(api):
    return api.services.commands.claim("c", api.services.clock.now())


def press(api, call_id, body, **headers):
    return api.post(f"/v1/calls/{call_id}/dtmf", json=body, headers=headers)


def test_keys_go_to_the_controller_of_the_call(api):
    call_id = talking(api)
    answer = press(api, call_id, {"digits": "12#", "pause_ms": 1000})
    assert answer.status_code == 202
    (command,) = waiting_commands(api)
    assert answer.json == {"ok": True, "command_id": command.id}
    assert (command.call_id, command.kind) == (call_id, "dtmf")
    assert command.payload == {"digits": "1W2W#"}


def test_a_repeated_request_presses_nothing_twice(api):
    call_id = talking(api)
    answers = [press(api, call_id, {"digits": "1"}, **{"Idempotency-Key": "k" * 8}) for _ in "12"]
    assert answers[0].json == answers[1].json
    assert len(waiting_commands(api)) == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "digits"),
        ({"digits": 12}, "digits"),
        ({"digits": ""}, "digits"),
        ({"digits": "ww"}, "digits"),
        ({"digits": "1\n2"}, "digits"),
        ({"digits": "1" * 33}, "digits"),
        ({"digits": "12", "pause_ms": 6000}, "pause_ms"),
        ({"digits": "12", "pause_ms": 0.5}, "pause_ms"),
        ({"digits": "12", "pauses": 5}, "pauses"),
    ],
)
def test_what_cannot_be_pressed_is_refused_by_name(api, body, path):
    answer = press(api, talking(api), body)
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json["errors"]] == [path]
    assert waiting_commands(api) == []


def test_a_call_that_is_not_in_progress_has_no_keys(api):
    queued = api.create().json["call_id"]
    answer = press(api, queued, {"digits": "1"})
    assert (answer.status_code, answer.json["detail"]) == (409, "The call is not in progress.")
    api.post(f"/v1/calls/{queued}/stop")
    assert press(api, queued, {"digits": "1"}).status_code == 409


def test_a_key_without_the_scope_may_not(api):
    call_id = talking(api)
    reader = {"Authorization": f"Bearer {api.key('calls:read')}"}
    assert press(api, call_id, {"digits": "1"}, **reader).status_code == 403
    assert waiting_commands(api) == []
