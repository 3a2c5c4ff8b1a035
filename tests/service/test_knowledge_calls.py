"""Knowledge in calls: what the model is told there is, what it finds, and what is kept of it."""

import json
from dataclasses import replace

import factories
import pytest
from gevent.event import Event
from knowledge_rig import HANDBOOK, WordVectors, ingestion, read_all

from topcalls.bridge.config import conversation_for
from topcalls.core.knowledge import tokens_of
from topcalls.core.knowledge_citations import Lookup
from topcalls.core.knowledge_use import KnowledgeUse
from topcalls.core.redaction import MASKED
from topcalls.core.tools import ToolRecord, ToolRequest, ToolStatus
from topcalls.core.transcript import Turn
from topcalls.services import knowledge_search
from topcalls.services.knowledge_calls import CallKnowledge
from topcalls.services.knowledge_search import KnowledgeSearch, VectorCache
from topcalls.services.lookups import citations
from topcalls.services.webhook_payload import encoded
from topcalls.store import calls

pytestmark = pytest.mark.service

ORDERS = [
    {"order": "A-1042", "customer": "Ada Byron", "state": "shipped on Monday"},
    {"order": "A-1043", "customer": "Alan Moss", "state": "waiting for leather"},
]


@pytest.fixture
def who(services):
    return factories.principal(services)


@pytest.fixture
def bases(services, who):
    make = services.knowledge.create
    about = {"description": "Hours, parking, returns."}
    texts = make(who.account_id, {"type": "text", "name": "Shop", "text": HANDBOOK} | about)
    rows = make(who.account_id, {"type": "data", "name": "Orders", "rows": ORDERS})
    read_all(services)
    return texts, rows


@pytest.fixture
def call(services, who, bases):
    ids = tuple(base.id for base in bases)
    return factories.claimed_call(services, who, knowledge_base_ids=ids)


def ask(services, call, query, use="use-1", **fields):
    arguments = {"query": query} | ({"fields": fields} if fields else {})
    record = ToolRecord(use, "search_knowledge", True, json.dumps(arguments), 1_000)
    return services.call_knowledge.tool(call, ToolRequest(record, arguments))


def test_the_model_is_told_what_there_is(services, call):
    outlines = services.call_knowledge.outlines(call)
    config = conversation_for(call.request, default_model="gpt-realtime", bases=outlines)
    (spec,) = [spec for spec in config.session.tools if spec.name == "search_knowledge"]
    assert "Shop: Hours, parking, returns." in spec.description
    offered = spec.parameters["properties"]["fields"]["properties"]
    assert set(offered) == {"order", "customer", "state"}
    assert "search_knowledge" in config.builtin_tools
    assert config.knowledge.start_query.startswith("Ask whether the appointment")
    bare = conversation_for(replace(call.request, knowledge_base_ids=()), default_model="x")
    assert "search_knowledge" not in bare.builtin_tools
    assert bare.knowledge.start_query == ""


def test_the_tool_finds_passages_with_their_sources_over_several_bases(services, call):
    result = ask(services, call, "Where do guests park?")
    assert result.status is ToolStatus.SUCCEEDED
    told = json.loads(result.output)["passages"]
    assert told.startswith("[Shop · Parking]\nGuests park behind the house")
    exact = json.loads(ask(services, call, "order", "use-2", order="a 1043").output)["passages"]
    assert exact.startswith("[Orders · row 2]")
    assert "waiting for leather" in exact


def test_nothing_found_is_said_to_be_nothing(services, call):
    told = json.loads(ask(services, call, "quantum chromodynamics").output)
    assert told["found"] == "nothing"


def test_the_budget_of_the_call_is_held(services, who, call):
    small = replace(call, request=replace(call.request, knowledge=KnowledgeUse(max_tokens=60)))
    told = json.loads(ask(services, small, "open park return shoes").output)["passages"]
    assert tokens_of(told) <= 60


def test_what_was_looked_up_is_kept_and_cited_by_what_rests_on_it(services, who, call):
    life = factories.Life(services, call).talk(10)
    ask(services, call, "What about returns?")
    services.call_knowledge.of(call)("parking")
    now = services.clock.now()
    said = "You can return the shoes within thirty days, unworn and in their box."
    services.calls.append_turn(call.call_id, Turn(1, "user", "Can I return shoes?", 0, 900), now)
    services.calls.append_turn(call.call_id, Turn(2, "assistant", said, 2_000, 5_000), now)
    services.calls.append_turn(call.call_id, Turn(3, "assistant", "Goodbye!", 6_000, 7_000), now)
    life.hang_up()
    lookups = services.calls.lookups.of_call(who.account_id, call.call_id)
    assert [(look.trigger, look.query) for look in lookups] == [("tool", "What about returns?")]
    view = services.calls.transcripts.get(who.account_id, call.call_id)
    assert citations(view.turns, lookups, None) == view.citations
    assert list(view.citations) == [2]
    [cited] = view.citations[2]
    assert (cited["title"], cited["heading"]) == ("Shop", "Returns")
    row = services.db.read(calls.get, call.call_id)
    details = services.calls.get(who.account_id, call.call_id)
    told = services.db.read(encoded, row, "call.completed", details, 1)
    of_turns = [turn["citations"] for turn in json.loads(told)["transcript"]]
    assert of_turns == [[], [cited], []]
    other = factories.principal(services, name="Other")
    assert services.calls.lookups.of_call(other.account_id, call.call_id) == []


