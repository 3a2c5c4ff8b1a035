"""The chain of decisions: whatever is changed in it is found and named."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core import ledger
from topcalls.core.ledger import Fault, Record

TEXT = st.text(max_size=30)


def record(number, **changes):
    salt, personal = f"salt{number}", f'{{"phone_number": "+1202555{number:04}"}}'
    made = Record(
        id=f"id{number}",
        account_id="a",
        call_id="c" if number % 2 else None,
        campaign_id=None,
        stage="claim",
        verdict="allow",
        rule_id="",
        at=number,
        content="{}",
        personal=personal,
        salt=salt,
        personal_digest=ledger.personal_digest(salt, personal),
        digest="",
    )
    made = replace(made, **changes)
    return replace(made, digest=ledger.digest(made))


def chain(length):
    link, records = ledger.BEGINNING, []
    for number in range(1, length + 1):
        made = record(number)
        link = ledger.link(link, number, made.digest)
        records.append(replace(made, seq=number, chain=link))
    return records


def wrong(records):
    return [one for one in ledger.faults(records) if isinstance(one, Fault)]


def test_a_chain_as_it_was_written_has_no_fault_and_tells_its_end():
    records = chain(5)
    assert list(ledger.faults(records)) == [(5, records[-1].chain)]
    assert list(ledger.faults([])) == [(0, ledger.BEGINNING)]
    later = list(ledger.faults(records[3:], 3, records[2].chain))
    assert later == [(5, records[-1].chain)]


def test_an_erased_person_leaves_the_chain_as_it_was():
    records = chain(5)
    records[2] = replace(records[2], personal=None, salt=None)
    assert wrong(records) == []


CHANGED = {"at": 99, "seq": None}


@pytest.mark.parametrize(
    "name", [one.name for one in fields(Record) if one.name not in ("seq", "salt", "personal")]
)
def test_a_change_of_any_field_is_named(name):
    records = chain(4)
    records[1] = replace(records[1], **{name: CHANGED.get(name, "x")})
    assert (2, "id2" if name != "id" else "x") in {one[:2] for one in wrong(records)}


@pytest.mark.parametrize("changes", [{"personal": "{}"}, {"salt": "x"}, {"salt": None}])
def test_a_change_of_what_tells_of_the_person_is_named(changes):
    records = chain(4)
    records[1] = replace(records[1], **changes)
    assert [one.seq for one in wrong(records)] == [2]


def test_a_change_that_was_digested_again_breaks_the_chain():
    records = chain(4)
    forged = record(2, verdict="block")
    records[1] = replace(forged, seq=2, chain=records[1].chain)
    assert [one.seq for one in wrong(records)] == [2]
    link = ledger.link(records[0].chain, 2, forged.digest)
    records[1] = replace(forged, seq=2, chain=link)
    assert [one.seq for one in wrong(records)] == [3]


def test_records_that_are_missing_are_named_by_their_place():
    records = chain(6)
    del records[2:4]
    assert [(one.seq, one.record_id) for one in wrong(records)] == [(3, None), (4, None)]


@given(TEXT, TEXT, TEXT, TEXT)
def test_no_two_records_have_one_digest(first, second, third, fourth):
    one = record(1, stage=first, verdict=second)
    two = record(1, stage=third, verdict=fourth)
    assert (one.digest == two.digest) is ((first, second) == (third, fourth))
