"""Whether a call came by the trunk that its number belongs to.

The switch lets in whom its list of addresses names, and that is all it knows: with several accounts
on one installation, a trunk of one could send calls to the numbers of another, which would pay.
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


def senders(sources: Iterable[Source], address: str, gateway: str) -> list[Source]:
    """The carriers that a call of this `address`, or to this `gateway`, can come from."""
    return [
        one
        for one in sources
        if (gateway and one.gateway == gateway)
        or any(_covers(network, address) for network in one.addresses)
    ]


def is_foreign(account_id: str, found: Iterable[Source]) -> bool:
    """The sender is known, and belongs to other accounts only. A sender that nobody knows is let
    in: the switch's own list named it."""
    owners = {one.account_id for one in found}
    return bool(owners) and account_id not in owners


def _covers(network: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
