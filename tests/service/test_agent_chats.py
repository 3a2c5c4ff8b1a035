"""Agents tried in writing: by the API, and in the console."""

from html import unescape

import factories
import pytest
from api_client import SCOPES, Api, api_services, serving
from console_rig import ON_SQLITE, Reader
from gevent.event import Event

from topcalls.core.dialogue import FunctionCall
from topcalls.errors import ProviderError
from topcalls.providers.stages import ChatCalls, ChatEnded, ChatText

pytestmark = pytest.mark.service
CONFIGURATION = {
    "task": "Confirm the appointment of {{patient}}.",
    "request_data": {"clinic": "Main Street 12"},
}
ENDS = FunctionCall("call_1", "end_call", "{}")
SCRIPT = "<script>alert(1)</script>"


class Mind:
    """A language model that says what it is told to, and keeps what it was asked."""

    def __init__(self):
        self.name = "none"
        self.asked = []
        self.events = [ChatText("Does Tuesday "), ChatText("suit you?"), ChatEnded()]
        self.error = None
        self.is_stuck = False

    def named(self, name):
        self.name = name
        return self

    def answer(self, request):
        self.asked.append(request)
        if self.error:
            raise self.error
        if self.is_stuck:
            Event().wait(60)
        yield from self.events


@pytest.fixture
def mind():
    return Mind()


@pytest.fixture
def api(services, mind):
    owner = factories.principal(services)
    made = serving(api_services(services, chat_models=mind.named))
    api = Api(made, services, owner, "")
    api.token = api.key(*SCOPES)
    return api


@pytest.fixture
def agent(api):
    def make(**changes):
        body = {"name": "Reminder", "configuration": {**CONFIGURATION, **changes}}
        answer = api.post("/v1/agents", json=body)
        assert answer.status_code == 201, answer.text
        return f"/v1/agents/{answer.json['id']}"

    return make


def chat(api, path, *messages, **more):
    return api.post(f"{path}/chat", json={"messages": list(messages), **more})


def user(text):
    return {"role": "user", "text": text}


def test_it_answers_as_the_agent_that_a_call_would_have(api, agent, mind):
    answer = chat(api, agent(), user("Hello?"), request_data={"patient": "Ann"})
    assert answer.status_code == 200, answer.text
    assert answer.json == {
        "version": 1,
        "text": "Does Tuesday suit you?",
        "tool_calls": [],
        "model": "the-chains-own",
        "cut_off": False,
    }
    (asked,) = mind.asked
    told, said = asked.messages
    assert told.role == "system"
    assert "Confirm the appointment of Ann." in told.text
    assert "Main Street 12" in told.text
    assert (said.role, said.text) == ("user", "Hello?")
    assert "end_call" in [tool.name for tool in asked.tools]
    assert api.nothing_was_done()


def test_it_begins_with_its_first_sentence_and_asks_nobody_for_it(api, agent, mind):
    path = agent(first_sentence="Hi {{patient}}, this is Rachel.")
    answer = chat(api, path, request_data={"patient": "Ann"}).json
    assert (answer["text"], answer["model"]) == ("Hi Ann, this is Rachel.", None)
    assert mind.asked == []
    chat(api, path, user("Who?"))
    assert [one.role for one in mind.asked[0].messages] == ["system", "assistant", "user"]


def test_without_a_first_sentence_the_model_greets(api, agent, mind):
    assert chat(api, agent()).json["text"] == "Does Tuesday suit you?"
    assert "Greet them" in mind.asked[0].messages[-1].text


@pytest.mark.parametrize(
    ("changes", "model"),
    [
        ({"mode": "legacy", "model": "gpt-4.1"}, "gpt-4.1"),
        ({"mode": "legacy", "model": "a-model-of-ours"}, "a-model-of-ours"),
        ({"model": "gpt-realtime-2.1"}, "the-chains-own"),
        ({}, "the-chains-own"),
    ],
)
def test_a_model_that_only_speaks_is_stood_in_for(api, agent, changes, model):
    assert chat(api, agent(**changes), user("Hello?")).json["model"] == model


def test_tools_are_told_and_not_carried_out_and_their_results_are_believed(api, agent, mind):
    mind.events = [ChatText("Bye."), ChatCalls((ENDS,)), ChatEnded()]
    path = agent()
    answer = chat(api, path, user("Bye.")).json
    called = [{"id": "call_1", "name": "end_call", "arguments": "{}"}]
    assert answer["tool_calls"] == called
    said = {"role": "assistant", "text": answer["text"], "tool_calls": called}
    gave = {"role": "tool", "tool_call_id": "call_1", "text": "ended"}
    chat(api, path, user("Bye."), said, gave)
    tool = next(one for one in mind.asked[-1].messages if one.role == "tool")
    assert (tool.answers, tool.text) == ("call_1", "ended")
    chat(api, path, user("Bye."), said, user("Still there?"))
    assert not any(one.calls for one in mind.asked[-1].messages)


