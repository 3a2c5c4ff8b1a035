"""The compose file and the Dockerfiles, read as files: no engine is needed, and none is asked."""

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml
from cryptography.fernet import Fernet

from topcalls.cli.root import main
from topcalls.config import PREFIX, Settings, load

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
COMPOSE_TEXT = (DOCKER / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES = COMPOSE["services"]
DOCKERFILES = sorted(DOCKER.rglob("Dockerfile"))
OURS = [name for name in SERVICES if name != "postgres"]
CONFIGURED = ("migrate", "api", "worker", "controller")
SHARED_BY_CONTROLLER_AND_SWITCH = {
    "spool": "/var/lib/topcalls/spool",
    "playback": "/playback",
    "switch": "/var/lib/topcalls/switch",
    "cdr": "/var/lib/topcalls/cdr",
}
NOT_TO_BE_CHOSEN = {
    "telephony": "that is the profile",
    "esl_host": "FreeSWITCH is on the controller's own host",
    "data_dir": "a volume",
    "recordings_dir": "a volume",
    "recording_spool_dir": "a volume",
    "playback_dir": "a volume",
    "switch_dir": "a volume",
    "cdr_dir": "a volume",
    "api_host": "the container's; the published address is compose's",
    "api_port": "likewise, and the health check asks there",
}
SWITCH_NOT_TO_BE_CHOSEN = {
    "FREESWITCH_CONF_DIR": "mounted",
    "FREESWITCH_DIALPLANS_DIR": "mounted",
    "FREESWITCH_ESL_IP": "the controller is on the same host",
    "FREESWITCH_CONTROLLERS": "likewise",
    "FREESWITCH_CORE_DB": "in the container's memory",
}
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)")

service = pytest.mark.parametrize("name", sorted(SERVICES))
dockerfile = pytest.mark.parametrize(
    "file", DOCKERFILES, ids=lambda file: str(file.relative_to(ROOT))
)


