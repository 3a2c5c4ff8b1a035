"""A campaign whose calls use a tool of the customer's, with the words and data of each lead."""

import json
import urllib.request

import pytest
from product import Product
from scenarios import words

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

SCOPES = "calls:read,leads:read,leads:write,campaigns:read,campaigns:write"
PEOPLE = {
    "+12025550131": {"name": "Ann", "shop": "Mill Lane", "order": 7},
    "+12025550132": {"name": "Ben", "shop": "High Street", "order": 12},
}
ASKS = """
name: asks for order {order}
number: "{number}"
description: Asks for an order, which the model looks up without a word.
callee:
  - ring: 0.3
  - answer
  - listen: {{silence: 0.7, prompt: "Hello?"}}
  - say: "Where is my order?"
  - listen: {{silence: 2.5, limit: 30}}
  - say: "Thank you, goodbye."
  - listen: {{silence: 2.0, limit: 30}}
  - hang_up
model:
  - when: "order"
    tool: {{name: look_up_order, arguments: {{order: {order}}}}}
    then: "It left this morning."
  - when: "thank|bye"
    speak: "Goodbye!"
    tool: {{name: end_call}}
"""


REHEARSED = "+12025550133"
CASSETTE = {
    "calls": [{"name": "look_up_order", "arguments": {"order": 9}, "result": {"status": "lost"}}]
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A product whose callees ask for orders, each for another."""
    product = Product(tmp_path_factory.mktemp("shop"))
    arguments = []
    for number, lead in PEOPLE.items():
        scenario = product.directory / f"{lead['name']}.yaml"
        scenario.write_text(ASKS.format(number=number, order=lead["order"]))
        arguments += ["--scenario", str(scenario)]
    rehearsed = product.directory / "rehearsed.yaml"
    scenario = ASKS.format(number=REHEARSED, order=9)
    rehearsed.write_text(f"{scenario}cassette: rehearsed.json\n")
    (product.directory / "rehearsed.json").write_text(json.dumps(CASSETTE))
    product.start(*arguments, "--scenario", str(rehearsed))
    yield product
    assert product.stop() == 0


def a_tool(product):
    return {
        "name": "look_up_order",
        "description": "Finds an order of {{name}} in the shop in {{shop}}.",
        "url": product.endpoints["tools_url"] + "slow",
        "parameters": {
            "type": "object",
            "properties": {"order": {"type": "integer"}},
            "required": ["order"],
        },
        "headers": {"X-Shop-Key": "a-secret-of-the-shop"},
        "timeout_seconds": 10,
        "speak_while_waiting": "One moment, {{name}}, I am looking that up.",
    }


@pytest.fixture(scope="module")
def key(shop):
    return shop.new_key(SCOPES)


@pytest.fixture(scope="module")
def campaign(shop, key):
    """Run to its end."""
    list_id = shop.request("POST", "/v1/lists", {"name": "Buyers"}, key).body["id"]
    leads = [
        {"phone_number": number, "name": lead["name"], "metadata": {"shop": lead["shop"]}}
        for number, lead in PEOPLE.items()
    ]
    people = {"list_id": list_id, "leads": leads}
    assert shop.request("POST", "/v1/leads/bulk", people, key).status == 200
    body = {
        "name": "Orders",
        "list_ids": [list_id],
        "call": {
            "task": "Help {{name}} with their orders.",
            "first_sentence": "Hello {{name}}, this is Bright Shoes.",
            "max_duration": 1,
            "tools": [a_tool(shop)],
        },
        "retry": {"outcomes": {"short_talk": {"max": 0}}},
    }
    made = shop.request("POST", "/v1/campaigns", body, key)
    assert made.status == 201, made.body
    path = f"/v1/campaigns/{made.body['id']}"
    assert shop.request("POST", f"{path}/start", None, key).status == 200
    return shop.wait_at(path, lambda now: now["status"] == "completed", key, 150)


@pytest.fixture(scope="module")
def called(shop, key, campaign):
    """By lead's name: the call, and what the shop's server was asked in it."""
    with urllib.request.urlopen(shop.endpoints["tools_url"], timeout=5) as answer:
        asked = [one["body"] for one in json.load(answer)["calls"]]
    found = {}
    path = f"/v1/campaigns/{campaign['id']}/contacts"
    for contact in shop.request("GET", path, None, key).body["data"]:
        one = shop.request("GET", f"{path}/{contact['lead_id']}", None, key).body
        (attempt,) = one["attempts"]
        call = shop.request("GET", f"/v1/calls/{attempt['call_id']}", None, key).body
        mine = [body for body in asked if body["call"]["call_id"] == call["id"]]
        found[contact["name"]] = (call, mine)
    return found


@pytest.mark.parametrize("lead", PEOPLE.values(), ids=lambda lead: lead["name"])
def test_the_tool_is_asked_with_what_is_known_of_the_lead(campaign, called, lead):
    call, (asked,) = called[lead["name"]]
    assert asked["arguments"] == {"order": lead["order"]}
    about = asked["call"]
    assert (about["campaign_id"], about["lead_id"]) == (campaign["id"], call["lead_id"])
    number = asked["call"]["phone_number"]
    own = {"name": lead["name"], "shop": lead["shop"], "phone_number": number}
    assert about["request_data"] == own


@pytest.mark.parametrize("lead", PEOPLE.values(), ids=lambda lead: lead["name"])
def test_its_words_are_the_leads(called, lead):
    call, _ = called[lead["name"]]
    (tool,) = call["configuration"]["tools"]
    shown = f"Finds an order of {lead['name']} in the shop in {lead['shop']}."
    assert tool["description"] == shown
    name = lead["name"].lower()
    assert f"one moment {name} i am looking that up" in words(call, "assistant")


@pytest.mark.parametrize("lead", PEOPLE.values(), ids=lambda lead: lead["name"])
def test_the_call_tells_what_came_of_it(called, lead):
    call, _ = called[lead["name"]]
    (used,) = [one for one in call["tool_calls"] if one["name"] == "look_up_order"]
    assert (used["status"], used["arguments"]) == ("succeeded", {"order": lead["order"]})
    assert "it left this morning" in words(call, "assistant")
    assert "a-secret-of-the-shop" not in json.dumps(call)


def test_a_person_who_brings_recorded_answers_has_nobody_asked(shop):
    tool = {**a_tool(shop), "description": "Finds an order.", "speak_while_waiting": None}
    call = shop.wait_over(shop.place(REHEARSED, tools=[tool]))
    (used,) = [one for one in call["tool_calls"] if one["name"] == "look_up_order"]
    assert (used["status"], used["attempts"]) == ("succeeded", 0)
    assert used["result"] == {"status": "lost"}
    with urllib.request.urlopen(shop.endpoints["tools_url"], timeout=5) as answer:
        asked = [one["body"]["call"]["call_id"] for one in json.load(answer)["calls"]]
    assert call["id"] not in asked


def test_a_scenario_whose_recorded_answers_are_wrong_is_not_started(shop, tmp_path):
    scenario = tmp_path / "wrong.yaml"
    scenario.write_text(f"{ASKS.format(number=REHEARSED, order=9)}cassette: {{calls: [{{}}]}}\n")
    refused = Product(tmp_path).cli("sandbox", "--scenario", str(scenario), check=False)
    assert refused.returncode == 2
    assert f"The scenario of {REHEARSED}: cassette.calls.0" in refused.stderr
