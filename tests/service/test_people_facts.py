"""What is known of many people at once is what is known of each."""

from datetime import timedelta

import factories
import pytest
from campaign_rig import Rig

from topcalls.store import people_facts, person_facts

pytestmark = pytest.mark.service
FIRST = 4


def in_order(facts):
    """As a set where the order of rows is left to the database."""
    return facts._replace(
        consents=tuple(sorted(facts.consents, key=lambda one: one.id)),
        suppressions=tuple(sorted(facts.suppressions, key=lambda one: one.id)),
        scrubs=tuple(sorted(facts.scrubs, key=lambda one: one.id)),
    )


@pytest.fixture
def rig(services):
    return Rig(services)


@pytest.fixture
def names(services, rig):
    """Ten people of whom something is known, and one of whom nothing is."""
    listed = rig.leads(10, region="US-FL", time_zone="America/New_York")
    rig.leads(3, "Others", start=5)
    other = rig.campaign(rig.leads(2, "Elsewhere"))
    services.campaign_control.start(rig.account_id, other.id)
    numbers = [f"+1202555{n:04}" for n in range(10)] + ["+12125550199"]
    who, at = rig.who, rig.clock.now() - timedelta(days=3)
    said = {"kind": "express_written", "source": "form", "captured_at": at, "wording": "Yes."}
    for number in numbers[:FIRST]:
        services.consents.create(who, {**said, "phone_number": number})
        services.do_not_call.add(rig.account_id, number, "asked")
    services.consents.create(who, {**said, "list_id": listed, "kind": "warranty"})
    services.consents.create(who, {**said, "campaign_id": other.id, "kind": "warranty"})
    services.campaign_engine.round(rig.clock.now())
    for number in numbers[FIRST : FIRST + 3]:
        rig.clock.advance(60)
        factories.queued_call(services, who, phone_number=number)
    for call in services.dispatch.claim(factories.OWNER, factories.NODE, 9, rig.clock.now()):
        factories.Life(services, call).dial().fail("NO_ANSWER")
    keys = services.eligibility._people
    return [services.db.run(keys.names, who.account_id, number) for number in numbers], other.id


def test_it_is_the_same_as_one_by_one(services, rig, names):
    people, campaign_id = names
    for campaign in (None, campaign_id):

        def both(campaign=campaign):
            at = rig.clock.now()
            many = people_facts.of_people(rig.account_id, people, at, campaign_id=campaign)
            single = [
                person_facts.of_person(rig.account_id, one, at, campaign_id=campaign)
                for one in people
            ]
            return many, single

        many, single = services.db.read(both)
        assert list(map(in_order, many)) == list(map(in_order, single))
    assert many[0].suppressions
    assert any(one.attempts for one in many)
    assert len(many[0].consents) == 3
    assert many[-1].lead is None
    assert len(many[-1].consents) == 1


def test_consents_that_many_have_are_kept_once(services, rig, names):
    people, campaign_id = names

    def verb():
        return people_facts.of_people(
            rig.account_id, people, rig.clock.now(), campaign_id=campaign_id
        )

    many = services.db.read(verb)
    assert many[4].consents[-1] is many[5].consents[-1]
