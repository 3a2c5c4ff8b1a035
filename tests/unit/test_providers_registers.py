"""Registers as plug-ins: the one that reads files, and how any is found and refused."""

import hashlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from topcalls.errors import ConfigError
from topcalls.providers.registers import file as file_register
from topcalls.providers.registers.base import Question, RegisterFault
from topcalls.providers.registers.file import open_register
from topcalls.providers.registers.installed import load_registers

pytestmark = pytest.mark.unit
LISTED, CLEAR = "+12025550123", "+12025550124"
FRENCH = "+33142000000"


def made(path, **options):
    return open_register({"register": "US", "path": str(path), "format": "numbers", **options})


def said(register, *numbers):
    answers = register.ask([Question(number) for number in numbers or (LISTED, CLEAR)])
    return {one.phone_number: one.answer for one in answers}


def written(tmp_path, text, name="list.txt"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("line", ["+12025550123", "12025550123", "2025550123"])
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_numbers_are_found_however_they_are_written(tmp_path, line, end):
    register = made(written(tmp_path, f"3125550000\n{line}{end}"))
    assert said(register) == {LISTED: "listed", CLEAR: "clear"}


def test_a_national_zero_is_no_part_of_the_number(tmp_path):
    register = made(written(tmp_path, "0142000000\n"), register="FR", regions=["FR"])
    assert said(register, FRENCH, "+33142000001") == {FRENCH: "listed", "+33142000001": "clear"}


def test_the_file_of_the_national_registry_of_the_usa(tmp_path):
    register = made(written(tmp_path, "202,5550123\n312,5550000\n"), format="ftc")
    assert said(register) == {LISTED: "listed", CLEAR: "clear"}


@pytest.mark.parametrize("text", [LISTED, LISTED[1:], LISTED[2:]])
def test_hashed_lists(tmp_path, text):
    digest = hashlib.sha256(text.encode()).hexdigest()
    for line in (digest, digest.upper()):
        register = made(written(tmp_path, line + "\n"), format="sha256")
        assert said(register) == {LISTED: "listed", CLEAR: "clear"}


def test_a_column_of_a_csv_file_with_a_heading(tmp_path):
    text = '\ufeffname,phone\r\n"Doe, Ann",202-nothing\r\n'
    wrong = made(written(tmp_path, text), column="phone")
    with pytest.raises(RegisterFault, match="line 2"):
        said(wrong)
    right = made(written(tmp_path, '\ufeffname,phone\n"Doe, Ann",+12025550123\n'), column="phone")
    assert said(right) == {LISTED: "listed", CLEAR: "clear"}
    with pytest.raises(RegisterFault, match="no column 'number'"):
        said(made(written(tmp_path, "phone\n1\n"), column="number"))


@pytest.mark.parametrize("size", [1, 7, 12, 13, 100])
def test_no_number_is_lost_where_a_block_ends(tmp_path, monkeypatch, size):
    monkeypatch.setattr(file_register, "_BLOCK", size)
    many = [f"+1202555{index:04}" for index in range(50)]
    register = made(written(tmp_path, "\n".join(many)))
    assert set(said(register, *many).values()) == {"listed"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("<html>\n", "line 1"),
        ("2025550123\n\n2025550124\n", "line 2"),
        ("2025550123\n202555", None),
        ("2025550123\n20", "line 2"),
        ("2" * 5000, "too long|line 1"),
    ],
)
def test_what_is_no_such_list_says_of_nobody_that_they_are_not_on_it(tmp_path, text, words):
    register = made(written(tmp_path, text))
    if words is None:
        assert said(register)[LISTED] == "listed"
        return
    with pytest.raises(RegisterFault, match=words):
        said(register)


def test_a_file_that_is_gone_is_named_and_no_number_is(tmp_path):
    with pytest.raises(RegisterFault) as gone:
        said(made(tmp_path / "none.txt"))
    assert "none.txt" in str(gone.value) and "5550123" not in str(gone.value)


def test_a_folder_is_one_list_as_old_as_its_oldest_file(tmp_path):
    folder = tmp_path / "dnc"
    folder.mkdir()
    written(folder, "2025550123\n", "202.txt")
    old = written(folder, "3125550000\n", "312.txt")
    os.utime(old, (1_790_000_000, 1_790_000_000))
    answers = made(folder).ask([Question(LISTED)])
    assert answers[0].answer == "listed"
    assert answers[0].version_at == datetime.fromtimestamp(1_790_000_000, UTC)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(RegisterFault, match="folder of 1"):
        said(made(empty))


