"""What registers said of numbers: brought, kept, and relied on for its time."""

from datetime import UTC, datetime, timedelta

import factories
import pytest

from topcalls.errors import InvalidRequest, NotCallable

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

NUMBER = "+12125550123"
DAY = datetime(2026, 12, 1, 17, tzinfo=UTC)  # Tuesday noon in New York


@pytest.fixture
def who(services):
    """An account that shows consents, has one, and has registers asked."""
    services.clock.advance((DAY - services.clock.now()).total_seconds())
    who = factories.principal(services)
    terms = {"enforcement": "enforce", "consent_required": True}
    services.compliance_terms.change(who.account_id, terms)
    consent = {
        "phone_number": NUMBER,
        "kind": "express",
        "source": "telephone",
        "captured_at": DAY - timedelta(days=9),
    }
    services.consents.create(who, consent)
    services.compliance_terms.change(who.account_id, {"category": "informational"})
    return who


def check(**changes):
    given = {
        "phone_number": NUMBER,
        "kind": "scrub",
        "register": "US",
        "answer": "clear",
        "checked_at": DAY - timedelta(days=3),
    }
    return {**given, **changes}


def refused_by(services, who):
    with pytest.raises(NotCallable) as refusal:
        factories.queued_call(services, who, phone_number=NUMBER)
    return refusal.value.extra["rule"], refusal.value.extra["verdict"]


def sell(services, who):
    """From now on its calls are telemarketing, with a written consent."""
    services.compliance_terms.change(who.account_id, {"category": "telemarketing"})
    consent = {
        "phone_number": NUMBER,
        "kind": "express_written",
        "source": "web form",
        "captured_at": DAY - timedelta(days=9),
        "wording": "Yes.",
        "names_ai_voice": True,
    }
    return services.consents.create(who, consent)


def test_a_register_has_to_be_asked_and_its_answer_holds_for_its_time(services, who):
    sell(services, who)
    assert refused_by(services, who) == ("US.dnc.national", "review")
    services.number_checks.create_many(who.account_id, [check()])
    assert factories.queued_call(services, who, phone_number=NUMBER)
    services.clock.advance(30 * 86400)
    assert refused_by(services, who) == ("US.dnc.national", "defer")


def test_a_new_holder_blocks_the_call(services, who):
    assert factories.queued_call(services, who, phone_number=NUMBER)
    consent_at = DAY - timedelta(days=9)
    said = check(kind="reassigned", register="RND", answer="yes", asked_about=consent_at)
    services.number_checks.create_many(who.account_id, [said])
    assert refused_by(services, who) == ("US.rnd", "block")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"phone_number": "12"}, "phone_number"),
        ({"kind": "rumour"}, "kind"),
        ({"answer": "yes"}, "answer"),
        ({"register": "national"}, "register"),
        ({"checked_at": None}, "checked_at"),
        ({"checked_at": DAY + timedelta(days=1)}, "checked_at"),
        ({"kind": "reassigned", "answer": "no"}, "asked_about"),
        ({"expires_at": DAY - timedelta(days=9)}, "expires_at"),
        ({"provider": " "}, "provider"),
    ],
)
def test_what_is_no_answer_is_refused_by_name(services, who, changes, path):
    with pytest.raises(InvalidRequest) as refusal:
        services.number_checks.create_many(who.account_id, [check(), check(**changes)])
    assert [fault.path for fault in refusal.value.errors] == [f"checks.1.{path}"]
    assert services.number_checks.list(who.account_id).data == ()


def test_answers_by_the_api(api):
    now = api.services.clock.now() - timedelta(days=1)
    body = {"checks": [check(checked_at=now.isoformat())]}
    assert api.post("/v1/number-checks", json=body).json == {"inserted": 1}
    (kept,) = api.get("/v1/number-checks?register=US").json["data"]
    assert (kept["answer"], kept["provider"]) == ("clear", "api")
