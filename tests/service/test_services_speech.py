"""The dictionary of an account, and what calls get of it."""

import factories
import inbound_rig
import pytest
from api_client import fault_paths

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

WORDS = {
    "keywords": ["Bright Smile"],
    "pronunciations": [{"word": "Nguyen", "say": "win"}, {"word": "SQL", "say": "sequel"}],
}


def configuration(api, created):
    return api.get(f"/v1/calls/{created.json['call_id']}").json["configuration"]


def test_a_dictionary_is_replaced_whole(api):
    assert api.get("/v1/account/speech").json == {"keywords": [], "pronunciations": []}
    put = api.send("PUT", "/v1/account/speech", json=WORDS)
    assert (put.status_code, put.json) == (200, WORDS)
    assert api.get("/v1/account/speech").json == WORDS
    api.send("PUT", "/v1/account/speech", json={"keywords": ["Acme"]})
    assert api.get("/v1/account/speech").json == {"keywords": ["Acme"], "pronunciations": []}


def test_every_fault_is_named(api):
    body = {"keywords": ["ok", ""], "pronunciations": [{"word": "X"}]}
    refused = api.send("PUT", "/v1/account/speech", json=body)
    assert fault_paths(refused) == ["keywords.1", "pronunciations.0.say"]
    assert api.get("/v1/account/speech").json["keywords"] == []
    refused = api.create(**body)
    assert set(fault_paths(refused)) == {"keywords.1", "pronunciations.0.say"}
    assert fault_paths(api.create(spoken_forms="yes")) == ["spoken_forms"]


def test_it_is_the_accounts_own_and_needs_a_key_that_may_write(api):
    api.send("PUT", "/v1/account/speech", json=WORDS)
    other = factories.principal(api.services, name="Other")
    token = api.key("calls:read", account_id=other.account_id)
    assert api.get("/v1/account/speech", token=token).json["keywords"] == []
    assert api.send("PUT", "/v1/account/speech", json=WORDS, token=token).status_code == 403


def test_a_call_has_its_own_words_then_its_agents_then_its_accounts(api):
    api.send("PUT", "/v1/account/speech", json=WORDS)
    agent = {
        "task": "Take the call.",
        "keywords": ["Acme", "bright smile"],
        "pronunciations": [{"word": "sql", "say": "S Q L"}],
    }
    made = api.post("/v1/agents", json={"name": "A", "configuration": agent}).json["id"]
    api.post(f"/v1/agents/{made}/publish")
    created = api.post(
        "/v1/calls",
        json={
            "phone_number": factories.NUMBER,
            "agent_id": made,
            "keywords": ["Zeta"],
            "pronunciations": [{"word": "Zeta", "ipa": "ˈziːtə"}],
        },
    )
    held = configuration(api, created)
    assert held["keywords"] == ["Zeta", "Acme", "bright smile"]
    assert held["pronunciations"] == [
        {"word": "Zeta", "ipa": "ˈziːtə"},
        {"word": "sql", "say": "S Q L"},
        {"word": "Nguyen", "say": "win"},
    ]


def test_what_is_wrong_with_a_calls_own_words_is_told_beside_an_agents(api):
    agent = {"task": "Take the call.", "keywords": ["Acme"]}
    made = api.post("/v1/agents", json={"name": "A", "configuration": agent}).json["id"]
    api.post(f"/v1/agents/{made}/publish")
    body = {"phone_number": factories.NUMBER, "agent_id": made, "keywords": "Zeta"}
    assert fault_paths(api.post("/v1/calls", json=body)) == ["keywords"]


def test_a_call_that_comes_in_has_them_too(services):
    who = factories.principal(services)
    services.account_speech.put(who.account_id, WORDS)
    agent = inbound_rig.agent(services, who.account_id, keywords=["Acme"])
    inbound_rig.number(services, who.account_id, agent)
    taken = services.inbound.take(inbound_rig.arrival(), factories.OWNER, services.clock.now())
    assert taken.request.keywords == ("Acme", "Bright Smile")
    assert [entry["word"] for entry in taken.request.pronunciations] == ["Nguyen", "SQL"]
