"""`topcalls doctor carrier`: what is wrong with one carrier, in words."""

import json

import factories
import pytest
from click.testing import CliRunner
from doctor_rig import by_check, levels

from topcalls.cli.root import main
from topcalls.compose.carrier_doctor import diagnose_carrier
from topcalls.config import Settings
from topcalls.core.carrier_status import GatewayState, judge
from topcalls.core.checkup import Level
from topcalls.services.carrier_checkup import CarrierCheckup
from topcalls.services.carriers import Report
from topcalls.store import routing

pytestmark = pytest.mark.service
ADDRESS = "203.0.113.7"


@pytest.fixture
def carrier(services):
    """A carrier of an account, and a way to look at it."""
    return Patient(services)


class Patient:
    """A carrier that a controller reports of."""

    def __init__(self, services):
        self.services = services
        self.owner = factories.principal(services)
        body = {
            "carrier_name": "Telnyx",
            "sip_gateway": {
                "ipv4": "sip.example.com",
                "inbound": True,
                "inbound_addresses": [ADDRESS],
            },
        }
        self.id = services.carriers.create(self.owner.account_id, body).id

    def tell(self, state, node="node-1", **more):
        now = self.services.clock.now()
        self.services.nodes.heartbeat("c", node, now, capacity=1)
        report = Report(self.id, 1, judge(state), state.sip_status, **more)
        self.services.carriers.report(node, [report], now)

    def look(self, name="Telnyx", addresses=(ADDRESS,)):
        return list(CarrierCheckup(self.services.carriers, name, lambda _: addresses).findings())


def test_a_carrier_that_is_well(carrier):
    carrier.tell(GatewayState("REGED", True, False))
    carrier.services.phone_numbers.add(carrier.owner.account_id, {"number": "+12025550123"})
    found = by_check(carrier.look())
    assert {finding.level for finding in found.values()} == {Level.OK}
    assert "sip.example.com:5060" in found["carrier"].found


def test_by_its_id(carrier):
    assert by_check(carrier.look(carrier.id))["carrier"].level is Level.OK


def test_a_name_that_nobody_has(carrier):
    (finding,) = carrier.look("Telnix")
    assert finding.level is Level.FAULT
    assert "Telnyx" in finding.remedy


def test_no_controller_runs(carrier):
    found = by_check(carrier.look())
    assert found["carrier_status"].level is Level.FAULT
    assert "topcalls controller" in found["carrier_status"].remedy
    assert found["carrier_numbers"].level is Level.WARNING


@pytest.mark.parametrize(
    ("status", "found", "remedy"),
    [(403, "refuses", "address"), (407, "password", "outbound_auth"), (408, "answer", "firewall")],
)
def test_a_refused_registration_is_explained(carrier, status, found, remedy):
    carrier.tell(GatewayState("FAIL_WAIT", False, False, status))
    told = by_check(carrier.look())["carrier_status"]
    assert told.level is Level.FAULT
    assert found in told.found
    assert remedy in told.remedy


def test_a_host_without_address(carrier):
    carrier.tell(GatewayState("NOREG", True, False))
    assert levels(carrier.look(addresses=()))["carrier_host"] is Level.FAULT


def test_the_last_refused_call_is_explained(carrier):
    carrier.tell(GatewayState("NOREG", True, False))
    call = factories.queued_call(carrier.services, carrier.owner)
    now = carrier.services.clock.now()
    columns = {"carrier_id": carrier.id, "carrier_name": "x", "gateway": "x", "channel_id": "x"}
    for number, status in ((1, 488), (2, 486)):
        carrier.services.db.run(
            lambda n=number, s=status: routing.insert(
                call.id, n, dialled_at=now, sip_status=s, **columns
            )
        )
    told = by_check(carrier.look())["carrier_calls"]
    assert told.level is Level.WARNING
    assert "SIP 488" in told.found
    assert "PCMU" in told.remedy


# --- the command


def run(settings, *arguments):
    return CliRunner().invoke(main, ["doctor", *arguments], env=settings)


def test_the_command_prints_json_and_fails(tmp_path):
    settings = {"TOPCALLS_DATA_DIR": str(tmp_path / "var")}
    assert CliRunner().invoke(main, ["migrate"], env=settings).exit_code == 0
    for arguments in (("carrier", "nobody", "--json"), ("--json", "carrier", "nobody")):
        done = run(settings, *arguments)
        assert done.exit_code == 1
        (check,) = json.loads(done.stdout)["checks"]
        assert (check["check"], check["status"]) == ("carrier", "fault")
        assert check["remedy"]
    assert "nobody" in run(settings, "carrier", "nobody").stdout


def test_a_database_that_is_not_migrated_is_a_finding(tmp_path):
    (finding,) = diagnose_carrier(Settings(data_dir=tmp_path / "var"), "x")
    assert finding.level is Level.FAULT
    assert "topcalls migrate" in finding.remedy
