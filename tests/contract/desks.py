"""Accounts whose carriers are at this machine's own address: loopback is refused as a carrier's."""

from contextlib import closing
from socket import AF_INET, SOCK_DGRAM, socket

import own_switch
from freeswitch_lab import NUMBER, Address, LiveProduct
from offices import LIMIT, wait_until


def own_address():
    """This machine's address on some network; a loopback one where it is on none."""
    with closing(socket(AF_INET, SOCK_DGRAM)) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return "127.0.0.1"
        return probe.getsockname()[0]


HERE = own_address()


def product_on(switch, directory):
    """The product on a switch of the tests, writing its carriers' files."""
    address = Address("127.0.0.1", switch.ports["esl"], own_switch.PASSWORD, "")
    settings = {"TOPCALLS_SWITCH_DIR": str(switch.directory / "state")}
    product = LiveProduct(directory, address, address.port, **settings)
    product.environment["TOPCALLS_CDR_DIR"] = str(switch.cdrs)
    return product


class Desk:
    """An account whose carriers are telephones on ports of this machine."""

    def __init__(self, product, name):
        self._product = product
        self._account = product.cli("accounts", "create", name).strip()
        scopes = "calls:read,calls:write,phone_numbers:read,phone_numbers:write"
        self._key = product.cli("keys", "create", self._account, "--scopes", scopes).strip()
        self._carriers = []

    def request(self, method, path, body=None):
        return self._product.request(method, path, body, key=self._key).body

    def carrier(self, port, *, trunk_type="static_ip", **fields):
        """Its path; tried in the order in which they were made."""
        given = {
            "carrier_name": f"Lab {len(self._carriers)}",
            "priority": len(self._carriers),
            "trunk_type": trunk_type,
            "sip_gateway": {"ipv4": HERE, "port": port},
            **fields,
        }
        made = self.request("POST", "/v1/phone-numbers/carriers", given)
        assert "id" in made, made
        path = f"/v1/phone-numbers/carriers/{made['id']}"
        self._carriers.append(path)
        return path

    def node(self, path):
        """What is known of a carrier on the one node."""
        return self.request("GET", path)["status"]["nodes"][0]

    def wait_state(self, path, *states):
        return wait_until(
            lambda: (node := self.node(path))["state"] in states and node, f"not {states}"
        )

    def place(self, **wishes):
        """A call; where it is seen."""
        wishes = {
            "phone_number": NUMBER,
            "from_number": "+12025550199",
            "task": "Say hello to them.",
            **wishes,
        }
        return f"/v1/calls/{self.request('POST', '/v1/calls', wishes)['call_id']}"

    def over(self, path, seconds=LIMIT):
        """The call, once it is over."""
        return wait_until(
            lambda: (call := self.request("GET", path))["end_at"] and call,
            "the call does not end",
            seconds,
        )

    def clear(self):
        for path in self._carriers:
            self._product.request("DELETE", path, key=self._key)
