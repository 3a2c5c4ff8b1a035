"""Agents: drafts, published versions, roll-back, and what calls get of them."""

from __future__ import annotations

from datetime import timedelta

import factories
import gevent
import pytest

from topcalls.core.agents import AgentStatus, ChangeKind, VersionState
from topcalls.errors import Conflict, InvalidRequest, NotFound

pytestmark = pytest.mark.service
TASK = "Confirm the appointment on Tuesday at ten."


@pytest.fixture
def who(services):
    return factories.principal(services)


@pytest.fixture
def agent(services, who):
    """An agent with a draft."""
    return services.agents.create(who.account_id, "Front desk", {"task": TASK, "voice": "coral"})


def paths(error):
    return {fault.path: fault.code for fault in error.value.errors}


def edit(services, who, agent, revision=None, **configuration):
    return services.agents.edit(
        who.account_id, agent.agent.id, {"configuration": configuration}, revision
    )


def published(services, who, **configuration):
    """The id of an agent whose first version is published."""
    made = services.agents.create(who.account_id, "Front desk", {"task": TASK, **configuration})
    services.agents.publish(who.account_id, made.agent.id)
    return made.agent.id


# --- drafts


def test_a_new_agent_is_a_draft(agent):
    view = agent.agent
    assert (view.name, view.status, view.revision) == ("Front desk", AgentStatus.ACTIVE, 1)
    assert (view.published_version, view.draft_version) == (None, 1)
    assert agent.published is None
    assert agent.draft.state is VersionState.DRAFT
    assert agent.draft.configuration == {"task": TASK, "voice": "coral"}


def test_what_is_null_is_not_stored(services, who):
    made = services.agents.create(who.account_id, "Desk", {"task": TASK, "voice": None})
    assert made.draft.configuration == {"task": TASK}


def test_an_edit_changes_the_draft_and_counts_as_a_revision(services, who, agent):
    edited = edit(services, who, agent, first_sentence="Hello!", voice=None)
    assert edited.draft.number == 1
    assert edited.draft.configuration == {"task": TASK, "first_sentence": "Hello!"}
    assert edited.agent.revision == 2


def test_an_edit_that_changes_nothing_is_none(services, who, agent):
    same = {"name": "Front desk", "configuration": {"voice": "coral"}}
    assert services.agents.edit(who.account_id, agent.agent.id, same) == agent


def test_name_and_description_belong_to_the_agent_not_to_a_version(services, who):
    agent_id = published(services, who)
    edited = services.agents.edit(
        who.account_id, agent_id, {"name": "Reception", "description": "Answers."}
    )
    assert (edited.agent.name, edited.agent.description) == ("Reception", "Answers.")
    assert edited.agent.draft_version is None
    cleared = services.agents.edit(who.account_id, agent_id, {"description": None})
    assert cleared.agent.description is None


def test_an_edit_of_a_published_agent_begins_a_draft_and_leaves_what_is_in_use(services, who):
    agent_id = published(services, who, voice="coral")
    services.clock.advance(60)
    edited = services.agents.edit(who.account_id, agent_id, {"configuration": {"voice": "verse"}})
    assert (edited.agent.published_version, edited.agent.draft_version) == (1, 2)
    assert edited.published.configuration["voice"] == "coral"
    assert edited.draft.configuration == {"task": TASK, "voice": "verse"}
    assert edited.draft.created_at - edited.published.created_at == timedelta(minutes=1)


def test_an_agent_holds_nothing_that_a_call_would_refuse(services, who):
    wrong = {
        "task": "x",
        "phone_number": factories.NUMBER,
        "voise": "coral",
        "first_sentence": "Hello {{name!}}",
    }
    with pytest.raises(InvalidRequest) as caught:
        services.agents.create(who.account_id, " ", wrong, description=7)
    assert paths(caught) == {
        "name": "length",
        "description": "invalid_type",
        "configuration.task": "length",
        "configuration.phone_number": "not_of_an_agent",
        "configuration.voise": "unknown",
        "configuration.first_sentence": "invalid_placeholder",
    }
    assert services.agents.list(who.account_id).data == ()


@pytest.mark.parametrize("configuration", [None, [], "task", {}])
def test_a_configuration_is_a_whole_one(services, who, configuration):
    with pytest.raises(InvalidRequest):
        services.agents.create(who.account_id, "Desk", configuration)


def test_an_edit_that_would_make_the_agent_wrong_changes_nothing(services, who, agent):
    with pytest.raises(InvalidRequest) as caught:
        edit(services, who, agent, task=None)
    assert paths(caught) == {"configuration.task": "required"}
    assert services.agents.get(who.account_id, agent.agent.id) == agent