def test_whom_it_covers():
    register = made("/nowhere")
    assert register.covers(LISTED)
    assert not register.covers(FRENCH)
    assert not register.covers("+14165550123")
    some = made("/nowhere", prefixes=["+1212"])
    assert some.covers("+12125550123") and not some.covers(LISTED)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"register": None}, "'register'"),
        ({"path": None}, "'path'"),
        ({"path": 7}, "'path'"),
        ({"format": "xml"}, "numbers, ftc, sha256"),
        ({"regions": ["Utopia"]}, "'regions'"),
        ({"prefixes": ["1212"]}, "'prefixes'"),
        ({"version": "yesterday"}, "'version'"),
        ({"colour": "red"}, "'colour'"),
    ],
)
def test_a_wrong_option_is_named(options, words):
    with pytest.raises(ConfigError, match=words):
        open_register({"register": "US", "path": "/x", "format": "numbers", **options})


# --- plug-ins that are installed

PLUGIN = """
from topcalls.providers.registers.base import Answer, Terms

class Desk:
    kind, register, provider = "scrub", "GB", "Desk Ltd"
    def __init__(self, options):
        self.terms = Terms(batch=2, per_minute=60)
        self.listed = options.pop("listed", [])
        if options:
            raise ValueError("unknown " + ", ".join(options))
    def covers(self, number):
        return number.startswith("+44")
    def ask(self, questions):
        return [Answer(one.phone_number, "listed" if one.phone_number in self.listed else "clear")
                for one in questions]

def nothing(options):
    desk = Desk({})
    desk.kind = "rumour"
    return desk
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A distribution of somebody else's with two plug-ins, on the path as pip puts it there."""
    place = tmp_path / "site"
    about = place / "desk_registers-1.0.dist-info"
    about.mkdir(parents=True)
    (place / "desk_registers.py").write_text(PLUGIN)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: desk-registers\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[topcalls.registers]\ndesk = desk_registers:Desk\nbroken = desk_registers:nothing\n"
    )
    monkeypatch.syspath_prepend(str(place))
    yield tmp_path / "registers.toml"
    sys.modules.pop("desk_registers", None)


def test_a_plug_in_is_found_by_its_entry_point_beside_ours(installed):
    installed.write_text(
        '[[register]]\nplugin = "desk"\nlisted = ["+442079460123"]\n'
        '[[register]]\nplugin = "file"\nregister = "US"\npath = "/x"\nformat = "ftc"\n'
    )
    desk, ours = load_registers(installed)
    assert (desk.provider, ours.provider) == ("Desk Ltd", "file US")
    assert said(desk, "+442079460123", "+442079460124") == {
        "+442079460123": "listed",
        "+442079460124": "clear",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "sections"),
        ("register = 1", "sections"),
        ("x = 1\n[[register]]\nplugin = 'desk'", "sections"),
        ("[[register", "cannot be read"),
        ("[[register]]\nplugin = 'nobody'", "There are: .*desk.*file"),
        ("[[register]]\nplugin = 'desk'\ncolour = 1", "ValueError: unknown colour"),
        ("[[register]]\nplugin = 'broken'", "no register: its kind"),
        ("[[register]]\nplugin = 'desk'\n" * 2, "Desk Ltd"),
        ("[[register]]\nplugin = 'file'\nregister = 'us'\npath='/x'\nformat='ftc'", "US-CO"),
        ("[[register]]\nplugin = 'file'\nregister = 'RND'\npath='/x'\nformat='ftc'\n", "US|RND"),
    ],
)
def test_what_cannot_be_used_is_told_by_its_place(installed, text, words):
    installed.write_text(text)
    with pytest.raises(ConfigError, match=words) as wrong:
        load_registers(installed)
    assert wrong.value.field == "registers_file"


def test_without_a_file_nobody_is_asked_and_a_missing_one_is_a_fault(tmp_path):
    assert load_registers(None) == ()
    with pytest.raises(ConfigError, match=str(Path("none.toml"))):
        load_registers(tmp_path / "none.toml")
