"""What softphones are called, and the file by which the switch knows one."""

import xml.etree.ElementTree as ET

import pytest

from topcalls.core import softphones
from topcalls.core.softphones import Login
from topcalls.errors import InvalidRequest
from topcalls.esl import softphone_commands

pytestmark = pytest.mark.unit
UUID = "00000000-0000-4000-8000-000000000777"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("20", True), ("201", True), ("99999", True), ("2", False), ("201201", False)]
    + [("20a", False), ("*33", False), ("٢٠١", False), ("201\n", False), (201, False)],
)
def test_what_is_an_extension(text, is_one):
    assert softphones.is_extension(text) is is_one


def test_names_and_passwords_are_not_guessed():
    names = {softphones.new_username("201") for _ in range(50)}
    passwords = {softphones.new_password() for _ in range(50)}
    assert len(names) == len(passwords) == 50
    assert all(name.startswith("201-") and len(name) == 10 for name in names)
    assert all(len(password) >= 20 for password in passwords)


def test_a_user_name_can_be_dialled():
    name = softphones.new_username("201")
    dial = softphone_commands.ring_softphone(
        softphone_commands.Ring(UUID, name, "+12025550142", 30, 600)
    )
    assert f"user/{name} &park()" in dial


def test_who_hears_a_supervisor_is_told_to_the_supervisors_channel():
    assert softphone_commands.eavesdrop(UUID, "3") == (
        f"sendevent GENERAL\nunique-id: {UUID}\neavesdrop-command: 3"
    )
    with pytest.raises(InvalidRequest):
        softphone_commands.eavesdrop(UUID, "*")
    with pytest.raises(InvalidRequest):
        softphone_commands.eavesdrop("not\na uuid", "3")


def test_the_file_of_a_user():
    password = """p"'<&>$${local_ip_v4}"""
    text = softphones.user(Login("1", "201-abcdef", password))
    assert "$" not in text
    assert softphones.path_of("1") == "users/sp_1.xml"
    (user,) = ET.fromstring(text).iter("user")
    assert user.get("id") == "201-abcdef"
    assert {item.get("name"): item.get("value") for item in user.iter("param")} == {
        "password": password
    }
    assert {item.get("name"): item.get("value") for item in user.iter("variable")} == {
        "user_context": "phones"
    }


def test_a_file_holds_no_control_character():
    with pytest.raises(InvalidRequest):
        softphones.user(Login("1", "201-abcdef", "a\nb"))
