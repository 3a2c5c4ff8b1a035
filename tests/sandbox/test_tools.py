"""Tools in calls of the whole product: a customer's server is asked, and the agent tells."""

import json
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from scenarios import words

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

ASKS_FOR_AN_ORDER = "+12025550111"
WANTS_TOMORROW_AT_THREE = "+12025550122"
CASSETTE = {
    "calls": [{"name": "look_up_order", "arguments": {"order": 7}, "result": {"status": "lost"}}]
}
ALWAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def tool(product, path="", **changes):
    return {
        "name": "look_up_order",
        "description": "Finds an order by its number.",
        "url": product.endpoints["tools_url"] + path,
        "parameters": {
            "type": "object",
            "properties": {"order": {"type": "integer"}},
            "required": ["order"],
        },
        "headers": {"X-Shop-Key": "a-secret-of-the-shop"},
        **changes,
    }


@pytest.fixture(scope="module")
def placed(product):
    """All calls at once."""
    wishes = {
        "asked": {"tools": [tool(product)], "metadata": {"customer": 17}},
        "chain": {"tools": [tool(product)], "mode": "legacy", "voice": "rachel"},
        "broken": {"tools": [tool(product, "html")], "built_in_tools": []},
        "replayed": {"tools": [tool(product)], "tool_cassette": CASSETTE},
        "later": {"tools": [tool(product, "later", **{"async": True})]},
    }
    calls = {name: product.place(ASKS_FOR_AN_ORDER, **wish) for name, wish in wishes.items()}
    hours = dict.fromkeys(ALWAYS, ["09:00-17:00"])
    salon = {"time_zone": "America/New_York", "calendar": {"name": "salon", "hours": hours}}
    calls["appointment"] = product.place(WANTS_TOMORROW_AT_THREE, appointments=salon)
    return calls


@pytest.fixture
def over(product, placed):
    return lambda name: product.wait_over(placed[name], seconds=120)


def the_only(call):
    (used,) = [one for one in call["tool_calls"] if one["name"] == "look_up_order"]
    return used


def asked_of_the_server(product, call):
    with urllib.request.urlopen(product.endpoints["tools_url"], timeout=5) as answer:
        calls = json.load(answer)["calls"]
    return [one for one in calls if one["body"]["call"]["call_id"] == call["id"]]


@pytest.mark.parametrize("name", ["asked", "chain"])
def test_the_agent_tells_what_the_customers_server_knows(product, over, name):
    call = over(name)
    assert "arrives tomorrow" in words(call, "assistant")
    used = the_only(call)
    assert (used["status"], used["arguments"]) == ("succeeded", {"order": 7})
    assert used["result"]["arrives"] == "tomorrow"
    (asked,) = asked_of_the_server(product, call)
    assert asked["body"]["tool_call_id"] == used["id"]
    assert asked["body"]["call"]["metadata"] == call["metadata"]
    goodbye = [one for one in call["tool_calls"] if one["name"] == "end_call"]
    assert [one["status"] for one in goodbye] == ["succeeded"]
    assert "a-secret-of-the-shop" not in json.dumps(call)


def test_an_appointment_is_booked_in_the_calendar_and_told(product, over):
    call = over("appointment")
    assert "booked for tomorrow" in words(call, "assistant")
    (booked,) = call["appointments"]
    assert (booked["status"], booked["book"]) == ("booked", "salon")
    assert booked["contact"]["name"] == "Sam Miller"
    (file,) = (product.directory / "var").glob("calendars/*/salon.ics")
    assert booked["reference"] in file.read_text()


def test_a_cassette_answers_in_the_servers_place(product, over):
    call = over("replayed")
    used = the_only(call)
    assert (used["status"], used["attempts"]) == ("succeeded", 0)
    assert used["result"] == {"status": "lost"}
    assert asked_of_the_server(product, call) == []


def test_what_calls_took_is_told_and_counted(product, over):
    for name, kinds in (
        ("asked", {"telephony", "model", "transcription"}),
        ("chain", {"telephony", "model", "transcription", "voice"}),
    ):
        cost = over(name)["cost"]
        assert {one["component"] for one in cost["actual"]["components"]} == kinds
        assert cost["predicted"]["at_most"]["minutes"] == 10
    today = datetime.now(UTC).date()
    days = f"from={today - timedelta(days=1)}&to={today + timedelta(days=1)}"
    counted = product.wait_at(
        f"/v1/account/usage?{days}",
        lambda usage: sum(day["answered"] for day in usage["data"]) >= 2,
    )
    assert sum(day["output_tokens"] for day in counted["data"]) > 0
    assert product.get(f"/v1/analytics?{days}&group_by=hour")["total"]["calls"] >= 2


def test_a_web_page_is_no_result_and_the_call_goes_on(over):
    call = over("broken")
    used = the_only(call)
    assert (used["status"], used["error"], used["http_status"]) == ("failed", "content_type", 200)
    assert call["end_reason"] == "callee_hung_up"  # without end_call the agent cannot
    assert {one["name"] for one in call["tool_calls"]} == {"look_up_order"}


def test_a_result_that_comes_later_is_taken(product, placed):
    call = product.wait_until(
        placed["later"],
        lambda call: any(
            one["name"] == "look_up_order" and one["finished_at"] for one in call["tool_calls"]
        ),
        seconds=120,
    )
    used = the_only(call)
    assert (used["status"], used["http_status"]) == ("succeeded", 202)
    assert used["result"]["arrives"] == "tomorrow"
