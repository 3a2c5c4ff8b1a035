"""Rule files: what is wrong with one is told by name, and which of several entries holds."""

import tomllib
from collections import Counter
from datetime import date
from pathlib import Path

import phonenumbers
import pytest

from topcalls.core.area_codes import area_faults
from topcalls.core.eligibility_facts import Category, Verdict, Voice
from topcalls.core.holiday_calendars import calendar_faults, calendars_of
from topcalls.core.rule_pack import content_hash, overridden, rule_faults, rules_of
from topcalls.core.rule_values import TOPICS
from topcalls.errors import ConfigError
from topcalls.services.rule_pack import load_rule_pack

pytestmark = pytest.mark.unit
SALES = (Category.TELEMARKETING, Voice.AI)
GOOD = """
[[rule]]
id = "US-TX.own"
jurisdiction = "US-TX"
topic = "hours"
applies_to = { category = ["telemarketing"] }
effective_from = 2026-01-01
value = { mon-fri = [["10:00", "12:00"], ["13:00", "17:00"]], holiday = [], calendar = "US-UT" }
combine = "intersect"
on_unknown = "review"
status = "read"
source = "Our counsel, letter of 2026-11-30"
checked_on = 2026-11-30
"""


def faults(text, calendars=("US-UT",)):
    return {fault.path: fault.message for fault in rule_faults(tomllib.loads(text), calendars)}


def test_a_good_rule_has_no_fault():
    assert faults(GOOD) == {}
    (rule,) = rules_of(tomllib.loads(GOOD))
    assert rule.value.days[0] == ((600, 720), (780, 1020))
    assert rule.value.days[5:] == ((), ())
    assert (rule.on_unknown, rule.checked_on) == (Verdict.REVIEW, "2026-11-30")


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        ('"US-TX.own"', '"x"', "rule.0.id", "US-FL.hours"),
        ('"US-TX"', '"Texas"', "rule.0.jurisdiction", "US-FL"),
        ('"hours"', '"hour"', "rule.0.topic", "Did you mean 'hours'"),
        ('"telemarketing"', '"sales"', "rule.0.applies_to.category", "telemarketing"),
        ("applies_to = { category", "applies_to = { line", "rule.0.applies_to.line", "'voice'"),
        ("2026-01-01", '"2026-01-01"', "rule.0.effective_from", "without quotes"),
        ('"intersect"', '"union"', "rule.0.combine", "intersect"),
        ('"review"', '"ignore"', "rule.0.on_unknown", "defer"),
        ('"read"', '"verified"', "rule.0.status", "secondary"),
        ("source =", "note =", "rule.0.source", "unverified"),
        ('calendar = "US-UT"', 'calendar = "XX"', "rule.0.value", "holidays.toml"),
        (', calendar = "US-UT"', "", "rule.0.value", "'calendar'"),
        ("mon-fri", "mon-fry", "rule.0.value", "mon-fry"),
        ("mon-fri", "fri-mon", "rule.0.value", "names no day"),
        ('"12:00"', '"25:00"', "rule.0.value", "09:00"),
        ('"13:00"', '"11:00"', "rule.0.value", "in order"),
        ("holiday = []", "tue = []", "rule.0.value", "twice"),
        ("topic =", "topics =", "rule.0.topics", "Did you mean 'topic'"),
    ],
)
def test_what_is_wrong_is_told_with_its_remedy(old, new, path, words):
    found = faults(GOOD.replace(old, new))
    assert words in found[path], found


