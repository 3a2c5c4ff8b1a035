"""Numbers that an account does not call: the list, and every call held to it."""

from datetime import UTC, datetime, timedelta

import factories
import pytest
from api_client import fault_paths

from topcalls.core.do_not_call import WORDS
from topcalls.errors import InvalidRequest, NotCallable, NotFound
from topcalls.services.keys import Principal

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

LISTED, OTHER = "+12025550112", "+12025550113"
CAMPAIGN = "01937a2b-6c00-7d11-8a2b-5a4f8d1c2e61"
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


def test_an_entry_holds_for_its_scope_and_until_its_end(services, who):
    everything, _ = add(services, who)
    offers, is_new = add(services, who, purpose="offers")
    until = services.clock.now() + timedelta(hours=1)
    campaign, _ = add(services, who, OTHER, campaign_id=CAMPAIGN, expires_at=until)
    assert is_new
    assert (everything.scope, offers.scope, campaign.scope) == ("account", "purpose", "campaign")
    get = services.do_not_call.get
    assert get(who.account_id, LISTED, purpose="offers") == offers
    assert get(who.account_id, OTHER, campaign_id=CAMPAIGN) == campaign
    with pytest.raises(NotFound):
        get(who.account_id, OTHER)
    services.clock.advance(3601)
    with pytest.raises(NotFound):
        get(who.account_id, OTHER, campaign_id=CAMPAIGN)
    again, is_new = add(services, who, OTHER, campaign_id=CAMPAIGN)
    assert is_new and again.expires_at is None
    page = services.do_not_call.list(who.account_id, purpose="offers")
    assert page.data == (offers,)
    page = services.do_not_call.list(who.account_id, phone_number=LISTED)
    assert set(page.data) == {everything, offers}
    services.do_not_call.remove(who.account_id, LISTED, purpose="offers")
    assert get(who.account_id, LISTED) == everything


def test_calls_go_out_again_when_an_entry_has_ended(services, who):
    add(services, who, expires_at=services.clock.now() + timedelta(minutes=5))
    with pytest.raises(NotCallable):
        factories.queued_call(services, who, phone_number=LISTED)
    services.clock.advance(300)
    assert factories.claimed_call(services, who, phone_number=LISTED)


def test_many_numbers_are_listed_all_or_none(services, who):
    numbers = [{"phone_number": f"+1202555{n:04}"} for n in range(100, 150)]
    with pytest.raises(InvalidRequest) as refusal:
        services.do_not_call.add_many(who.account_id, [*numbers, {"phone_number": "+1"}])
    assert [fault.path for fault in refusal.value.errors] == ["numbers.50.phone_number"]
    assert services.do_not_call.list(who.account_id).data == ()
    add(services, who, "+12025550101")
    done = services.do_not_call.add_many(who.account_id, [*numbers, numbers[0]])
    assert (done.inserted, done.existed) == (49, 2)
    assert len(list(services.do_not_call.every(who.account_id))) == 50


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"purpose": "Sales!"}, "purpose"),
        ({"campaign_id": "x"}, "campaign_id"),
        ({"campaign_id": "01937a2b-6c00-7d11-8a2b-5a4f8d1c2e61", "purpose": "a"}, "campaign_id"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expires_at"),
    ],
)
def test_a_scope_or_an_end_that_makes_no_sense_is_refused(services, who, more, path):
    with pytest.raises(InvalidRequest) as refusal:
        add(services, who, **more)
    assert [fault.path for fault in refusal.value.errors] == [path]


FILE = b"""phone_number;reason;purpose;expires_at
+12025550112;By letter;;
+12025550112;Again;;
2025550113;=HYPERLINK("x");;
+12025550114;;Sales!;
+12025550115;;offers;soon
(202) 555-0116;;offers;2099-01-01T00:00:00Z
"""


def test_a_file_is_taken_row_by_row_and_comes_back_as_one(services, who):
    taken = services.do_not_call_files.take(who.account_id, [FILE], "US")
    counts = (taken.rows, taken.inserted, taken.existed, taken.refused)
    assert counts == (6, 2, 1, 3)
    told = [(row.line, [fault.path for fault in row.errors]) for row in taken.refusals]
    assert told == [(4, ["metadata.reason"]), (5, ["purpose"]), (6, ["expires_at"])]
    written = "".join(services.do_not_call_files.written(who.account_id)).encode()
    assert b"+12025550116,,offers,," in written
    again = services.do_not_call_files.take(who.account_id, [written])
    assert (again.rows, again.existed, again.refused) == (2, 2, 0)


@pytest.mark.parametrize("head", [b"number\n+12025550112\n", b"phone,colour\n+12025550112,red\n"])
def test_a_file_with_a_wrong_header_lists_nothing(services, who, head):
    with pytest.raises(InvalidRequest) as refusal:
        services.do_not_call_files.take(who.account_id, [head])
    assert refusal.value.errors[0].path == "header"
    assert services.do_not_call.list(who.account_id).data == ()


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


def test_many_numbers_and_files_go_in_and_come_out(api):
    body = {"numbers": [{"phone_number": LISTED}, {"phone_number": OTHER, "purpose": "offers"}]}
    assert api.post(f"{BASE}/bulk", json=body).json == {"inserted": 2, "existed": 0}
    assert api.get(f"{BASE}?purpose=offers").json["data"][0]["phone_number"] == OTHER
    assert api.create(phone_number=OTHER).status_code == 201
    headers = {"Content-Type": "text/csv"}
    sent = api.post(f"{BASE}/upload?region=US", data=b"phone\n202-555-0118\n12\n", headers=headers)
    assert sent.json["inserted"] == 1
    assert sent.json["refusals"][0]["errors"][0]["path"] == "phone_number"
    table = api.get(f"{BASE}/export")
    assert table.content_type.startswith("text/csv")
    assert table.text.splitlines()[0].startswith("phone_number,reason,purpose")
    assert len(table.text.splitlines()) == 4
