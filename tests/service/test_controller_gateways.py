"""Carriers' rows become gateways of the switch's double, and how they are comes back as rows."""

import pytest
from controller_rig import Rig
from prometheus_client import REGISTRY

from topcalls.controller.assembly import TrunkOptions
from topcalls.controller.switch_files import SwitchFiles
from topcalls.core import gateways
from topcalls.core.trunks import gateway_name
from topcalls.errors import InvalidRequest
from topcalls.sandbox import faults
from topcalls.store import rows

pytestmark = pytest.mark.service
BODY = {"carrier_name": "Carrier", "sip_gateway": {"ipv4": "sip.carrier.test"}}
LOGIN = {"username": "u", "password": """p"'<&>$${local_ip_v4}"""}


class TrunkRig(Rig):
    """A rig whose controllers look after carriers' gateways."""

    def __init__(self, db, directory):
        super().__init__(db, directory)
        self.folder = directory / "switch"
        self.options["trunks"] = TrunkOptions(self.services.carriers, self.folder)
        self.gateways.directory = self.folder / "gateways"

    @property
    def gateways(self):
        """The double's."""
        return self.switch.switch.gateways

    def add(self, host="sip.carrier.test", **changes):
        """A new carrier's id."""
        body = {**BODY, "sip_gateway": {"ipv4": host, **changes.pop("gateway", {})}, **changes}
        return self.services.carriers.create(self.account.account_id, body).id

    def register(self, host="sip.carrier.test", **changes):
        """A new carrier that registers; its id."""
        return self.add(host, trunk_type="reg", registration=LOGIN, **changes)

    def change(self, carrier_id, **changes):
        self.services.carriers.update(self.account.account_id, carrier_id, changes)

    def delete(self, carrier_id):
        self.services.carriers.delete(self.account.account_id, carrier_id)

    def status(self, carrier_id):
        return self.services.carriers.get(self.account.account_id, carrier_id).status

    def wait_state(self, carrier_id, state):
        """The node's status, once the carrier is in this state."""
        self.wait_until(
            lambda: self.status(carrier_id).state == state,
            f"{state} (it is {self.status(carrier_id)})",
        )
        (node,) = self.status(carrier_id).nodes
        return node

    def of(self, carrier_id):
        """The gateway as the double has it, or None."""
        return self.gateways.find(gateway_name(carrier_id))

    def commands(self, word):
        return [item.line for item in self.switch.received if f" {word}" in item.line]

    def files(self):
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*.xml"))


@pytest.fixture
def rig(db, tmp_path):
    made = TrunkRig(db, tmp_path)
    yield made
    made.close()


def test_a_carrier_becomes_a_gateway_without_a_restart(rig):
    rig.controller()
    carrier = rig.register()
    node = rig.wait_state(carrier, "registered")
    assert (node.node, node.registered, node.reachable) == ("node-1", True, True)
    assert node.remedy is None
    assert rig.of(carrier).params["password"] == LOGIN["password"]


def test_a_carrier_that_was_there_before_the_controller(rig):
    carrier = rig.add()
    rig.controller()
    assert rig.wait_state(carrier, "up").reachable is None


def test_a_changed_carrier_is_killed_first_and_then_read_again(rig):
    rig.controller()
    carrier = rig.add()
    rig.wait_state(carrier, "up")
    rig.change(carrier, sip_gateway={"ipv4": "other.carrier.test"})
    rig.wait_until(lambda: rig.of(carrier) and rig.of(carrier).host == "other.carrier.test")
    rig.wait_state(carrier, "up")
    assert rig.commands("killgw") == [f"api sofia profile external killgw tc_{carrier}"]


def test_the_double_ignores_a_changed_file_of_a_gateway_it_has(rig):
    """Else the test before would prove nothing."""
    rig.controller()
    carrier = rig.add()
    rig.wait_state(carrier, "up")
    path = rig.folder / "gateways" / f"tc_{carrier}.xml"
    path.write_text(path.read_text().replace("sip.carrier.test", "other.carrier.test"))
    rig.gateways.command(["profile", "external", "rescan"], 0, 0)
    assert rig.of(carrier).host == "sip.carrier.test"


def test_a_deleted_carrier_leaves_nothing(rig):
    rig.controller()
    carrier = rig.add("192.0.2.7", gateway={"inbound": True})
    rig.wait_state(carrier, "up")
    assert rig.files() == [f"acl/tc_{carrier}.xml", f"gateways/tc_{carrier}.xml"]
    rig.delete(carrier)
    rig.wait_until(lambda: rig.of(carrier) is None and not rig.files(), "its end")


def test_whether_a_carrier_can_be_used_is_a_metric(rig):
    def up(carrier):
        return REGISTRY.get_sample_value(
            "topcalls_carrier_up", {"carrier": carrier, "node": "node-1"}
        )

    rig.controller()
    good, bad = rig.add(), rig.register("403.carrier.test")
    rig.wait_until(lambda: (up(good), up(bad)) == (1, 0), "both are told")
    rig.delete(good)
    rig.delete(bad)
    rig.wait_until(lambda: up(good) == 0, "its end")


def test_wrong_credentials_are_told_in_words(rig):
    rig.controller()
    carrier = rig.register("403.carrier.test")
    node = rig.wait_state(carrier, "failed")
    rig.wait_until(lambda: rig.status(carrier).nodes[0].sip_status == 403)
    node = rig.status(carrier).nodes[0]
    assert (node.registered, node.reachable) == (False, True)
    assert "SIP 403 Forbidden" in node.found
    assert node.remedy