def instructions(file):
    """(instruction, rest) of a Dockerfile, continued lines joined, comments left out."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(" ", 1)) for line in joined.splitlines() if line.strip()]


def environment(name):
    return SERVICES[name].get("environment", {})


def mounts(name):
    """Named volume or path to where it is mounted."""
    volumes = [filled_in(volume, {}) for volume in SERVICES[name].get("volumes", [])]
    return dict(volume.split(":")[:2] for volume in volumes)


def filled_in(text, given):
    """What compose makes of `${NAME:-default}`, defaults within defaults included."""
    pattern = re.compile(r"\$\{([A-Z_]+):-([^{}]*)\}")
    while found := pattern.search(text):
        text = text.replace(found[0], given.get(found[1]) or found[2])
    return text


def handed_over(name, file):
    """The environment of a service whose `.env` holds `file`."""
    by_file = file if "env_file" in SERVICES[name] else {}
    named = {key: filled_in(str(value), file) for key, value in environment(name).items()}
    return {**by_file, **named}


# -- compose ----------------------------------------------------------------------------------


def test_the_profiles_are_those_of_the_page():
    found = {profile for name in SERVICES for profile in SERVICES[name]["profiles"]}
    assert found == {"sandbox", "single", "central", "node"}
    page = (ROOT / "docs" / "docker.md").read_text()
    assert all(f"--profile {profile}" in page for profile in found)


def test_one_machine_runs_what_the_scaled_out_ones_do():
    of = {
        profile: {name for name in SERVICES if profile in SERVICES[name]["profiles"]}
        for profile in ("single", "central", "node")
    }
    assert of["single"] == of["central"] | of["node"]
    assert of["node"] == {"controller", "freeswitch"}


@service
def test_a_service_gets_no_more_rights_than_it_needs(name):
    given = SERVICES[name]
    assert given["cap_drop"] == ["ALL"]
    assert given["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in given
    assert name == "postgres" or (given["read_only"] and "cap_add" not in given)


@service
def test_an_image_is_pinned_or_built_here(name):
    image = SERVICES[name]["image"]
    named = re.fullmatch(r"\$\{[A-Z_]+:-([a-z-]+:local)\}", image)
    assert named or re.fullmatch(r"[a-z]+:\d+\.\d+-[a-z]+", image)
    assert bool(named) == ("build" in SERVICES[name])


@service
def test_published_ports_are_on_loopback_unless_asked_for(name):
    for port in SERVICES[name].get("ports", []):
        assert port.startswith(("127.0.0.1:", "${POSTGRES_IP:-127.0.0.1}:")), port
        assert ":8021" not in port


def test_sip_and_audio_use_the_hosts_network():
    """A published range of ports starts a process for each; see docs/docker.md."""
    for name in ("freeswitch", "controller"):
        assert SERVICES[name]["network_mode"] == "host"
        assert "ports" not in SERVICES[name]


def test_the_switch_leaves_no_core_and_has_no_quota():
    given = SERVICES["freeswitch"]
    assert given["ulimits"]["core"] == 0
    assert given["ulimits"]["nofile"] >= 10000
    assert given["user"] == "10001:10001"
    assert "cpus" not in given
    assert "deploy" not in given


@service
def test_a_service_has_time_to_end(name):
    assert SERVICES[name].get("stop_grace_period") or name == "migrate"


def test_controller_and_switch_see_files_at_the_same_paths():
    for name in ("controller", "freeswitch"):
        assert SHARED_BY_CONTROLLER_AND_SWITCH.items() <= mounts(name).items()
    told = environment("controller")
    for setting, volume in (
        ("RECORDING_SPOOL_DIR", "spool"),
        ("PLAYBACK_DIR", "playback"),
        ("SWITCH_DIR", "switch"),
        ("CDR_DIR", "cdr"),
    ):
        assert told[PREFIX + setting] == SHARED_BY_CONTROLLER_AND_SWITCH[volume]
    options = COMPOSE["volumes"]["playback"]["driver_opts"]
    assert options["type"] == "tmpfs"


def test_every_volume_is_declared_and_used():
    used = {volume for name in SERVICES for volume in mounts(name) if not volume.startswith(".")}
    assert used == set(COMPOSE["volumes"])


@service
def test_a_process_is_told_settings_that_exist(name):
    """A misspelt one would not be a default: the product refuses to start with it."""
    switch = (ROOT / "freeswitch_conf" / "vars.xml").read_text()
    script = (ROOT / "scripts" / "switch").read_text()
    for variable, value in environment(name).items():
        if variable.startswith("FREESWITCH_"):
            assert f"${variable}" in switch or variable in script
        elif variable.startswith(PREFIX):
            setting = variable.removeprefix(PREFIX).lower()
            assert setting in Settings.model_fields
            assert name != "freeswitch" or f"${variable}" in switch + script
        if any(word in variable for word in ("PASSWORD", "SECRET", "API_KEY")):
            assert re.fullmatch(r"\$\{\w+:-\}", str(value)), variable


@pytest.mark.parametrize("setting", sorted(Settings.model_fields))
def test_a_setting_in_the_file_reaches_every_process_or_is_left_out_on_purpose(setting):
    variable = PREFIX + setting.upper()
    told = {name: handed_over(name, {variable: "chosen"}).get(variable) for name in CONFIGURED}
    if setting in NOT_TO_BE_CHOSEN:
        assert set(told.values()) != {"chosen"}
    else:
        assert set(told.values()) == {"chosen"}, told


def test_the_file_with_settings_may_be_missing_and_is_for_the_processes_alone():
    """The sandbox is what runs with nothing configured, and the switch needs no key of an AI."""
    for name in SERVICES:
        expected = [{"path": ".env", "required": False}] if name in CONFIGURED else None
        assert SERVICES[name].get("env_file") == expected


def test_a_variable_of_the_switch_is_handed_over_or_left_out_on_purpose():
    tree = (ROOT / "freeswitch_conf" / "vars.xml").read_text()
    script = (ROOT / "scripts" / "switch").read_text()
    known = set(re.findall(r"\$((?:FREESWITCH|TOPCALLS)_[A-Z_]+)", tree))
    known |= set(re.findall(r"^#   (FREESWITCH(?:_[A-Z_]+)?) ", script, re.MULTILINE))
    assert len(known) > 25
    assert set(environment("freeswitch")) & set(SWITCH_NOT_TO_BE_CHOSEN) == set()
    assert known - set(SWITCH_NOT_TO_BE_CHOSEN) <= set(environment("freeswitch"))


def test_recordings_are_written_on_a_disk_of_the_switchs_own_machine():
    """Where they are kept is the affair of controller and API: see docs/recordings.md."""
    assert COMPOSE["volumes"]["spool"] is None
    assert "recordings" not in mounts("freeswitch")
    assert "spool" not in mounts("api") | mounts("worker")
    for name in ("api", "worker", "controller"):
        assert mounts(name)["recordings"] == "/recordings"
    spool = SHARED_BY_CONTROLLER_AND_SWITCH["spool"]
    assert environment("freeswitch")["TOPCALLS_RECORDING_SPOOL_DIR"] == spool
    page = (ROOT / "docs" / "docker.md").read_text()
    assert "TOPCALLS_RECORDING_STORE=api" in page


FILLED_IN = {
    "TOPCALLS_ESL_PASSWORD": "0123456789abcdef",
    "TOPCALLS_SECRET_KEY": Fernet.generate_key().decode(),
    "TOPCALLS_PUBLIC_URL": "https://calls.example.com",
    "POSTGRES_PASSWORD": "letters",
    "OPENAI_API_KEY": "sk-none",
}


@pytest.mark.parametrize("name", [name for name in OURS if name != "freeswitch"])
def test_a_process_starts_with_what_the_page_asks_for(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no settings file of this machine
    settings = load(environ=handed_over(name, FILLED_IN))
    assert settings.telephony_mode == ("sandbox" if name == "sandbox" else "live")
    if name != "sandbox":
        host = "127.0.0.1" if name == "controller" else "postgres"
        assert settings.database_url == f"postgresql://topcalls:letters@{host}:5432/topcalls"


@pytest.mark.parametrize("name", [name for name in OURS if name != "freeswitch"])
def test_a_command_is_one_of_ours(name):
    assert SERVICES[name]["command"][0] in main.list_commands(click.Context(main))


def test_the_example_names_every_variable_and_no_secret():
    example = (DOCKER / ".env.example").read_text()
    rows = dict(re.findall(r"^([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert set(VARIABLE.findall(COMPOSE_TEXT)) <= set(rows)
    assert not any(rows.values())


def test_the_example_names_nothing_that_a_process_refuses():
    """Each process is handed all of it."""
    named = re.findall(r"^TOPCALLS_([A-Z_]+)=", (DOCKER / ".env.example").read_text(), re.MULTILINE)
    assert {name.lower() for name in named} <= set(Settings.model_fields) - set(NOT_TO_BE_CHOSEN)


# -- images -----------------------------------------------------------------------------------


@dockerfile
def test_a_base_is_pinned(file):
    bases = [rest.split()[0] for word, rest in instructions(file) if word == "FROM"]
    assert all(re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?-[a-z-]+", base) for base in bases), bases


@dockerfile
def test_an_image_runs_as_nobody_special_and_says_how_it_is(file):
    told = instructions(file)
    users = [rest for word, rest in told if word == "USER"]
    assert users[-1] == "10001:10001"
    assert any(word == "HEALTHCHECK" for word, _ in told)
    assert [word for word, _ in told].index("ENTRYPOINT") > [word for word, _ in told].index("USER")


@dockerfile
def test_no_secret_can_stay_in_a_layer(file):
    told = instructions(file)
    for word, rest in told:
        assert word != "ADD"
        if word in ("ARG", "ENV"):
            assert not re.search(r"token|password|secret|key", rest, re.IGNORECASE), rest
        if word == "RUN" and "token" in rest:
            assert "--mount=type=secret" in rest
            assert "rm -rf /etc/apt/auth.conf.d/freeswitch.conf" in rest


@dockerfile
def test_packages_are_installed_lean(file):
    for word, rest in instructions(file):
        if word == "RUN" and "apt-get install" in rest:
            assert rest.count("apt-get install") == rest.count("--no-install-recommends")
            assert "/var/lib/apt/lists/*" in rest


def test_our_image_is_built_in_stages():
    told = instructions(DOCKER / "Dockerfile")
    assert sum(word == "FROM" for word, _ in told) == 2
    final = told[[word for word, _ in told].index("FROM", 1) :]
    assert not any("pip install" in rest for _, rest in final)


def test_the_switchs_image_has_the_modules_that_are_loaded():
    modules = (ROOT / "freeswitch_conf" / "autoload_configs" / "modules.conf.xml").read_text()
    wanted = set(re.findall(r'module="mod_(\w+)"', modules)) - {"audio_stream"}
    text = (DOCKER / "freeswitch" / "Dockerfile").read_text()
    assert set(re.findall(r"freeswitch-mod-([a-z-]+)", text)) == {
        name.replace("_", "-") for name in wanted
    }
    page = (ROOT / "docs" / "switch.md").read_text()
    assert all(f"freeswitch-mod-{name.replace('_', '-')}" in page for name in wanted)


@dockerfile
def test_what_is_copied_is_let_into_the_build(file):
    allowed = (file.parent / "Dockerfile.dockerignore").read_text().splitlines()
    assert allowed[0] == "*"
    for word, rest in instructions(file):
        if word == "COPY" and "--from" not in rest:
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists()
                assert f"!{source.removeprefix('./')}" in allowed


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not installed")
@dockerfile
def test_hadolint_agrees(file):
    run = subprocess.run(
        ["hadolint", "--ignore", "DL3008", file], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stdout
