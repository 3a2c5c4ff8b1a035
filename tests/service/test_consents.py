"""What people have agreed to: stored with its proof, shown, and taken back."""

from datetime import timedelta

import factories
import pytest
from api_client import fault_paths

from topcalls.errors import InvalidRequest, NotFound

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

NUMBER = "+12025550112"
BASE = "/v1/consents"
NOWHERE = "01937a2b-6c00-7d11-8a2b-5a4f8d1c2e61"


@pytest.fixture
def who(services):
    return factories.principal(services)


def body(services, **changes):
    given = {
        "phone_number": NUMBER,
        "kind": "express_written",
        "purposes": ["offers"],
        "source": "web form",
        "captured_at": services.clock.now() - timedelta(days=3),
        "wording": "I agree to be called by an artificial voice.",
        "proof": {"page": "https://example.com/"},
        "names_ai_voice": True,
    }
    return {**given, **changes}


def test_a_consent_is_kept_as_it_was_sent_and_named_by_its_sender(services, who):
    made = services.consents.create(who, body(services))
    assert services.consents.get(who.account_id, made.id) == made
    assert made.created_by == f"key {who.key_id}"
    assert (made.purposes, made.names_ai_voice, made.lifts_hours) == (["offers"], True, False)
    other = factories.principal(services, name="Other")
    with pytest.raises(NotFound):
        services.consents.get(other.account_id, made.id)


def test_a_consent_is_taken_back_once_and_never_deleted(services, who):
    made = services.consents.create(who, body(services))
    at = services.clock.now() - timedelta(hours=1)
    revoked = services.consents.revoke(who.account_id, made.id, "letter", at)
    assert (revoked.revoked_at, revoked.revoked_by) == (at, "letter")
    assert services.consents.revoke(who.account_id, made.id, "again") == revoked
    with pytest.raises(InvalidRequest):
        late = services.clock.now() + timedelta(days=1)
        services.consents.revoke(who.account_id, made.id, "letter", late)


def test_a_warranty_is_stated_of_a_list_or_a_campaign(services, who):
    listed = services.lead_lists.create(who.account_id, {"name": "Spring"})
    said = body(services, phone_number=None, list_id=listed.id, kind="warranty")
    made = services.consents.create(who, said)
    page = services.consents.list(who.account_id, list_id=listed.id)
    assert page.data == (made,)
    with pytest.raises(NotFound):
        services.consents.create(who, {**said, "list_id": NOWHERE})
    with pytest.raises(InvalidRequest) as refusal:
        services.consents.create(who, body(services, kind="warranty"))
    assert [fault.path for fault in refusal.value.errors] == ["kind"]


def test_many_are_stored_all_or_none_and_listed_in_pages(services, who):
    good = [body(services, phone_number=f"+1202555{n:04}") for n in range(100, 105)]
    with pytest.raises(InvalidRequest) as refusal:
        services.consents.create_many(who, [*good, body(services, source=" ")])
    assert [fault.path for fault in refusal.value.errors] == ["consents.5.source"]
    assert services.consents.list(who.account_id).data == ()
    assert services.consents.create_many(who, good) == 5
    found, cursor = [], None
    while True:
        page = services.consents.list(who.account_id, 2, cursor)
        found += [consent.phone_number for consent in page.data]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == [one["phone_number"] for one in good][::-1]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"phone_number": "12"}, "phone_number"),
        ({"phone_number": None}, "phone_number"),
        ({"list_id": NOWHERE}, "list_id"),
        ({"kind": "maybe"}, "kind"),
        ({"purposes": ["Sales!"]}, "purposes.0"),
        ({"purposes": ["a"] * 51}, "purposes"),
        ({"sellers": [""]}, "sellers.0"),
        ({"captured_at": None}, "captured_at"),
        ({"captured_at": factories.START + timedelta(days=1)}, "captured_at"),
        ({"expires_at": factories.START - timedelta(days=9)}, "expires_at"),
        ({"wording": "x" * 20_001}, "wording"),
        ({"proof": {"a": "x" * 20_000}}, "proof"),
    ],
)
def test_what_is_no_consent_is_refused_by_name(services, who, changes, path):
    with pytest.raises(InvalidRequest) as refusal:
        services.consents.create(who, body(services, **changes))
    assert path in [fault.path for fault in refusal.value.errors]


def test_consents_by_the_api(api):
    sent = body(api.services)
    sent["captured_at"] = sent["captured_at"].isoformat()
    made = api.post(BASE, json=sent)
    assert made.status_code == 201
    assert api.get(f"{BASE}/{made.json['id']}").json == made.json
    assert api.get(f"{BASE}?phone_number=%2B12025550112").json["data"] == [made.json]
    bulk = api.post(f"{BASE}/bulk", json={"consents": [sent, sent]})
    assert bulk.json == {"inserted": 2}
    revoked = api.post(f"{BASE}/{made.json['id']}/revoke", json={"by": "said so"})
    assert revoked.json["revoked_by"] == "said so"
    assert api.post(f"{BASE}/{NOWHERE}/revoke", json={"by": "x"}).status_code == 404
    refused = api.post(BASE, json={**sent, "kind": "maybe"})
    assert fault_paths(refused) == ["kind"]
    assert api.post(BASE, token=api.key("leads:read"), json=sent).status_code == 403
