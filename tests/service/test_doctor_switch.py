"""What the doctor says of a switch: each fault is made on the double, on a real socket."""

from dataclasses import replace
from datetime import timedelta

import gevent
import pytest
from doctor_rig import by_check, dead_port, frozen_peer, levels
from gevent import socket

from topcalls.clock import SystemClock
from topcalls.controller import checkup as switch_checkup
from topcalls.controller.assembly import MediaOptions, SwitchAddress
from topcalls.controller.checkup import SwitchCheckup
from topcalls.controller.media_checkup import media
from topcalls.core.checkup import Level
from topcalls.errors import StoreUnavailable
from topcalls.sandbox.faults import Freeze, RefuseCommand, RefuseConnections
from topcalls.sandbox.freeswitch.server import SwitchServer
from topcalls.sandbox.freeswitch.switch import SwitchOptions
from topcalls.sandbox.speech import Synthesizer

pytestmark = pytest.mark.service
GOOD = {
    "switch",
    "switch_password",
    "switch_limits",
    "switch_modules",
    "gateway",
    "switch_clock",
    "recordings_shared",
    "playback_shared",
}


class ShiftedClock(SystemClock):
    """Another machine's clock."""

    def __init__(self, seconds):
        self._shift = timedelta(seconds=seconds)

    def now(self):
        return super().now() + self._shift


@pytest.fixture
def start(tmp_path):
    """Starts doubles of a switch."""
    running = []

    def begin(clock=None, **options):
        settings = SwitchOptions(temporary=tmp_path, **options)
        server = SwitchServer(Synthesizer(tmp_path), options=settings, clock=clock)
        server.start()
        running.append(server)
        return server

    yield begin
    for server in running:
        server.stop()


@pytest.fixture
def checkup(tmp_path):
    """A look at a switch, which has to be told where it is."""
    return SwitchCheckup(
        switch=SwitchAddress("127.0.0.1", 0, "sandbox", "sandbox"),
        max_calls=100,
        calls_per_second=10.0,
        recordings_dir=tmp_path / "recordings",
        playback_dir=tmp_path / "playback",
        clock=SystemClock(),
    )


@pytest.fixture
def impatient(monkeypatch):
    """Shorter limits than a far switch deserves."""
    monkeypatch.setattr(switch_checkup, "LOGIN_SECONDS", 0.2)
    monkeypatch.setattr(switch_checkup, "COMMAND_SECONDS", 0.2)


def look(checkup, server, **address):
    where = {"port": server.port, "password": server.password, **address}
    return list(replace(checkup, switch=replace(checkup.switch, **where)).findings())


def test_a_good_switch_has_nothing_to_complain_of(start, checkup, tmp_path):
    findings = look(checkup, start())
    assert levels(findings) == dict.fromkeys(GOOD, Level.OK)
    assert "1.10.12" in by_check(findings)["switch"].found
    assert not (tmp_path / "playback").exists()
    assert not (tmp_path / "recordings").exists()


def test_nothing_stays_in_a_directory_that_was_there(start, checkup, tmp_path):
    (tmp_path / "playback").mkdir()
    look(checkup, start())
    assert list((tmp_path / "playback").iterdir()) == []


def test_nobody_listens(checkup):
    address = replace(checkup.switch, port=dead_port())
    (finding,) = replace(checkup, switch=address).findings()
    assert finding.level is Level.FAULT
    assert "cannot be reached" in finding.found
    assert "mod_event_socket" in finding.remedy


def test_the_password_is_wrong(start, checkup):
    (finding,) = look(checkup, start(), password="not-the-password")
    assert finding.level is Level.FAULT
    assert "rejects the Event Socket password" in finding.found
    assert "not-the-password" not in finding.found + finding.remedy


def test_the_access_list_rejects_us(start, checkup):
    server = start()
    server.inject(RefuseConnections())
    (finding,) = look(checkup, server)
    assert finding.level is Level.FAULT
    assert "apply-inbound-acl" in finding.remedy


def test_somebody_accepts_and_never_greets(checkup, impatient):
    with frozen_peer() as port, gevent.Timeout(5):
        address = replace(checkup.switch, port=port)
        (finding,) = replace(checkup, switch=address).findings()
    assert finding.level is Level.FAULT
    assert "did not answer" in finding.found


def test_a_switch_that_freezes_keeps_what_was_found(start, checkup, impatient):
    server = start()
    findings = replace(
        checkup, switch=replace(checkup.switch, port=server.port, password=server.password)
    ).findings()
    found = [next(findings)]
    server.inject(Freeze(seconds=60))
    with gevent.Timeout(5):
        found += list(findings)
    assert levels(found)["switch"] is Level.OK
    assert found[-1].level is Level.FAULT
    assert "did not answer" in found[-1].found
    assert len(found) < len(GOOD)


