"""What is wrong with one carrier: from its row, from what nodes say of it, from its last calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from topcalls.core.carrier_status import GOOD, Health
from topcalls.core.checkup import Finding, fault, ok, warning
from topcalls.services.carrier_views import CarrierView, NodeStatus
from topcalls.services.carriers import Carriers

SHOWN = 10


@dataclass(frozen=True)
class CarrierCheckup:
    """`resolve` gives the addresses of a host name, none where it has none. `name` is the id of a
    carrier, or its name."""

    carriers: Carriers
    name: str
    resolve: Callable[[str], Sequence[str]]

    def findings(self) -> Iterator[Finding]:
        """Of every carrier of that name, whichever account it is of."""
        found = self.carriers.everywhere(self.name)
        if not found:
            yield self._unknown()
        for view, numbers in found:
            yield self._trunk(view)
            yield from self._host(view)
            yield from self._nodes(view)
            yield from self._calls(view)
            yield self._numbers(view, numbers)

    def _unknown(self) -> Finding:
        names = self.carriers.names()
        known = f"There are: {', '.join(names[:SHOWN])}." if names else "There are none yet."
        return fault(
            "carrier",
            f"No carrier has the name or id {self.name[:100]!r}.",
            f"{known} GET /v1/phone-numbers/carriers lists those of an account.",
        )

    def _trunk(self, view: CarrierView) -> Finding:
        gateway = view.sip_gateway
        directions = [word for word in ("inbound", "outbound") if gateway[word]]
        return ok(
            "carrier",
            f"{view.carrier_name} ({view.id}): {view.trunk_type} by {gateway['transport']} to "
            f"{gateway['ipv4']}:{gateway['port']}, {' and '.join(directions)}.",
        )

    def _host(self, view: CarrierView) -> Iterator[Finding]:
        host = view.sip_gateway["ipv4"]
        addresses = self.resolve(host)
        if list(addresses) == [host]:
            return
        if not addresses:
            yield fault(
                "carrier_host",
                f"{host} has no address, as seen from here.",
                "Correct it: the carrier's own page names it. A host name may need its region.",
            )
        else:
            yield ok("carrier_host", f"{host} is {', '.join(sorted(addresses)[:SHOWN])}.")

    def _nodes(self, view: CarrierView) -> Iterator[Finding]:
        if not view.status.nodes:
            yield fault(
                "carrier_status",
                "No controller runs, so no switch was told of it.",
                "Start 'topcalls controller'.",
            )
        for node in view.status.nodes:
            yield _node(node)

    def _calls(self, view: CarrierView) -> Iterator[Finding]:
        failure = view.status.last_refused_call
        if failure is not None:
            yield warning(
                "carrier_calls",
                f"It refused a call on {failure.at:%Y-%m-%d at %H:%M} UTC: {failure.found}",
                failure.remedy or "",
            )

    def _numbers(self, view: CarrierView, numbers: int) -> Finding:
        if view.sip_gateway["inbound"] and not numbers:
            return warning(
                "carrier_numbers",
                "It may send calls, and no number is bound to it.",
                "Add its numbers by POST /v1/phone-numbers with its id as voip_carrier_sid.",
            )
        return ok("carrier_numbers", f"{numbers} number{'' if numbers == 1 else 's'} bound to it.")


def _node(node: NodeStatus) -> Finding:
    found = f"{node.node}: {node.found}"
    if node.health in GOOD:
        return ok("carrier_status", found)
    if node.health in (Health.PENDING, Health.REGISTERING):
        return warning("carrier_status", found, node.remedy or "Look again in a minute.")
    return fault("carrier_status", found, node.remedy or "")
