"""Whether a call came by the trunk that its number belongs to.

The switch lets in whom its list of addresses names, or who proves itself by a carrier's password,
and that is all it knows: with several accounts on one installation, a trunk of one could send calls
to the numbers of another, which would pay.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple


class Source(NamedTuple):
    """A carrier that may send calls: by which addresses or networks, or through `gateway`."""

    carrier_id: str
    account_id: str
    addresses: tuple[str, ...]
    gateway: str


class Sender(NamedTuple):
    """What the switch says of where a call came from. `carrier_id`: the carrier that it was sent
    as, by a password or to a carrier's gateway; empty where only the address tells."""

    address: str = ""
    gateway: str = ""
    carrier_id: str = ""


def senders(sources: Iterable[Source], sender: Sender) -> list[Source]:
    """The carriers that a call can come from. One that is named is the only one, whoever else may
    send from its address: several accounts may have trunks with one company."""
    if sender.carrier_id:
        return [one for one in sources if one.carrier_id == sender.carrier_id]
    return [
        one
        for one in sources
        if (sender.gateway and one.gateway == sender.gateway)
        or any(_covers(network, sender.address) for network in one.addresses)
    ]


def is_foreign(account_id: str, sender: Sender, found: Iterable[Source]) -> bool:
    """The sender belongs to other accounts only, or is a carrier that is no more. An address that
    nobody knows is let in: the switch's own list named it."""
    owners = {one.account_id for one in found}
    return bool(owners or sender.carrier_id) and account_id not in owners


def _covers(network: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
