"""One person: everything about them is shown, and erased with a receipt."""

from datetime import timedelta

import factories
import pytest

from topcalls.core.transcript import Turn
from topcalls.errors import Conflict, InvalidRequest, NotCallable, NotFound
from topcalls.store import people
from topcalls.store.current import current
from topcalls.store.models import TABLES

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

NUMBER, OTHER = "+12025550112", "+12025550113"
SECRET = "My cat is called Muriel"


@pytest.fixture
def who(services):
    return factories.principal(services)


def over(services, who, number=NUMBER):
    """A call with somebody that is over, and what was said in it."""
    call = factories.claimed_call(
        services, who, phone_number=number, metadata={"note": SECRET}, request_data={"n": SECRET}
    )
    life = factories.Life(services, call).talk(5)
    services.calls.append_turn(call.call_id, Turn(1, "user", SECRET, 10, 20))
    life.hang_up()
    return call.call_id


def met(services, who, number=NUMBER):
    """Everything that an account may have about somebody."""
    listed = services.lead_lists.create(who.account_id, {"name": f"List {number[-2:]}"})
    lead = {"list_id": listed.id, "name": SECRET, "phone_number": number, "notes": SECRET}
    services.leads.create(who.account_id, lead)
    consent = {
        "phone_number": number,
        "kind": "express",
        "source": "telephone",
        "captured_at": services.clock.now() - timedelta(days=1),
        "wording": "Yes, do call me.",
        "proof": {"said": SECRET},
    }
    services.consents.create(who, consent)
    call_id = over(services, who, number)
    services.do_not_call.add(who.account_id, number, SECRET, purpose="offers")
    services.ledger.seal(services.clock.now())
    return call_id


def dump(services):
    """The whole database as text."""

    def verb():
        names = [model._meta.table_name for model in TABLES]
        return "\n".join(
            str(row)
            for name in names
            for row in current().peewee.execute_sql(f'SELECT * FROM "{name}"').fetchall()
        )

    return services.db.read(verb)


def test_everything_about_a_number_is_shown_and_nothing_about_others(services, who):
    call_id = met(services, who)
    theirs = met(services, who, OTHER)
    person = services.people.get(who.account_id, NUMBER)
    assert [one["id"] for one in person.calls] == [call_id]
    assert [turn["text"] for turn in person.of_calls["transcript_turn"]] == [SECRET]
    assert person.rows["lead"][0]["notes"] == SECRET
    assert person.rows["consent"][0]["wording"] == "Yes, do call me."
    assert person.rows["do_not_call_entry"][0]["subject"] == "offers"
    assert len(person.rows["lead_list_assignment"]) == 1
    assert {one.stage for one in person.decisions} == {"create", "claim"}
    assert OTHER not in str(person)
    assert theirs not in str(person)


def test_an_erased_person_is_found_nowhere_and_never_called(services, who):
    call_id = met(services, who)
    receipt = services.people.erase(who.account_id, NUMBER, "key k")
    assert receipt.erased["call"] == receipt.erased["lead"] == 1
    assert receipt.erased["transcript_turn"] == 1
    assert receipt.erased["decision"] == 2
    found = dump(services)
    assert NUMBER not in found
    assert SECRET not in found
    kept = over(services, who, OTHER)
    assert services.people.erase(who.account_id, NUMBER, "key k").erased == {}
    with pytest.raises(NotCallable) as refusal:
        factories.queued_call(services, who, phone_number=NUMBER)
    assert refusal.value.extra["rule"] == "do_not_call"
    call = services.calls.get(who.account_id, call_id)
    assert (call.status, call.transcript) == ("completed", ())
    assert services.calls.get(who.account_id, kept).transcript
    person = services.people.get(who.account_id, NUMBER)
    assert person.erasures[0] == receipt
    assert person.calls == []
    entries = {(one.scope, one.phone_number) for one in services.do_not_call.every(who.account_id)}
    assert entries == {("account", None), ("purpose", None)}


