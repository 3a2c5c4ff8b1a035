"""Which addresses a customer's URL may reach."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_NAT64 = IPv6Network("64:ff9b::/96")
# What `is_global` admits, at least in some versions of Python, and a receiver never has.
_REFUSED = tuple(
    ip_network(block)
    for block in (
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata is at .192
        "192.88.99.0/24",  # the former relays of 6to4
        "168.63.129.16/32",  # the host of an Azure machine answers here, to that machine alone
        "64:ff9b:1::/48",  # NAT64 inside a network
        "3fff::/20",  # documentation
    )
)


def is_public(address: str) -> bool:
    """Whether `address` (a numeric IPv4 or IPv6 address) is on the public Internet.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, NAT64, Teredo) is as public as that.
    """
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id is not None:
            return False
        return all(_is_public(part) for part in _unwrapped(parsed))
    return _is_public(parsed)


def _unwrapped(address: IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The IPv4 addresses that traffic to `address` ends up at, or `address` itself."""
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    return [address]


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Global unicast. `is_global` alone lets multicast and some reserved blocks through."""
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and not (isinstance(address, IPv6Address) and address.is_site_local)
        and not any(address in block for block in _REFUSED)
    )