def test_the_default_password_is_told(start, checkup):
    server = start()
    server.password = "ClueCon"
    found = by_check(look(checkup, server))["switch_password"]
    assert found.level is Level.WARNING


@pytest.mark.parametrize("module", ["mod_audio_stream", "mod_native_file", "mod_dptools"])
def test_a_missing_module_is_named(start, checkup, module):
    loaded = SwitchOptions().modules - {module}
    found = by_check(look(checkup, start(modules=loaded)))["switch_modules"]
    assert found.level is Level.FAULT
    assert found.found == f"{module} is not loaded."
    assert f"load {module}" in found.remedy


def test_streamed_speech_needs_neither_native_files_nor_a_directory(start, checkup):
    loaded = SwitchOptions().modules - {"mod_native_file"}
    found = levels(look(replace(checkup, playback_dir=None), start(modules=loaded)))
    assert found["switch_modules"] is Level.OK
    assert found["playback_shared"] is Level.OK


def test_an_unknown_gateway(start, checkup):
    found = by_check(look(checkup, start(), gateway="nowhere"))["gateway"]
    assert found.level is Level.FAULT
    assert "no gateway nowhere" in found.found


def test_a_gateway_that_is_down(start, checkup):
    server = start(gateways_down=frozenset({"sandbox"}))
    found = by_check(look(checkup, server))["gateway"]
    assert found.level is Level.FAULT
    assert "DOWN" in found.found


def test_a_gateway_name_that_no_command_may_hold(start, checkup):
    found = by_check(look(checkup, start(), gateway="x y"))["gateway"]
    assert found.level is Level.FAULT


@pytest.mark.parametrize(
    ("wishes", "names"),
    [
        ({"max_calls": 2000}, "max-sessions"),
        ({"calls_per_second": 50.0}, "sessions-per-second"),
    ],
)
def test_limits_below_ours(start, checkup, wishes, names):
    found = by_check(look(replace(checkup, **wishes), start()))["switch_limits"]
    assert found.level is Level.WARNING
    assert names in found.remedy


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(-7200, Level.FAULT), (-10, Level.WARNING), (10, Level.WARNING), (300, Level.FAULT)],
)
def test_the_switch_has_another_time(start, checkup, seconds, level):
    found = by_check(look(checkup, start(clock=ShiftedClock(seconds))))["switch_clock"]
    assert found.level is level
    assert ("ahead" in found.found) == (seconds > 0)


def test_the_switch_sees_other_directories(start, checkup):
    server = start()
    server.inject(RefuseCommand("api file_exists", "false", count=2))
    found = levels(look(checkup, server))
    assert found["playback_shared"] is Level.FAULT
    assert found["recordings_shared"] is Level.WARNING


def test_a_directory_that_cannot_be_made(start, checkup, tmp_path):
    (tmp_path / "file").write_text("in the way")
    found = by_check(look(replace(checkup, playback_dir=tmp_path / "file" / "x"), start()))
    assert found["playback_shared"].level is Level.FAULT
    assert found["recordings_shared"].level is Level.OK


def test_a_directory_that_the_switch_cannot_play_from(start, checkup, tmp_path):
    found = by_check(look(replace(checkup, playback_dir=tmp_path / "a b"), start()))
    assert found["playback_shared"].level is Level.FAULT
    assert "letters" in found["playback_shared"].remedy


def test_a_command_that_is_not_allowed_is_a_finding_of_its_own(start, checkup):
    server = start()
    server.inject(RefuseCommand("api strepoch", "-ERR strepoch Command not found!"))
    found = levels(look(checkup, server))
    assert found["switch_clock"] is Level.FAULT
    assert found["playback_shared"] is Level.OK


# --- media server


def options(**given):
    fields = {"host": "127.0.0.1", "port": 0, "advertised_host": None, "playback": "stream"}
    return MediaOptions(**{**fields, "playback_dir": None, "recordings_dir": None, **given})


def never():
    raise AssertionError("nobody has to be asked")


def test_a_free_port():
    (finding,) = media(options(port=dead_port()), never)
    assert finding.level is Level.OK


@pytest.mark.parametrize("host", ["call_controller", "::1", "0.0.0.0"])
def test_a_host_that_the_audio_module_refuses(host):
    (finding,) = media(options(advertised_host=host), never)
    assert finding.level is Level.FAULT
    assert finding.remedy


def unreachable():
    raise StoreUnavailable("The database is gone.")


@pytest.mark.parametrize(
    ("who", "level"),
    [(lambda: True, Level.OK), (lambda: False, Level.FAULT), (unreachable, Level.WARNING)],
)
def test_a_port_that_is_taken(who, level):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        (finding,) = media(options(port=other.getsockname()[1]), who)
    assert finding.level is level


def test_an_address_of_another_machine():
    (finding,) = media(options(host="192.0.2.77", port=8085), never)
    assert finding.level is Level.FAULT
    assert "TOPCALLS_MEDIA_HOST" in finding.remedy