# --- publishing


def test_publishing_makes_the_draft_the_version_in_use(services, who, agent):
    done = services.agents.publish(who.account_id, agent.agent.id)
    assert (done.agent.published_version, done.agent.draft_version) == (1, None)
    version = services.agents.published(who.account_id, agent.agent.id)
    assert version.state is VersionState.PUBLISHED
    assert version.published_at == services.clock.now()
    assert version == done.published


def test_publishing_again_changes_nothing(services, who, agent):
    done = services.agents.publish(who.account_id, agent.agent.id)
    assert services.agents.publish(who.account_id, agent.agent.id) == done


def test_publishing_the_next_version_supersedes_the_one_before(services, who):
    agent_id = published(services, who)
    services.agents.edit(who.account_id, agent_id, {"configuration": {"voice": "verse"}})
    services.agents.publish(who.account_id, agent_id)
    page = services.agents.versions(who.account_id, agent_id)
    assert [(item.number, item.state) for item in page.data] == [
        (2, VersionState.PUBLISHED),
        (1, VersionState.SUPERSEDED),
    ]


def test_what_was_right_when_it_was_written_is_judged_again_when_it_is_published(
    services, who, clock
):
    made = services.agents.create(who.account_id, "A", {"task": TASK, "model": "gpt-realtime"})
    clock.advance(timedelta(days=90).total_seconds())
    with pytest.raises(InvalidRequest) as caught:
        services.agents.publish(who.account_id, made.agent.id)
    assert paths(caught) == {"configuration.model": "shut_down"}
    assert services.agents.get(who.account_id, made.agent.id) == made


# --- rolling back


def test_rolling_back_uses_an_older_version_and_keeps_the_draft(services, who):
    agent_id = published(services, who, voice="coral")
    for voice in ("verse", "sage"):
        services.agents.edit(who.account_id, agent_id, {"configuration": {"voice": voice}})
        if voice == "verse":
            services.agents.publish(who.account_id, agent_id)
    back = services.agents.rollback(who.account_id, agent_id, 1)
    assert (back.agent.published_version, back.agent.draft_version) == (1, 3)
    assert services.agents.published(who.account_id, agent_id).configuration["voice"] == "coral"
    again = services.agents.publish(who.account_id, agent_id)
    assert again.published.configuration["voice"] == "sage"


def test_after_rolling_back_there_is_no_draft_to_publish_by_accident(services, who):
    agent_id = published(services, who)
    services.agents.edit(who.account_id, agent_id, {"configuration": {"voice": "verse"}})
    services.agents.publish(who.account_id, agent_id)
    services.agents.rollback(who.account_id, agent_id, 1)
    with pytest.raises(Conflict, match="no draft"):
        services.agents.publish(who.account_id, agent_id)
    edited = services.agents.edit(who.account_id, agent_id, {"configuration": {"voice": "sage"}})
    assert edited.agent.draft_version == 3


def test_rolling_back_to_what_is_in_use_changes_nothing(services, who):
    agent_id = published(services, who)
    before = services.agents.get(who.account_id, agent_id)
    assert services.agents.rollback(who.account_id, agent_id, 1) == before


def test_a_draft_is_published_not_rolled_back_to(services, who, agent):
    with pytest.raises(Conflict, match="draft"):
        services.agents.rollback(who.account_id, agent.agent.id, 1)
    for number in (2, 0, -1, 2**40):
        with pytest.raises(NotFound):
            services.agents.rollback(who.account_id, agent.agent.id, number)


# --- several people


@pytest.mark.parametrize("verb", ["edit", "publish", "rollback", "archive"])
def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(services, who, verb):
    agent_id = published(services, who)
    services.agents.edit(who.account_id, agent_id, {"configuration": {"voice": "verse"}})
    before = services.agents.get(who.account_id, agent_id)
    arguments = {"edit": [{"name": "Mine"}], "rollback": [1]}.get(verb, [])
    with pytest.raises(Conflict) as caught:
        getattr(services.agents, verb)(who.account_id, agent_id, *arguments, revision=2)
    assert caught.value.extra["revision"] == 3
    assert services.agents.get(who.account_id, agent_id) == before
    getattr(services.agents, verb)(who.account_id, agent_id, *arguments, revision=3)