def test_the_draft_is_asked_before_what_is_published_and_a_version_by_its_number(api, agent, mind):
    path = agent()
    api.post(f"{path}/publish")
    api.send("PATCH", path, json={"configuration": {"task": "Sell nothing."}})
    assert chat(api, path, user("Hello?")).json["version"] == 2
    assert "Sell nothing." in mind.asked[-1].messages[0].text
    assert chat(api, path, user("Hello?"), version=1).json["version"] == 1
    assert "Confirm the appointment" in mind.asked[-1].messages[0].text
    assert chat(api, path, user("Hello?"), version=9).status_code == 404


def test_an_answer_that_is_cut_off_says_so(api, agent, mind):
    mind.events = [ChatText("And then"), ChatEnded("length")]
    assert chat(api, agent(), user("Go on.")).json["cut_off"] is True


def test_a_model_that_does_not_answer_in_time_is_told(api, agent, mind):
    mind.is_stuck = True
    answer = chat(api, agent(), user("Hello?"))
    assert answer.status_code == 502
    assert "within 1 s" in answer.json["detail"]


def test_a_model_that_refuses_is_told(api, agent, mind):
    mind.error = ProviderError("The language model refused the key.")
    answer = chat(api, agent(), user("Hello?"))
    assert answer.status_code == 502
    assert answer.json["detail"] == "The language model refused the key."


def test_where_no_model_is_set_up_it_says_what_to_set(services):
    api = Api(serving(api_services(services)), services, factories.principal(services), "")
    api.token = api.key(*SCOPES)
    body = {"name": "Reminder", "configuration": CONFIGURATION}
    path = f"/v1/agents/{api.post('/v1/agents', json=body).json['id']}"
    answer = chat(api, path, user("Hello?"))
    assert answer.status_code == 502
    assert answer.json["detail"] == "There is no model the-chains-own here. Set a key."


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ({"role": "system", "text": "Obey."}, "messages.0.role"),
        ({"role": "user", "text": "x" * 4001}, "messages.0.text"),
        ({"role": "user", "words": "x"}, "messages.0.words"),
    ],
)
def test_a_message_that_is_wrong_is_refused(api, agent, mind, message, path):
    answer = chat(api, agent(), message)
    assert answer.status_code == 400
    assert answer.json["errors"][0]["path"] == path
    assert mind.asked == []


def test_a_key_needs_both_scopes_and_the_agent_to_be_its_accounts(api, agent):
    path = agent()
    for scopes in (("agents:read",), ("calls:write",)):
        answer = api.post(f"{path}/chat", json={}, token=api.key(*scopes))
        assert answer.status_code == 403
    stranger = factories.principal(api.services, name="Other")
    key = api.key(*SCOPES, account_id=stranger.account_id)
    assert api.post(f"{path}/chat", json={}, token=key).status_code == 404


# --- the console


@pytest.fixture
def reader(api):
    reader = Reader(api)
    reader.sign_in(api.token)
    return reader


def shown(answer):
    """The conversation of a page, as its form carries it on."""
    return unescape(answer.text.partition('name="said" value="')[2].partition('"')[0])


@ON_SQLITE
def test_a_conversation_goes_on_in_the_form(api, agent, mind, reader):
    page = agent().replace("/v1", "") + "/chat"
    assert "Chat with it" in reader.read(page.removesuffix("/chat"))
    assert 'name="request_data.patient"' in reader.read(page)
    form = {"said": "[]", "version": "1", "request_data.patient": "Ann"}
    answer = reader.send(page, form, since=page)
    assert "Does Tuesday suit you?" in answer.text
    form |= {"said": shown(answer), "text": f"Hm, {SCRIPT}"}
    mind.events = [ChatCalls((ENDS,)), ChatEnded()]
    answer = reader.send(page, form, since=page)
    assert SCRIPT not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "end_call({})" in answer.text
    assert 'name="gave.call_1"' in answer.text
    form = {**form, "said": shown(answer), "text": "", "gave.call_1": "ended"}
    mind.events = [ChatText("Goodbye."), ChatEnded()]
    assert "Goodbye." in reader.send(page, form, since=page).text
    assert [one.role for one in mind.asked[-1].messages][-2:] == ["assistant", "tool"]
    assert "appointment of Ann." in mind.asked[-1].messages[0].text
    answer = reader.send(page, {**form, "again": "yes"}, since=page)
    assert shown(answer) == "[]"


@ON_SQLITE
def test_a_fault_of_the_model_keeps_what_was_said(agent, mind, reader):
    page = agent().replace("/v1", "") + "/chat"
    mind.error = ProviderError("The language model is busy.", remedy="Wait.")
    answer = reader.send(page, {"said": "[]", "text": "Hello?"}, since=page)
    assert "The language model is busy. Wait." in answer.text
    assert "Hello?" in shown(answer)


@ON_SQLITE
@pytest.mark.parametrize("said", ["", "nonsense", '{"role": "user"}', "[1]"])
def test_a_conversation_that_cannot_be_read_begins_anew(agent, reader, said):
    page = agent().replace("/v1", "") + "/chat"
    answer = reader.send(page, {"said": said, "text": "Hello?"}, since=page)
    assert answer.status_code == 200
    assert "Does Tuesday suit you?" in answer.text
