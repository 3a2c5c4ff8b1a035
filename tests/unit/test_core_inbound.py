"""What a call that comes in may tell, from which trunk it may come, and which number it means."""

import pytest

from topcalls.core import inbound_numbers
from topcalls.core.end_reasons import EndedBy, ended_by
from topcalls.core.inbound import (
    ANSWERS,
    MAX_HEADER_VALUE,
    MOST_HEADERS,
    Arrival,
    Refusal,
    outbound_places_taken,
    told_headers,
)
from topcalls.core.inbound_sources import Sender, Source, is_foreign, senders

pytestmark = pytest.mark.unit

OURS = "+12025550123"
BRITISH = "+442079460958"


# -- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "+12025550123",
        "12025550123",
        "0012025550123",
        "01112025550123",
        "sip:+12025550123@192.0.2.7;user=phone",
        "sips:12025550123;npdi=yes;rn=+12025550000@192.0.2.7:5061",
        '"Reception" <sip:+12025550123@192.0.2.7>;tag=1',
        "tel:+1-202-555-0123",
        "tel:2025550123;phone-context=+1",
        "sip:%2B12025550123@192.0.2.7",
    ],
)
def test_what_carriers_write_for_one_number(text):
    assert inbound_numbers.dialled(text).numbers == (OURS,)


@pytest.mark.parametrize(
    "text", ["", "+", "anonymous", "9;cmd", "sip:reception@example.com", "1" * 40, "+١٢٣٤٥٦٧٨"]
)
def test_what_is_no_number(text):
    assert inbound_numbers.dialled(text) == ((), None)


@pytest.mark.parametrize(
    ("digits", "number", "is_one"),
    [
        ("2025550123", OURS, True),
        ("12025550123", OURS, True),
        ("02079460958", BRITISH, True),
        ("2079460958", BRITISH, True),
        ("5550123", OURS, False),
        ("02079460958", OURS, False),
        ("2025550124", OURS, False),
    ],
)
def test_national_forms(digits, number, is_one):
    assert inbound_numbers.is_national_form(digits, number) is is_one


@pytest.mark.parametrize(
    ("text", "called", "number"),
    [
        ("+12025550150", OURS, "+12025550150"),
        ("12025550150", OURS, "+12025550150"),
        ("2025550150", OURS, "+12025550150"),
        ("07400123456", BRITISH, "+447400123456"),
        ("+12025550150;verstat=TN-Validation-Passed", OURS, "+12025550150"),
        ("201", OURS, "201"),
        ("anonymous", OURS, None),
        ("Restricted", OURS, None),
        ("", OURS, None),
        ("0000000000", OURS, None),
        ("sip:ann@example.com", OURS, None),
        ("+1 202\n555 0150", OURS, "+12025550150"),
        ("'; drop table call; --", OURS, None),
    ],
)
def test_who_calls(text, called, number):
    assert inbound_numbers.caller_number(text, called) == number


# -- headers ----------------------------------------------------------------------------------


def arrival(headers, **fields):
    return Arrival("channel", "node-1", OURS, headers=headers, **fields)


def test_x_headers_and_a_few_others_are_told_under_their_own_names():
    told = told_headers(
        arrival(
            {
                "X-Order": "7",
                "p-asserted-identity": "+12025550150",
                "Diversion": "<sip:+12025550155@x>",
                "Authorization": "secret",
                "Via": "x",
                "P-Charge-Info": "x",
                "X-Empty": "",
            }
        )
    )
    assert told == {
        "X-Order": "7",
        "P-Asserted-Identity": "+12025550150",
        "Diversion": "<sip:+12025550155@x>",
    }


def test_no_header_gives_away_who_asked_to_be_hidden():
    headers = {"P-Asserted-Identity": "+12025550150", "Remote-Party-ID": "x", "X-Order": "7"}
    assert told_headers(arrival(headers, is_hidden=True)) == {"X-Order": "7"}


def test_headers_are_few_and_short():
    told = told_headers(arrival({f"X-{number:03}": "y" * 5000 for number in range(500)}))
    assert len(told) == MOST_HEADERS
    assert {len(value) for value in told.values()} == {MAX_HEADER_VALUE}


@pytest.mark.parametrize("name", ["X-a b", "X-\n", "X-ü", "X-" + "y" * 60, "X-a:b"])
def test_a_name_that_no_header_has_is_left_out(name):
    assert told_headers(arrival({name: "value"})) == {}


# -- trunks -----------------------------------------------------------------------------------

ACME = Source("carrier-1", "acme", ("203.0.113.0/28", "sip.carrier.test"), "tc_carrier-1")
OTHER = Source("carrier-2", "other", ("198.51.100.7",), "tc_carrier-2")


@pytest.mark.parametrize(
    ("sender", "found"),
    [
        (Sender("203.0.113.9"), [ACME]),
        (Sender("198.51.100.7"), [OTHER]),
        (Sender("192.0.2.1"), []),
        (Sender("192.0.2.1", "tc_carrier-1"), [ACME]),
        (Sender("192.0.2.1", carrier_id="carrier-2"), [OTHER]),
        (Sender("203.0.113.9", carrier_id="carrier-2"), [OTHER]),  # two accounts, one company
        (Sender("203.0.113.9", carrier_id="carrier-3"), []),  # deleted meanwhile
        (Sender("nonsense"), []),
        (Sender(), []),
    ],
)
def test_the_trunk_a_call_came_by(sender, found):
    assert senders([ACME, OTHER], sender) == found


def test_another_accounts_trunk_is_foreign_and_an_unknown_address_is_not():
    assert is_foreign("acme", Sender(), [OTHER])
    assert not is_foreign("acme", Sender(), [OTHER, ACME])
    assert not is_foreign("acme", Sender(), [])


def test_a_carrier_that_is_no_more_is_everybodys_stranger():
    assert is_foreign("acme", Sender(carrier_id="carrier-3"), [])


# -- refusals and places ----------------------------------------------------------------------


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_its_answer(refusal):
    answer = ANSWERS[refusal]
    assert 400 <= answer.sip_status < 600
    assert answer.words.endswith(".") or answer.words[-1].isalpha()
    assert ended_by(answer.reason, answer.cause, inbound=True) in (
        EndedBy.CONFIGURATION,
        EndedBy.CUSTOMER,
        EndedBy.GATEWAY,
    )


@pytest.mark.parametrize(
    ("outbound", "inbound", "reserve", "taken"),
    [(0, 0, 0, 0), (3, 0, 2, 5), (3, 1, 2, 5), (3, 2, 2, 5), (3, 4, 2, 7)],
)
def test_the_reserve_counts_as_taken_until_it_is_in_use(outbound, inbound, reserve, taken):
    assert outbound_places_taken(outbound, inbound, reserve) == taken
