"""The transcript of a call by itself, in each form, for its owner only."""

import factories
import pytest

from topcalls.core.transcript import Turn

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
TEXT = "[00:00.1] Agent: Hello, is this [interrupted]\n[00:01.2] Caller: Yes?\n"


@pytest.fixture
def path(api):
    life = factories.Life(api.services, factories.claimed_call(api.services, api.owner))
    life.talk(10)
    for turn in (
        Turn(2, "user", "Yes?", 1200, 1900),
        Turn(1, "assistant", "Hello, is this", 100, 1300, interrupted=True),
    ):
        api.services.calls.append_turn(life.call_id, turn)
    assert api.get(f"/v1/calls/{life.call_id}/transcript").json["final"] is False
    life.hang_up()
    return f"/v1/calls/{life.call_id}/transcript"


def test_json_is_ordered_final_and_marks_interruptions(api, path):
    shown = api.get(path).json
    assert shown["final"] is True
    assert [(turn["id"], turn["interrupted"]) for turn in shown["turns"]] == [(1, True), (2, False)]
    assert shown["turns"][0]["ended_ms"] == 1300
    assert shown["turns"][0]["citations"] == []


@pytest.mark.parametrize(
    "options", [{"query_string": {"format": "text"}}, {"headers": "text/plain"}]
)
def test_text_by_parameter_or_header(api, path, options):
    if "headers" in options:
        options = {"headers": {"Accept": options["headers"]}}
    answer = api.get(path, **options)
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.text == TEXT


def test_subtitles(api, path):
    by_header = api.get(path, headers={"Accept": "application/x-subrip"})
    assert by_header.text == api.get(f"{path}?format=srt").text
    assert "00:00:01,200 --> 00:00:01,900\nCaller: Yes?" in by_header.text


def test_the_parameter_goes_before_the_header_and_others_get_json(api, path):
    text = {"Accept": "text/plain"}
    assert api.get(f"{path}?format=json", headers=text).is_json
    assert api.get(path, headers={"Accept": "image/png"}).is_json
    assert api.get(f"{path}?format=pdf").status_code == 400


def test_strangers_read_nothing(api, path):
    stranger = factories.principal(api.services, name="Other")
    token = api.key("calls:read", account_id=stranger.account_id)
    assert api.get(path, token=token).status_code == 404
