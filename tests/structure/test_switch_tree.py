"""The FreeSWITCH configuration and dialplans, read as files: no switch is needed."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from topcalls.config import PREFIX, Settings
from topcalls.core import gateways
from topcalls.core.call_rules import NUMBER_RANGES
from topcalls.core.transfer_rules import TIMES
from topcalls.esl import commands
from topcalls.ids import new_id
from topcalls.sandbox.freeswitch.causes import SILENT

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
TREE = ROOT / "freeswitch_conf"
DIALPLANS = ROOT / "dialplans"
FILES = sorted([*TREE.rglob("*.xml"), *DIALPLANS.rglob("*.xml")])
PAGE = ROOT / "docs" / "switch.md"

ALLOWED_MODULES = {
    "mod_audio_stream",
    "mod_commands",
    "mod_console",
    "mod_dialplan_xml",
    "mod_dptools",
    "mod_event_socket",
    "mod_json_cdr",
    "mod_native_file",
    "mod_sndfile",
    "mod_sofia",
    "mod_tone_stream",
}
ALLOWED_APPLICATIONS = {"hangup", "park", "respond", "sched_hangup", "set", "transfer"}
MADE_BY_THE_SWITCH = {"local_ip_v4"}
NAME = re.compile(r"\$\$\{(\w+)\}")


def named(file):
    return str(file.relative_to(ROOT))


def directives(command):
    """What the pre-processor is told by this command, in all files."""
    return [
        element.get("data", "")
        for file in FILES
        for element in ET.parse(file).iter("X-PRE-PROCESS")
        if element.get("cmd") == command
    ]


def defaults():
    """Variable to its default."""
    told = [*directives("set"), *directives("exec-set")]
    return dict(data.split("=", 1) for data in told)


def from_environment():
    """Environment variable to the variable that it overrides."""
    pairs = [data.split("=", 1) for data in directives("env-set")]
    return {variable.removeprefix("$"): name for name, variable in pairs}


def actions(name):
    """(application, data) in order, of one dialplan file with what it includes."""
    text = (DIALPLANS / name).read_text()
    part = (DIALPLANS / "parts" / "hand_over.xml").read_text()
    text = text.replace('<X-PRE-PROCESS cmd="include" data="parts/hand_over.xml"/>', part)
    return re.findall(r'<action application="(\w+)" data="([^"]*)"', text) + re.findall(
        r'<action application="(\w+)"()/>', text
    )


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_file_is_well_formed_and_says_what_it_is_for(file):
    ET.parse(file)
    lines = file.read_text().splitlines()
    purpose = lines[1] if lines[0].startswith("<?xml") else lines[0]
    assert re.fullmatch(r"<!-- [A-Z].{20,130}\. -->", purpose) or purpose.count(".") == 2, purpose


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_directive_is_alone_on_its_line(file):
    """The pre-processor reads lines, and drops what stands beside a directive."""
    for line in file.read_text().splitlines():
        if "X-PRE-PROCESS" in line:
            assert re.fullmatch(r'\s*<X-PRE-PROCESS cmd="[a-z-]+" data="[^"]+"/>', line), line
        assert not re.search(r"\S.*</?include>|</?include>.*\S", line), line


def test_every_variable_that_is_used_has_a_value_and_every_value_is_used():
    used = {name for file in FILES for name in NAME.findall(file.read_text())}
    assert used - MADE_BY_THE_SWITCH == set(defaults())


def test_every_variable_can_be_set_by_the_environment():
    assert set(from_environment().values()) == set(defaults())


def test_variables_shared_with_the_gateway_are_its_settings():
    shared = {name for name in from_environment() if name.startswith(PREFIX)}
    assert {name.removeprefix(PREFIX).lower() for name in shared} <= set(Settings.model_fields)
    assert all(name.startswith((PREFIX, "FREESWITCH_")) for name in from_environment())


def test_the_page_lists_the_variables_and_their_defaults():
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", PAGE.read_text(), re.MULTILINE)
    told = {name: value.strip("`") for name, value in rows if name in from_environment()}
    values = defaults()
    expected = {name: values[variable] for name, variable in from_environment().items()}
    expected["TOPCALLS_ESL_PASSWORD"] = "none: must be set"
    expected["FREESWITCH_IP"] = "the machine's own"
    expected["FREESWITCH_PUBLIC_IP"] = "FREESWITCH_IP"
    assert told == expected


def test_no_password_is_written_down():
    for file in FILES:
        text = file.read_text()
        for value in re.findall(r'name="[^"]*(?:password|secret|hash)[^"]*" value="([^"]*)"', text):
            assert NAME.fullmatch(value), named(file)
        assert "ClueCon" not in text


def test_only_the_modules_we_use_are_loaded():
    modules = TREE / "autoload_configs" / "modules.conf.xml"
    loaded = [element.get("module") for element in ET.parse(modules).iter("load")]
    assert sorted(loaded) == sorted(ALLOWED_MODULES)
    others = [
        file for file in FILES if file != modules and ET.parse(file).find(".//load") is not None
    ]
    assert others == []


def test_the_event_socket_asks_for_address_and_password():
    text = (TREE / "autoload_configs" / "event_socket.conf.xml").read_text()
    assert 'name="apply-inbound-acl" value="controllers"' in text
    assert 'name="password" value="$${topcalls_esl_password}"' in text
    assert defaults()["topcalls_esl_ip"] == "127.0.0.1"
    assert defaults()["topcalls_controllers"] == "127.0.0.1/32"


def test_lists_of_networks_deny_by_default():
    lists = list(ET.parse(TREE / "autoload_configs" / "acl.conf.xml").iter("list"))
    assert [(found.get("name"), found.get("default")) for found in lists] == [
        ("controllers", "deny"),
        ("carriers", "deny"),
    ]


@pytest.mark.parametrize(
    ("profile", "needed"),
    [
        ("external", {"apply-inbound-acl": "carriers"}),
        ("internal", {"auth-calls": "true", "inbound-reg-force-matching-username": "true"}),
    ],
)
def test_a_profile_lets_nobody_in_unseen(profile, needed):
    file = ET.parse(TREE / "sip_profiles" / f"{profile}.xml")
    settings = {found.get("name"): found.get("value") for found in file.iter("param")}
    assert needed.items() <= settings.items()
    assert settings["disable-transfer"] == "true"
    assert not {name for name in settings if name.startswith("accept-blind")}
    assert profile == "internal" or settings["disable-register"] == "true"
    assert profile == "internal" or settings["auth-calls"] == "$${topcalls_carrier_logins}"
    assert defaults()["topcalls_carrier_logins"] == "false"


def test_a_carrier_that_says_nothing_is_given_up_before_any_phone_has_rung_its_time():
    file = ET.parse(TREE / "sip_profiles" / "external.xml")
    settings = {found.get("name"): found.get("value") for found in file.iter("param")}
    least = min(NUMBER_RANGES["ring_timeout_seconds"][0], TIMES["ring_timeout_seconds"][0])
    assert int(settings["timer-T1X64"]) / 1000 == SILENT.after < least


@pytest.mark.parametrize("file", sorted(DIALPLANS.glob("*.xml")), ids=lambda file: file.name)
def test_a_dialplan_cannot_dial_and_reads_nothing_a_caller_says(file):
    """`${…}` would be the caller's words, run through the switch's own functions."""
    told = actions(file.name)
    assert {application for application, _ in told} <= ALLOWED_APPLICATIONS
    assert not any(re.search(r"(?<!\$)\$\{", data) for _, data in told)


@pytest.mark.parametrize("name", ["inbound.xml", "softphones.xml", "feature_codes.xml"])
def test_an_arriving_leg_is_parked_with_the_variables_that_the_code_reads(name):
    told = actions(name)
    given = dict(data.split("=", 1) for application, data in told if application == "set")
    translate = (ROOT / "topcalls" / "esl" / "translate.py").read_text()
    read = set(re.findall(r'variable\("(tc_\w+)"', translate))
    generated = (ROOT / "topcalls" / "core" / "gateways.py").read_text()
    by_trunks = set(re.findall(r'variable name="(tc_\w+)"', generated))
    assert {variable for variable in given if variable.startswith("tc_")} | by_trunks == read
    assert given["tc_owner"] == "unclaimed"
    assert NAME.fullmatch(given["tc_node"])
    assert ("park", "") in told


@pytest.mark.parametrize("name", ["inbound.xml", "softphones.xml", "feature_codes.xml"])
def test_an_arriving_leg_has_every_limit(name):
    told = actions(name)
    given = dict(data.split("=", 1) for application, data in told if application == "set")
    assert {"media_timeout", "park_timeout"} <= set(given)
    assert any(application == "sched_hangup" for application, _ in told)


def test_an_arriving_leg_is_set_up_like_one_that_we_dial():
    dial = commands.Dial(
        new_id(), "call", "owner", "node", "gateway", "+12025550100", "+12025550199"
    )
    dialled = commands.originate(dial)
    for application, data in actions("inbound.xml"):
        name, _, value = data.partition("=")
        if application == "set" and not name.startswith("tc_") and not NAME.search(value):
            assert f"{name}={value}" in dialled


def test_generated_files_are_included_from_where_they_are_written():
    included = directives("include")
    for folder in gateways.FOLDERS:
        assert f"$${{topcalls_switch_dir}}/{folder}/*.xml" in included


def test_no_file_of_the_vanilla_tree_came_along():
    names = {file.name for file in FILES}
    assert not names & {
        "default.xml",
        "public.xml",
        "1000.xml",
        "vars_diff.xml",
        "voicemail.conf.xml",
    }
