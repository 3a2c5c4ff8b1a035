"""Carriers as other rooms see them: plain values, never rows, never a password."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.core.carrier_status import Health, explain, explain_sip, overall
from topcalls.core.trunks import REG, Login, Trunk
from topcalls.store.models import Carrier


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A carrier on one node. `checked_at` is None where no controller has reported yet."""

    node: str
    health: Health
    registered: bool | None = None
    reachable: bool | None = None
    sip_status: int | None = None
    phrase: str | None = None
    problem: str | None = None
    since: datetime | None = None
    checked_at: datetime | None = None

    @property
    def found(self) -> str:
        """What is so, in words."""
        return self.problem or explain(self.health, self.sip_status, self.phrase or "").found

    @property
    def remedy(self) -> str | None:
        """What to do about it; None where all is well."""
        return explain(self.health, self.sip_status, self.phrase or "").remedy or None


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that the carrier refused."""

    at: datetime
    sip_status: int

    @property
    def found(self) -> str:
        """What the refusal means."""
        return f"{explain_sip(self.sip_status).found} (SIP {self.sip_status})"

    @property
    def remedy(self) -> str | None:
        """What to do about it."""
        return explain_sip(self.sip_status).remedy or None


@dataclass(frozen=True, slots=True)
class CarrierStatusView:
    """A carrier on all nodes. `state` is the worst of theirs."""

    state: Health
    registered: bool | None
    reachable: bool | None
    nodes: tuple[NodeStatus, ...]
    last_refused_call: Failure | None


@dataclass(frozen=True, slots=True)
class CarrierView:
    """A carrier as its owner sees it."""

    id: str
    account_id: str
    carrier_name: str
    preset: str | None
    priority: int
    trunk_type: str
    sip_gateway: Mapping[str, Any]
    registration: Mapping[str, Any] | None
    inbound_auth: Mapping[str, Any] | None
    outbound_auth: Mapping[str, Any] | None
    number_format: str
    number_prefix: str
    caller_id_header: str
    provider_trunk_id: str | None
    rate: Mapping[str, Any] | None
    status: CarrierStatusView
    created_at: datetime
    updated_at: datetime

    @property
    def voip_carrier_sid(self) -> str:
        """Names the carrier where a number is added; the same as `id`."""
        return self.id

    @property
    def sip_gateway_sid(self) -> str:
        """Names its gateway; the same as `id`, as a carrier has one."""
        return self.id


def carrier_view(
    row: Carrier,
    trunk: Trunk,
    told: Sequence[NodeStatus],
    alive: Collection[str],
    failure: Failure | None,
) -> CarrierView:
    """A row for its owner. `alive` are the nodes with a controller: those count."""
    return CarrierView(
        id=row.id,
        account_id=row.account_id,
        carrier_name=row.name,
        preset=row.preset,
        priority=row.priority,
        trunk_type=trunk.trunk_type,
        sip_gateway=_gateway(trunk),
        registration=_login(trunk.login) if trunk.trunk_type == REG else None,
        inbound_auth=_inbound(trunk.inbound_login),
        outbound_auth=_login(trunk.login) if trunk.trunk_type != REG else None,
        number_format=trunk.number_format,
        number_prefix=trunk.number_prefix,
        caller_id_header=trunk.caller_id_header,
        provider_trunk_id=row.provider_trunk_id,
        rate=row.rate,
        status=_status(told, alive, failure),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _status(
    told: Sequence[NodeStatus], alive: Collection[str], failure: Failure | None
) -> CarrierStatusView:
    heard = {status.node for status in told}
    silent = [NodeStatus(node, Health.PENDING) for node in sorted(set(alive) - heard)]
    shown = (*(status for status in told if status.node in alive), *silent)
    return CarrierStatusView(
        state=overall([status.health for status in shown]),
        registered=_all(status.registered for status in shown),
        reachable=_all(status.reachable for status in shown),
        nodes=shown,
        last_refused_call=failure,
    )


def _all(answers: Any) -> bool | None:
    """Whether every node says so; None where none knows."""
    known = [answer for answer in answers if answer is not None]
    return all(known) if known else None


def _gateway(trunk: Trunk) -> dict[str, Any]:
    return {
        "ipv4": trunk.host,
        "port": trunk.port,
        "inbound": trunk.inbound,
        "outbound": trunk.outbound,
        "transport": trunk.transport,
        "srtp": trunk.srtp,
        "ping": trunk.ping,
        "inbound_addresses": list(trunk.inbound_addresses),
    }


def _login(login: Login | None) -> dict[str, Any] | None:
    if login is None:
        return None
    return {
        "username": login.username,
        "sip_realm": login.realm or None,
        "from_user": login.from_user or None,
        "from_domain": login.from_domain or None,
    }


def _inbound(login: Login | None) -> dict[str, Any] | None:
    return None if login is None else {"username": login.username}