def test_what_identifies_people_is_not_kept_where_the_call_says_so(services, who, bases):
    ids = (bases[1].id,)
    call = factories.claimed_call(
        services, who, knowledge_base_ids=ids, redaction={"names": ["Ada Byron"]}
    )
    ask(services, call, "What has Ada Byron ordered?")
    (look,) = services.calls.lookups.of_call(who.account_id, call.call_id)
    assert "Byron" not in look.query
    assert "Byron" not in str(look.passages)


def test_what_is_asked_while_the_recording_is_paused_is_not_kept(services, who, call):
    record = ToolRecord("use-1", "search_knowledge", True, MASKED, 1_000)
    services.call_knowledge.tool(call, ToolRequest(record, {"query": "my card 4111"}))
    assert services.calls.lookups.of_call(who.account_id, call.call_id) == []


def test_lookups_of_a_call_are_numbered_whoever_notes_them(services, who, call):
    look = Lookup("turn", "q", 5, 1, "full_text", ({"document_id": "d", "text": "t"},))
    for _ in range(3):
        services.calls.lookups.note(call.call_id, look, services.clock.now())
    assert services.calls.lookups.of_call(who.account_id, call.call_id) == [look] * 3


def test_a_base_that_was_deleted_during_the_call_finds_nothing(services, who, call, bases):
    for base in bases:
        services.knowledge.delete(who.account_id, base.id)
    result = ask(services, call, "parking")
    assert (result.status, result.error) == (ToolStatus.FAILED, "no_knowledge")
    assert services.call_knowledge.outlines(call) == ()


def test_a_call_never_finds_what_is_anothers(services, call):
    other = factories.principal(services, name="Other")
    ids = call.request.knowledge_base_ids
    theirs = factories.claimed_call(services, other, knowledge_base_ids=ids)
    assert ask(services, theirs, "parking").error == "no_knowledge"


# --- by meaning


class Synonyms(WordVectors):
    """Knows that a car is a vehicle."""

    def embed(self, texts, timeout):
        return super().embed([text.replace("vehicle", "park guests") for text in texts], timeout)


def semantic(services, model):
    search = KnowledgeSearch(services.db, services.clock, model)
    return CallKnowledge(services.db, services.clock, search, services.calls.lookups)


def refreshed(services, who, base, model):
    (source,) = services.knowledge.sources.list(who.account_id, base.id)
    services.knowledge.sources.refresh(who.account_id, base.id, source.id)
    read_all(services, ingestion(services, model))


def test_meaning_finds_what_words_do_not(services, who, call, bases):
    model = Synonyms()
    refreshed(services, who, bases[0], model)
    assert json.loads(ask(services, call, "vehicle").output)["found"] == "nothing"
    found = semantic(services, model).of(call)("vehicle")
    assert (found.method, found.hits[0].heading) == ("hybrid", "Parking")


def test_a_question_that_is_not_embedded_in_time_is_looked_for_by_its_words(
    services, who, call, bases
):
    model = WordVectors()
    refreshed(services, who, bases[0], model)
    model.broken = 1
    find = semantic(services, model).of(call)
    assert (find("parking").method, find("parking").method) == ("full_text", "hybrid")
    assert find("parking").hits[0].heading == "Parking"


def test_a_model_that_does_not_answer_holds_no_call_up(services, who, call, bases, monkeypatch):
    monkeypatch.setattr(knowledge_search, "EMBED_SECONDS", 0.05)
    asked = Event()

    class Mute(WordVectors):
        def embed(self, texts, timeout):
            asked.set()
            Event().wait(60)

    found = semantic(services, Mute()).of(call)("parking")
    assert asked.is_set()
    assert (found.method, found.hits[0].heading) == ("full_text", "Parking")


def test_a_changed_base_is_found_by_its_new_meaning(services, who, call, bases):
    model = WordVectors()
    refreshed(services, who, bases[0], model)
    find = semantic(services, model).of(call)
    assert find("parking").hits
    text = "# Parking\n\nThe meadow is for cars."
    services.knowledge.change(who.account_id, bases[0].id, {"text": text})
    read_all(services, ingestion(services, model))
    assert "meadow" in find("parking").hits[0].text


def test_the_cache_holds_its_limit():
    class Some:
        def __init__(self, size):
            self.rows = self
            self.nbytes = size

    cache = VectorCache(100)
    for number in range(5):
        cache.put((f"base-{number}", 1, "m"), Some(40))
    assert cache.get(("base-0", 1, "m")) is None
    assert cache.get(("base-4", 1, "m")) is not None
    cache.put(("base-4", 2, "m"), Some(40))
    assert cache.get(("base-4", 1, "m")) is None