@pytest.mark.parametrize(
    ("topic", "value", "words"),
    [
        ("frequency", "{ most = 3 }", "either 'days' or 'hours'"),
        ("frequency", "{ most = 3, hours = 24, days = 1 }", "either 'days' or 'hours'"),
        ("frequency", "{ hours = 24 }", "needs 'most'"),
        ("frequency", "{ most = 0, hours = 24 }", "whole number from 1"),
        ("frequency", '{ most = 1, hours = 24, by = "house" }', "person, subject, debt"),
        ("consent", "{ accepts = [] }", "not empty"),
        ("consent", '{ accepts = ["oral"] }', "express_written"),
        ("consent", '{ accepts = ["express"], needs = ["ink"] }', "wording"),
        ("revocation", "{}", "must have 'scope'"),
        ("caller_id", "{}", "must have 'ready'"),
        ("disclosure", '{ slots = ["weather"] }', "registered_name"),
        ("recording", '{ least = "never" }', "announce"),
        ("abandonment", "{ most_share = 3, days = 30 }", "0.03"),
        ("register", '{ list = "US" }', "needs 'max_age_days'"),
        ("hours", '{ mon = [["09:00", "20:00"]], clock = "Mars/Base" }', "America/Chicago"),
        ("emergency", "{ days = 3 }", "has no 'days'"),
        ("number", "3", "must be a table"),
    ],
)
def test_a_wrong_value_is_told_with_its_remedy(topic, value, words):
    text = f'[[rule]]\nid = "a.rule"\njurisdiction = "US"\ntopic = "{topic}"\n'
    found = faults(f'{text}value = {value}\nstatus = "unverified"\n')
    assert words in found["rule.0.value"], found


def test_one_entry_of_a_date():
    assert "effective_from" in faults(GOOD + GOOD)["rule.1.id"]
    assert faults(GOOD + GOOD.replace("2026-01-01", "2027-01-01")) == {}
    assert faults('rule = "none"') == {"rule": "Must be a list of tables: [[rule]]."}


def test_a_change_is_a_new_entry():
    pack = load_rule_pack()
    later = GOOD.replace("2026-01-01", "2027-01-01").replace("17:00", "18:00")
    rules = rules_of(tomllib.loads(GOOD + later))

    def ends(day):
        made = type(pack)(**{**vars(pack), "rules": rules})
        (rule,) = made.holding(("US-TX",), SALES, (day, day))["hours"]
        return rule.value.days[0][-1][1]

    assert ends(date(2026, 12, 31)) == 17 * 60
    assert ends(date(2027, 1, 1)) == 18 * 60


def test_the_operators_rules_replace_those_of_the_same_id(tmp_path):
    mine = GOOD.replace("US-TX.own", "US-TX.hours").replace("US-UT", "OUR")
    (tmp_path / "texas.toml").write_text(mine)
    days = '[[calendar]]\nid = "OUR"\nadd = [{ name = "Outing", on = 2026-12-03 }]\n'
    (tmp_path / "holidays.toml").write_text(days)
    shipped, own = load_rule_pack(), load_rule_pack(tmp_path)
    assert len(own.rules) == len(shipped.rules)
    (rule,) = [rule for rule in own.rules if rule.id == "US-TX.hours"]
    assert rule.source.startswith("Our counsel")
    assert own.version == f"{shipped.version}+own"
    assert own.hash != shipped.hash
    assert own.calendars["OUR"].name_of(date(2026, 12, 3)) == "Outing"
    assert overridden(own.rules, shipped.rules)[-1] is shipped.rules[-1]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", GOOD.replace("US-TX", "Texas"), "a.toml are wrong: rule.0.jurisdiction"),
        ("a.toml", "[[rule", "cannot be read"),
        ("pack.toml", "", "cannot be replaced"),
        ("holidays.toml", '[[calendar]]\nid = "X"\nbase = ["XX"]\n', "calendar.0.base"),
    ],
)
def test_a_wrong_file_of_the_operator_is_named(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=r"rules") as caught:
        load_rule_pack(tmp_path)
    assert words in str(caught.value)
    assert caught.value.field == "rules_folder"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        load_rule_pack(tmp_path / "none")