def test_the_chain_holds_after_an_erasure(services, who):
    met(services, who)
    met(services, who, OTHER)
    before = services.ledger.verify(who.account_id)
    services.people.erase(who.account_id, NUMBER, "key k")
    after = services.ledger.verify(who.account_id)
    assert after == before
    assert after.faults == ()
    erased = [one for one in services.ledger.export(who.account_id) if one.erased]
    assert len(erased) == 2
    assert "phone_number" not in erased[0].detail


def test_erasing_again_finds_what_has_come_since(services, who):
    met(services, who)
    first = services.people.erase(who.account_id, NUMBER, "key k", suppress=False)
    assert services.do_not_call.list(who.account_id).data[0].scope == "purpose"
    over(services, who)
    second = services.people.erase(who.account_id, NUMBER, "key k")
    assert (second.erased["call"], second.fingerprint) == (1, first.fingerprint)
    assert len(services.people.get(who.account_id, NUMBER).erasures) == 2
    third = services.people.erase(who.account_id, NUMBER, "key k")
    assert third.erased == {}


def test_nobody_is_erased_while_a_call_with_them_waits(services, who):
    met(services, who)
    waiting = factories.queued_call(services, who, phone_number=NUMBER)
    with pytest.raises(Conflict) as refusal:
        services.people.erase(who.account_id, NUMBER, "key k")
    assert refusal.value.extra["call_ids"] == [waiting.id]
    services.calls.stop(who.account_id, waiting.id)
    assert services.people.erase(who.account_id, NUMBER, "key k")


def test_another_account_keeps_what_it_has(services, who):
    other = factories.principal(services, name="Other")
    over(services, who)
    over(services, other)
    first = services.people.erase(who.account_id, NUMBER, "key k")
    assert len(services.people.get(other.account_id, NUMBER).calls) == 1
    second = services.people.erase(other.account_id, NUMBER, "key k")
    assert first.fingerprint != second.fingerprint


def test_who_is_not_known_is_not_found_and_what_is_no_number_refused(services, who):
    with pytest.raises(NotFound):
        services.people.get(who.account_id, NUMBER)
    with pytest.raises(InvalidRequest):
        services.people.erase(who.account_id, "12", "key k")


def test_every_table_of_calls_says_what_an_erasure_does_to_it():
    said = [*people.DELETED, *people.CLEARED, *people.KEPT]
    assert set(said) == set(people.with_call())
    assert len(said) == len(set(said))


def test_people_by_the_api(api):
    account_id = api.owner.account_id
    api.create(phone_number=NUMBER)
    assert api.send("DELETE", f"/v1/people/{NUMBER}").status_code == 409
    (call,) = api.services.calls.list(account_id).data
    api.services.calls.stop(account_id, call.id)
    shown = api.get(f"/v1/people/{NUMBER}")
    assert shown.json["calls"][0]["id"] == call.id
    receipt = api.send("DELETE", f"/v1/people/{NUMBER}?suppress=false")
    assert receipt.json["erased"]["call"] == 1
    assert api.create(phone_number=NUMBER).status_code == 201
    assert api.get("/v1/people/%2B12025550199").status_code == 404


def test_what_was_said_and_idle_leads_are_kept_for_as_long_as_an_account_says(services, who):
    call_id = met(services, who)
    kept = {"retention": {"transcript_days": 30, "lead_days": 60}}
    services.compliance_terms.change(who.account_id, kept)
    run, now = services.retention.run, services.clock.now()
    assert run(now + timedelta(days=29)) == 0
    assert services.calls.get(who.account_id, call_id).transcript
    assert run(now + timedelta(days=31)) == 1
    assert services.calls.get(who.account_id, call_id).transcript == ()
    assert services.leads.list(who.account_id).items
    assert run(now + timedelta(days=61)) == 1
    assert services.leads.list(who.account_id).items == ()
    assert run(now + timedelta(days=99)) == 0
