"""Telephone numbers: what is accepted, and what a refusal says."""

import pytest

from topcalls.core import phone_numbers
from topcalls.errors import InvalidRequest

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "number", ["+12025550100", "+442079460000", "+4915123456789", "+80012345678"]
)
def test_numbers_of_real_plans_are_accepted(number):
    assert phone_numbers.fault(number, "phone_number") is None
    assert phone_numbers.check(number) == number


@pytest.mark.parametrize(
    "number",
    ["", "12025550100", "+0202555010", "+1 202 555 0100", "+1-202-555-0100", "+1202555010a"]
    + ["+1234567890123456", "+1202５５５0100", "+12025550100\n", None, 12025550100],
)
def test_other_spellings_are_refused_with_an_example(number):
    fault = phone_numbers.fault(number, "from_number")
    assert fault is not None
    assert (fault.path, fault.code) == ("from_number", "not_e164")
    assert "+12025550123" in fault.message


@pytest.mark.parametrize("number", ["+2105551234", "+9991234567"])
def test_a_country_code_nobody_has_is_named_as_such(number):
    fault = phone_numbers.fault(number, "phone_number")
    assert fault is not None
    assert fault.code == "unknown_country_code"
    assert "No country has the code" in fault.message


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("+1202555010", "too short"),
        ("+120255501000", "too long"),
        ("+15555550100", "no assigned range"),
        ("+49", "too short"),
    ],
)
def test_an_impossible_number_says_what_is_impossible(number, says):
    fault = phone_numbers.fault(number, "phone_number")
    assert fault is not None
    assert fault.code == "impossible_number"
    assert says in fault.message
    assert number not in fault.message


def test_check_raises_with_the_field():
    with pytest.raises(InvalidRequest) as caught:
        phone_numbers.check("+1", "from_number")
    assert [fault.path for fault in caught.value.errors] == ["from_number"]


def test_region_and_time_zones():
    assert phone_numbers.region("+442079460000") == "GB"
    assert phone_numbers.region("+80012345678") is None
    assert phone_numbers.region("nonsense") is None
    assert phone_numbers.time_zones("+12025550100") == ("America/New_York",)
    assert "America/Los_Angeles" in phone_numbers.time_zones("+18005550100")
    assert phone_numbers.time_zones("nonsense") == ()


def test_mask_keeps_two_digits():
    assert phone_numbers.mask("+12025550100") == "**********00"
    assert phone_numbers.mask("+123") == "****"
    assert phone_numbers.mask("") == ""