def test_of_changes_that_race_one_wins(services, who, agent):
    def change(number):
        try:
            edit(services, who, agent, revision=1, first_sentence=f"Hello {number}!")
        except Conflict:
            return None
        return number

    racers = [gevent.spawn(change, number) for number in range(6)]
    told = [racer.get(timeout=20) for racer in racers]
    (winner,) = [number for number in told if number is not None]
    now = services.agents.get(who.account_id, agent.agent.id)
    assert now.agent.revision == 2
    assert now.draft.configuration["first_sentence"] == f"Hello {winner}!"


def test_drafts_that_are_begun_at_once_are_one(services, who):
    agent_id = published(services, who)
    racers = [
        gevent.spawn(services.agents.edit, who.account_id, agent_id, {"configuration": {name: 9}})
        for name in ("max_duration", "silence_timeout_seconds", "priority")
    ]
    gevent.joinall(racers, timeout=20, raise_error=True)
    now = services.agents.get(who.account_id, agent_id)
    assert now.agent.draft_version == 2
    assert now.draft.configuration.keys() - {"task"} == {
        "max_duration",
        "silence_timeout_seconds",
        "priority",
    }


# --- archiving


def test_an_archived_agent_is_readable_and_of_no_use(services, who):
    agent_id = published(services, who)
    account_id = who.account_id
    assert services.agents.exists(account_id, agent_id)
    archived = services.agents.archive(account_id, agent_id)
    assert archived.status is AgentStatus.ARCHIVED
    assert services.agents.archive(account_id, agent_id) == archived
    assert not services.agents.exists(account_id, agent_id)
    assert services.agents.version(account_id, agent_id, 1).configuration == {"task": TASK}
    for verb in (
        lambda: services.agents.published(account_id, agent_id),
        lambda: services.agents.publish(account_id, agent_id),
        lambda: services.agents.rollback(account_id, agent_id, 1),
        lambda: services.agents.edit(account_id, agent_id, {"name": "New"}),
    ):
        with pytest.raises(Conflict, match="archived"):
            verb()


def test_an_agent_that_takes_the_calls_of_numbers_is_not_archived(services, who):
    agent_id = published(services, who)
    body = {"number": "+12025550111", "agent_id": agent_id}
    number = services.phone_numbers.add(who.account_id, body)
    with pytest.raises(Conflict) as caught:
        services.agents.archive(who.account_id, agent_id)
    assert caught.value.extra["used_by"] == ["the number +12025550111"]
    assert services.agents.exists(who.account_id, agent_id)
    services.phone_numbers.update(who.account_id, number.id, {"agent_id": None})
    services.agents.archive(who.account_id, agent_id)


# --- reading


def test_agents_of_another_account_are_not_found(services, who, agent):
    other = factories.principal(services, name="Other").account_id
    agent_id = agent.agent.id
    assert not services.agents.exists(other, agent_id)
    assert services.agents.list(other).data == ()
    for verb, arguments in [
        ("get", []),
        ("published", []),
        ("versions", []),
        ("version", [1]),
        ("diff", [1, 1]),
        ("edit", [{"name": "Stolen"}]),
        ("publish", []),
        ("rollback", [1]),
        ("archive", []),
    ]:
        with pytest.raises(NotFound):
            getattr(services.agents, verb)(other, agent_id, *arguments)


def test_pages_lose_and_repeat_nothing_even_for_agents_of_one_moment(services, who):
    made = [services.agents.create(who.account_id, f"A{n}", {"task": TASK}) for n in range(5)]
    services.agents.archive(who.account_id, made[3].agent.id)
    seen, cursor = [], None
    while True:
        page = services.agents.list(who.account_id, 2, cursor)
        seen += [view.name for view in page.data]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["A4", "A2", "A1", "A0"]
    names = {
        status: [view.name for view in services.agents.list(who.account_id, status=status).data]
        for status in (AgentStatus.ARCHIVED, None)
    }
    assert names == {AgentStatus.ARCHIVED: ["A3"], None: ["A4", "A3", "A2", "A1", "A0"]}


def test_versions_are_paged(services, who):
    agent_id = published(services, who)
    for voice in ("verse", "sage", "ash"):
        services.agents.edit(who.account_id, agent_id, {"configuration": {"voice": voice}})
        services.agents.publish(who.account_id, agent_id)
    first = services.agents.versions(who.account_id, agent_id, 3)
    assert ([item.number for item in first.data], first.next_cursor) == ([4, 3, 2], 2)
    rest = services.agents.versions(who.account_id, agent_id, 3, first.next_cursor)
    assert ([item.number for item in rest.data], rest.next_cursor) == ([1], None)


