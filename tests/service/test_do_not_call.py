"""Numbers that an account does not call: the list, and every call held to it."""

import factories
import pytest
from api_client import fault_paths

from topcalls.core.do_not_call import WORDS
from topcalls.errors import InvalidRequest, NotCallable, NotFound
from topcalls.services.keys import Principal

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

LISTED, OTHER = "+12025550112", "+12025550113"
BASE = "/v1/do-not-call"


@pytest.fixture
def who(services) -> Principal:
    return factories.principal(services)


def add(services, who, number=LISTED, **more):
    return services.do_not_call.add(who.account_id, number, **more)


# --- the list


def test_a_number_is_listed_once_and_keeps_its_first_entry(services, who):
    entry, is_new = add(services, who, reason="By e-mail.")
    assert is_new
    services.clock.advance(60)
    again, is_new = add(services, who, reason="Again.", source="agent", call_id="c1")
    assert (again, is_new) == (entry, False)
    assert services.do_not_call.get(who.account_id, LISTED) == entry


def test_lists_of_accounts_are_apart(services, who):
    add(services, who)
    other = factories.principal(services, name="Other")
    with pytest.raises(NotFound):
        services.do_not_call.get(other.account_id, LISTED)
    with pytest.raises(NotFound):
        services.do_not_call.remove(other.account_id, LISTED)
    assert factories.queued_call(services, other, phone_number=LISTED)


def test_the_list_is_read_in_pages_newest_first(services, who):
    numbers = [f"+1202555012{n}" for n in range(5)]
    for number in numbers:
        add(services, who, number)  # all at the same moment
    found, cursor = [], None
    while True:
        page = services.do_not_call.list(who.account_id, 2, cursor)
        found += [entry.phone_number for entry in page.data]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == numbers[::-1]


@pytest.mark.parametrize(
    ("number", "reason", "path"),
    [("2025550112", None, "phone_number"), (LISTED, "x" * 501, "reason"), (LISTED, 5, "reason")],
)
def test_what_is_no_entry_is_refused(services, who, number, reason, path):
    with pytest.raises(InvalidRequest) as refusal:
        add(services, who, number, reason=reason)
    assert [fault.path for fault in refusal.value.errors] == [path]


# --- calls


def test_a_call_to_a_listed_number_is_refused_and_reserves_nothing(services, who):
    add(services, who)
    with pytest.raises(NotCallable) as refusal:
        factories.queued_call(services, who, phone_number=LISTED)
    assert refusal.value.extra["rule"] == "do_not_call"
    assert services.quotas.balance(who.account_id).minutes_reserved == 0
    assert factories.queued_call(services, who, phone_number=OTHER)
    services.do_not_call.remove(who.account_id, LISTED)
    assert factories.queued_call(services, who, phone_number=LISTED)


def test_a_call_that_waits_is_not_dialled_once_its_number_is_listed(services, who):
    waiting = factories.queued_call(
        services, who, phone_number=LISTED, webhook_url="https://example.com/hook"
    )
    other = factories.queued_call(services, who, phone_number=OTHER)
    add(services, who)
    now = services.clock.now()
    claimed = services.dispatch.claim(factories.OWNER, factories.NODE, 10, now)
    assert [call.call_id for call in claimed] == [other.id]
    failed = services.calls.get(who.account_id, waiting.id)
    assert (failed.status, failed.call_status) == ("failed", "failed")
    assert (failed.end_reason, failed.ended_by) == ("not_callable", "customer")
    assert failed.error_message == WORDS
    assert failed.completed
    assert services.quotas.balance(who.account_id).minutes_reserved == 10
    told = services.webhook_log.deliveries(who.account_id, waiting.id).data
    assert {delivery.event for delivery in told} == {"call.failed", "call.queued"}
    trail = services.call_trail.events(who.account_id, waiting.id)
    assert [(step.kind, step.detail["rule"]) for step in trail] == [("Forbidden", "do_not_call")]


def test_a_call_under_way_goes_on(services, who):
    call = factories.claimed_call(services, who, phone_number=LISTED)
    life = factories.Life(services, call).talk(10)
    add(services, who)
    life.hang_up()
    assert services.calls.get(who.account_id, call.call_id).status == "completed"


# --- the API


def test_a_number_is_put_on_the_list_looked_up_and_taken_off(api):
    body = {"phone_number": LISTED, "reason": "Asked by e-mail."}
    made = api.post(BASE, json=body)
    assert made.status_code == 201
    assert made.json["source"] == "api"
    assert api.post(BASE, json=body).status_code == 200
    assert api.get(f"{BASE}/%2B12025550112").json == made.json
    assert api.get(BASE).json == {"data": [made.json], "next_cursor": None}
    refused = api.create(phone_number=LISTED)
    assert (refused.status_code, refused.json["rule"]) == (422, "do_not_call")
    assert refused.json["type"].endswith("/not_callable")
    assert api.nothing_was_done()
    assert api.send("DELETE", f"{BASE}/{LISTED}").status_code == 204
    assert api.get(f"{BASE}/{LISTED}").status_code == 404
    assert api.create(phone_number=LISTED).status_code == 201


def test_a_wrong_number_is_refused_by_name_and_a_key_needs_the_scope(api):
    refused = api.post(BASE, json={"phone_number": "12", "why": "x"})
    assert set(fault_paths(refused)) <= {"phone_number", "why"}
    assert api.get(f"{BASE}/nonsense").status_code == 404
    reader = api.key("leads:read")
    assert api.post(BASE, token=reader, json={"phone_number": LISTED}).status_code == 403
    assert api.get(BASE, token=api.key("calls:read")).status_code == 403