def spoil(rig, *carrier_ids):
    """Their passwords are under a key that is lost."""
    for carrier_id in carrier_ids:
        text = "UPDATE carrier SET password = ?, version = version + 1 WHERE id = ?"
        rig.services.db.run(rows.change, text, "of another key", carrier_id)


def test_a_password_that_cannot_be_read_stops_its_carrier_alone(rig):
    never, before = rig.register("one.test"), rig.register("two.test")
    spoil(rig, never)
    rig.controller()
    rig.wait_state(before, "registered")
    node = rig.wait_state(never, "missing")
    assert "TOPCALLS_SECRET_KEY" in node.found
    spoil(rig, before)  # what the switch has of it stays
    after = rig.add("three.test")
    rig.wait_state(after, "up")
    rig.wait_until(lambda: rig.status(before).nodes[0].problem, "a word about it")
    assert rig.status(before).state == "registered"
    assert rig.of(never) is None
    assert rig.of(before) is not None

    rig.change(never, registration=LOGIN)
    rig.wait_state(never, "registered")


def test_a_carrier_whose_password_cannot_be_read_is_shown_and_can_be_changed(rig):
    carrier_id = rig.register()
    spoil(rig, carrier_id)
    account_id = rig.account.account_id
    assert [view.id for view in rig.services.carriers.list(account_id)] == [carrier_id]
    rig.add("other.test")
    with pytest.raises(InvalidRequest) as refused:
        rig.change(carrier_id, carrier_name="Renamed")
    assert [error.path for error in refused.value.errors] == ["registration.password"]
    rig.change(carrier_id, carrier_name="Renamed", registration={"password": "new"})
    assert rig.services.carriers.get(account_id, carrier_id).carrier_name == "Renamed"
    rig.delete(carrier_id)


def test_a_carrier_that_does_not_answer_its_pings_is_down(rig):
    rig.controller()
    carrier = rig.add("unreachable.carrier.test", gateway={"ping": True})
    node = rig.wait_state(carrier, "down")
    assert (node.registered, node.reachable) == (None, False)


def test_a_switch_that_does_not_include_the_files_is_told(rig):
    rig.gateways.directory = None
    rig.controller()
    carrier = rig.add()
    node = rig.wait_state(carrier, "missing")
    assert "did not take up the file" in node.found
    assert "docs/trunks.md" in node.remedy
    rig.gateways.directory = rig.folder / "gateways"
    rig.wait_state(carrier, "up")


def test_files_that_cannot_be_written_are_told(rig):
    rig.folder.write_text("in the way")
    rig.controller()
    carrier = rig.add()
    rig.wait_until(lambda: rig.services.nodes.alive(rig.services.clock.now()))
    assert rig.status(carrier).state == "pending"
    rig.folder.unlink()
    rig.wait_state(carrier, "up")


def test_a_switch_that_was_restarted_has_its_gateways(rig):
    rig.controller()
    carrier = rig.register()
    rig.wait_state(carrier, "registered")
    rig.switch.inject(faults.Crash(0.2))
    rig.wait_until(lambda: rig.switch.connection_count == 0, "the crash")
    rig.wait_until(lambda: rig.switch.connection_count >= 2, "the return")
    rig.wait_state(carrier, "registered")
    assert rig.of(carrier) is not None


def test_what_is_not_ours_is_left_alone(rig):
    folder = rig.folder / "gateways"
    folder.mkdir(parents=True)
    for name in ("by_hand", "tc_long-gone"):
        text = (
            '<include><gateway name="{}"><param name="register" value="false"/></gateway></include>'
        )
        (folder / f"{name}.xml").write_text(text.format(name))
    rig.gateways.restart()
    rig.controller()
    rig.wait_until(lambda: rig.gateways.find("tc_long-gone") is None, "the end of the old one")
    assert rig.gateways.find("by_hand") is not None
    rig.wait_until(lambda: rig.files() == ["gateways/by_hand.xml"])


def test_one_of_two_controllers_keeps_the_gateways_and_the_other_takes_over(rig):
    first, second = rig.controller(), rig.controller()
    carrier = rig.add()
    rig.wait_state(carrier, "up")
    first.hurry()
    first.stop(0)
    rig.change(carrier, sip_gateway={"port": 5080})
    rig.wait_until(lambda: rig.of(carrier) and rig.of(carrier).params["proxy"].endswith(":5080"))
    rig.wait_state(carrier, "up")
    assert not second.is_draining


def test_files_hold_passwords_so_others_cannot_read_them(rig):
    rig.controller()
    carrier = rig.register()
    rig.wait_state(carrier, "registered")
    path = rig.folder / "gateways" / f"tc_{carrier}.xml"
    assert path.stat().st_mode & 0o777 == 0o640
    files = SwitchFiles(rig.folder, gateways.FOLDERS, gateways.FILE_PREFIX)
    assert files.read().keys() == {f"gateways/tc_{carrier}.xml"}


def test_no_password_is_logged(rig, capfd):
    rig.controller()
    carrier = rig.register("403.carrier.test")
    rig.wait_state(carrier, "failed")
    out, err = capfd.readouterr()
    assert LOGIN["password"] not in out + err
