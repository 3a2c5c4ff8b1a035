"""The files by which the switch learns of trunks, as text.

Per trunk: a gateway for calls out and registrations (`gateways/`), addresses that may send calls
(`acl/`), and a user where the carrier proves itself by a password (`users/`). Whatever reaches
XML was judged by `core/trunk_rules.py`; it is escaped here all the same (`core/switch_xml.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

from topcalls.core.switch_xml import quoted
from topcalls.core.trunks import PREFIX, REG, Trunk

GATEWAYS, ACL, USERS = FOLDERS = ("gateways", "acl", "users")
FILE_PREFIX = PREFIX
PING_SECONDS = 30
RETRY_SECONDS = 30
INBOUND_CONTEXT = "inbound"

SRTP_SUITES = (
    "AEAD_AES_256_GCM",
    "AEAD_AES_128_GCM",
    "AES_256_CM_HMAC_SHA1_80",
    "AES_192_CM_HMAC_SHA1_80",
    "AES_CM_128_HMAC_SHA1_80",
    "AES_256_CM_HMAC_SHA1_32",
    "AES_192_CM_HMAC_SHA1_32",
    "AES_CM_128_HMAC_SHA1_32",
)
"""What a carrier is offered, best first, in FreeSWITCH's names (RFC 7714, 6188, 4568). By itself it
offers AES_CM_128_NULL_AUTH too, whose packets anybody on the way may alter, and two ciphers with a
tag of 8 bytes that no RFC has."""

_DEFAULT_USER = "topcalls"
_CALLER_ID_TYPES = {"from": "none", "pai": "pid", "rpid": "rpid"}


def files(trunks: Iterable[Trunk]) -> dict[str, str]:
    """Every file there should be, by its path below the directory the switch includes."""
    found: dict[str, str] = {}
    for trunk in trunks:
        name = f"{trunk.gateway}.xml"
        found[f"{GATEWAYS}/{name}"] = gateway(trunk)
        if trunk.inbound and trunk.inbound_login is not None:
            found[f"{USERS}/{name}"] = user(trunk)  # by its address alone it may not
        elif trunk.inbound:
            found[f"{ACL}/{name}"] = allowed_addresses(trunk)
    return found


def gateway(trunk: Trunk) -> str:
    """The gateway of a trunk.

    A ping that is missed three times takes the gateway down; the switch counts up to `ping-max`
    and gives up below `ping-min`.
    """
    params = {
        "proxy": f"{trunk.host}:{trunk.port}",
        "register": _word(trunk.trunk_type == REG),
        "register-transport": trunk.transport,
        "retry-seconds": str(RETRY_SECONDS),
        "caller-id-in-from": _word(trunk.caller_id_header == "from"),
        "extension": "auto_to_user",
        **_login_params(trunk),
    }
    if trunk.ping:
        params |= {"ping": str(PING_SECONDS), "ping-max": "3", "ping-min": "1"}
    lines = [f'    <param name="{name}" value={quoted(value)}/>' for name, value in params.items()]
    lines += ["    <variables>", *_variables(trunk), "    </variables>"]
    body = "\n".join(lines)
    return f'<include>\n  <gateway name="{trunk.gateway}">\n{body}\n  </gateway>\n</include>\n'


def allowed_addresses(trunk: Trunk) -> str:
    """The nodes of the access list `carriers` that belong to a trunk."""
    networks = trunk.inbound_addresses or (trunk.host,)
    nodes = "\n".join(
        f'  <node type="allow" cidr={quoted(_network(network))} token="{trunk.carrier_id}"/>'
        for network in networks
    )
    return f"<include>\n{nodes}\n</include>\n"


def user(trunk: Trunk) -> str:
    """The user by which a carrier proves itself on calls to us."""
    login = trunk.inbound_login
    assert login is not None
    return (
        f"<include>\n  <user id={quoted(login.username)}>\n"
        f'    <params><param name="password" value={quoted(login.password)}/></params>\n'
        f'    <variables>\n      <variable name="user_context" value="{INBOUND_CONTEXT}"/>\n'
        f'      <variable name="tc_carrier" value="{trunk.carrier_id}"/>\n'
        "    </variables>\n  </user>\n</include>\n"
    )


def _login_params(trunk: Trunk) -> dict[str, str]:
    """Without a user name the switch would call itself FreeSWITCH to the carrier."""
    login = trunk.login
    if login is None:
        return {"username": _DEFAULT_USER}
    wanted = {
        "username": login.username,
        "password": login.password,
        "realm": login.realm,
        "from-user": login.from_user,
        "from-domain": login.from_domain,
    }
    return {name: value for name, value in wanted.items() if value}


def _variables(trunk: Trunk) -> list[str]:
    out = {"sip_cid_type": _CALLER_ID_TYPES[trunk.caller_id_header]}
    if trunk.srtp != "off":
        out |= {"rtp_secure_media": trunk.srtp, "rtp_secure_media_suites": ":".join(SRTP_SUITES)}
    return [
        f'      <variable name="tc_carrier" value="{trunk.carrier_id}"/>',
        *(
            f'      <variable name="{name}" value={quoted(value)} direction="outbound"/>'
            for name, value in out.items()
        ),
    ]


def _network(address: str) -> str:
    return address if "/" in address else f"{address}/32"


def _word(flag: bool) -> str:
    return "true" if flag else "false"