def test_the_hash_is_of_what_is_said_not_of_how():
    one, other = tomllib.loads(GOOD), tomllib.loads("# a remark\n" + GOOD)
    assert content_hash([one]) == content_hash([other])
    assert content_hash([one, {}]) == content_hash([{}, other])
    assert content_hash([one]) != content_hash([tomllib.loads(GOOD.replace("17:00", "17:01"))])


def test_calendars_and_their_faults():
    content = tomllib.loads("""
[[calendar]]
id = "X"
base = ["US-UT"]
add = [{ name = "Flag Day", month = 6, day = 14 }, { name = "Mardi Gras", easter = -47 }]
""")
    assert list(calendar_faults(content)) == []
    calendar = calendars_of(content)["X"]
    assert calendar.name_of(date(2027, 7, 24)) == "Pioneer Day"
    assert calendar.name_of(date(2027, 7, 23)) == "Pioneer Day (observed)"
    assert calendar.name_of(date(2031, 6, 14)) == "Flag Day"
    assert calendar.name_of(date(2027, 2, 9)) == "Mardi Gras"
    assert calendar.name_of(date(2027, 2, 10)) is None
    for added in (
        '{ name = "A" }',
        '{ name = "A", month = 2, day = 30 }',
        '{ name = "A", easter = "x" }',
        '{ name = "A", on = "2026-12-03" }',
        "{ month = 6, day = 14 }",
    ):
        wrong = tomllib.loads(f'[[calendar]]\nid = "X"\nadd = [{added}]\n')
        assert [fault.path for fault in calendar_faults(wrong)] == ["calendar.0.add.0"], added


def test_area_codes_and_their_faults():
    text = '[[area]]\nregions = ["US-TX"]\nzones = ["America/Chicago"]\ncodes = [214]\n'
    assert list(area_faults(tomllib.loads(text))) == []
    for old, new in (
        ("America", "Amerika"),
        ("[214]", "[14]"),
        ("[214]", "[]"),
        ("214", "214, 214"),
    ):
        assert list(area_faults(tomllib.loads(text.replace(old, new)))), new


def test_every_area_code_of_the_united_states_and_canada_is_known():
    """But for those of no place, which have no zone."""
    known = load_rule_pack().areas.codes
    nowhere = (phonenumbers.PhoneNumberType.TOLL_FREE, phonenumbers.PhoneNumberType.PREMIUM_RATE)
    nowhere += (phonenumbers.PhoneNumberType.PERSONAL_NUMBER,)
    for code in set(range(200, 1000)) - {600, 622, 633}:  # Canada's, of no place
        number = phonenumbers.parse(f"+1{code}2340123")
        region = phonenumbers.region_code_for_number(number)
        if region in ("US", "CA") and phonenumbers.number_type(number) not in nowhere:
            assert str(code) in known, code
            assert known[str(code)].regions[0].startswith(region), code


def test_every_shipped_rule_says_where_it_was_read():
    """Or that it was not."""
    pack = load_rule_pack()
    assert len({(rule.id, rule.effective_from) for rule in pack.rules}) == len(pack.rules)
    for rule in pack.rules:
        if rule.status in ("read", "secondary"):
            assert rule.source and rule.checked_on, rule.id
    folder = Path(__file__).parents[2] / "topcalls" / "rules"
    for path in folder.glob("[A-Z]*.toml"):
        for rule in tomllib.loads(path.read_text())["rule"]:
            own = rule["jurisdiction"] == path.stem
            assert own or rule["jurisdiction"].startswith(f"{path.stem}-") or path.stem == "FR"
            assert rule["id"].startswith(rule["jurisdiction"]), rule["id"]


def test_the_page_says_how_far_the_rules_are_confirmed():
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    rules = load_rule_pack().rules
    assert f"{len(rules)} rules ship" in page
    for status, count in Counter(rule.status for rule in rules).items():
        assert f"{count} `{status}`" in page, status
    for topic in TOPICS:
        assert f"| `{topic}` |" in page, topic