def test_the_difference_is_told_field_by_field(services, who):
    agent_id = published(services, who, voice="coral", request_data={"clinic": "Bright"})
    services.agents.edit(
        who.account_id,
        agent_id,
        {
            "configuration": {
                "voice": None,
                "request_data": {"clinic": "Smile"},
                "first_sentence": "Hello!",
            }
        },
    )
    found = services.agents.diff(who.account_id, agent_id)
    assert (found.from_version, found.to_version) == (1, 2)
    assert [(c.path, c.kind, c.before, c.after) for c in found.changes] == [
        ("first_sentence", ChangeKind.ADDED, None, "Hello!"),
        ("request_data.clinic", ChangeKind.CHANGED, "Bright", "Smile"),
        ("voice", ChangeKind.REMOVED, "coral", None),
    ]
    assert services.agents.diff(who.account_id, agent_id, 2, 2).changes == ()
    with pytest.raises(NotFound, match="no version 9"):
        services.agents.diff(who.account_id, agent_id, 1, 9)


def test_a_difference_needs_a_beginning(services, who, agent):
    with pytest.raises(InvalidRequest) as caught:
        services.agents.diff(who.account_id, agent.agent.id)
    assert paths(caught) == {"from": "required"}


# --- what calls get


def test_a_call_gets_the_published_version(services, who):
    agent_id = published(services, who, voice="coral", request_data={"clinic": "Bright"})
    body = {"phone_number": factories.NUMBER, "agent_id": agent_id, "voice": None}
    merged = services.agents.call_body(
        who.account_id, {**body, "request_data": {"name": "Ann"}, "max_duration": 3}
    )
    assert merged == {
        "phone_number": factories.NUMBER,
        "agent_id": agent_id,
        "agent_version": 1,
        "task": TASK,
        "voice": "coral",
        "request_data": {"clinic": "Bright", "name": "Ann"},
        "max_duration": 3,
    }


def test_a_draft_is_tried_by_its_number(services, who):
    agent_id = published(services, who)
    services.agents.edit(who.account_id, agent_id, {"configuration": {"voice": "verse"}})
    body = {"phone_number": factories.NUMBER, "agent_id": agent_id}
    assert services.agents.call_body(who.account_id, body)["agent_version"] == 1
    tried = services.agents.call_body(who.account_id, {**body, "agent_version": 2})
    assert (tried["agent_version"], tried["voice"]) == (2, "verse")


def test_an_agent_that_cannot_be_used_is_named(services, who, agent):
    archived = published(services, who)
    services.agents.archive(who.account_id, archived)
    other = factories.principal(services, name="Other")
    foreign = published(services, other)
    for body, wrong in [
        ({"agent_id": agent.agent.id}, {"agent_id": "not_usable"}),
        ({"agent_id": archived}, {"agent_id": "not_usable"}),
        ({"agent_id": archived, "agent_version": 1}, {"agent_id": "not_usable"}),
        ({"agent_id": foreign}, {"agent_id": "unknown"}),
        ({"agent_id": "nonsense"}, {"agent_id": "unknown"}),
        ({"agent_id": foreign, "agent_version": 1}, {"agent_id": "unknown"}),
        ({"agent_id": agent.agent.id, "agent_version": 9}, {"agent_version": "unknown"}),
    ]:
        with pytest.raises(InvalidRequest) as caught:
            services.agents.call_body(who.account_id, body)
        assert paths(caught) == wrong, body


def test_an_inbound_call_gets_the_published_version_and_what_it_brings(services, who):
    agent_id = published(
        services,
        who,
        first_sentence="Hello {{caller_name|there}}, {{clinic}} for {{sip_x_customer_id}}{{no}}.",
        request_data={"clinic": "Bright Smile"},
    )
    request = services.agents.inbound_request(
        who.account_id,
        agent_id,
        called_number="+12025550199",
        caller_number=None,
        headers={"X-Customer-Id": "A-7"},
    )
    assert request.first_sentence == "Hello there, Bright Smile for A-7."
    assert (request.phone_number, request.from_number) == ("+12025550199", None)
    assert (request.agent_id, request.agent_version) == (agent_id, 1)
    services.agents.archive(who.account_id, agent_id)
    with pytest.raises(Conflict):
        services.agents.inbound_request(
            who.account_id, agent_id, called_number="+12025550199", caller_number="+12025550100"
        )


@pytest.mark.parametrize("body", [{}, {"agent_id": 7}, {"agent_id": "a", "agent_version": True}])
def test_what_names_no_agent_is_left_to_the_rules_of_calls(services, who, body):
    assert services.agents.call_body(who.account_id, body) == body
