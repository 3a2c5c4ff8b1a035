"""Keeps the gateways of one switch as the carriers' rows say, and tells how they are.

Trunks reach the switch as generated files and a rescan, never by a restart. Of the ways there are,
this one lets the switch start without us, keeps passwords out of channel variables (which are in
every event), and needs no server that the switch would wait for. Its traps, and what is done:

* A rescan ignores a gateway that the switch has already. So a changed one is killed first.
* A killed gateway is gone only a second later, and a rescan before that confuses the switch. So it
  is waited for, in the switch's own table.
* A deleted file removes nothing: it is killed too.

A file on disk always says what the switch has, or the switch has nothing: a file goes before its
gateway is killed, and comes back only when it is gone. So a controller that dies anywhere in
between leaves a state from which the next one goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import gevent
from gevent.event import Event

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.controller.switch_files import SwitchFiles
from topcalls.core import gateways as texts
from topcalls.core.carrier_status import GOOD, GatewayState, Health, Judgement, judge
from topcalls.core.trunks import carrier_of
from topcalls.errors import SwitchError
from topcalls.esl import configuration_commands, sofia
from topcalls.esl.client import SwitchClient
from topcalls.esl.parser import ESLEvent
from topcalls.log import get_logger
from topcalls.services.carriers import Carriers, Desired, Report

REPORT_SECONDS = 5.0
HOLD_SECONDS = 5.0
EVERYTHING_SECONDS = 60.0
"""How often everything is compared, whether or not anything is known to have changed."""

GONE_SECONDS = 10.0
"""How long a killed gateway may take to go."""

RESCAN_SECONDS = 15.0
_POLL_SECONDS = 0.2
_MISSING = Judgement(Health.MISSING, None, None)

log = get_logger("controller.gateways")


class GatewayKeeper:
    """One look is `tick`; the controller's loop calls it. Of the controllers of a node one keeps
    its gateways, the others wait for its lease. `heard` takes the switch's events."""

    def __init__(
        self,
        switch: SwitchClient,
        carriers: Carriers,
        files: SwitchFiles,
        clock: Clock,
        *,
        owner: str,
        node: str,
        profile: str,
    ) -> None:
        self._switch = switch
        self._carriers = carriers
        self._files = files
        self._clock = clock
        self._owner = owner
        self._node = node
        self._profile = profile
        self._versions: dict[str, int] | None = None
        self._desired: Sequence[Desired] = ()
        self._problems: dict[str, str] = {}
        self._answers: dict[str, tuple[int, str]] = {}  # gateway: the carrier's last words
        self._compare_at = 0.0
        self._report_at = 0.0
        self._counted: set[str] = set()
        self._held_until = 0.0

    def release(self) -> None:
        """Let another controller of the node look after its gateways at once."""
        if self._held_until:
            self._carriers.release(self._node, self._owner)

    def forget(self) -> None:
        """The switch is another one, or was restarted: compare everything at the next look."""
        self._versions = None

    def heard(self, event: ESLEvent) -> None:
        """Note what a carrier answered. Returns at once; the next look reports it."""
        news = sofia.gateway_news(event)
        if news is None or carrier_of(news.gateway) is None:
            return
        if news.is_up:
            self._answers.pop(news.gateway, None)
        elif news.sip_status is not None:
            self._answers[news.gateway] = (news.sip_status, news.phrase)
        self._report_at = 0.0

    def tick(self) -> None:
        """Bring the switch to what the rows say, where they differ, and report."""
        if not self._switch.is_up or not self._holds():
            self._versions = None
            return
        versions = self._carriers.versions()
        now = self._clock.monotonic()
        if versions != self._versions or now >= self._compare_at:
            self._versions = versions  # before: who forgets while it is compared is not overheard
            try:
                self._compare()
            except Exception:
                self.forget()
                raise
            again = REPORT_SECONDS if self._problems else EVERYTHING_SECONDS
            self._compare_at = self._clock.monotonic() + again
            self._report_at = 0.0
        if self._desired and self._clock.monotonic() >= self._report_at:
            self._report_at = self._clock.monotonic() + REPORT_SECONDS
            self._report()

    # --- the lease

    def _holds(self) -> bool:
        now = self._clock.monotonic()
        if now < self._held_until:
            return True
        if not self._carriers.hold(self._node, self._owner, self._clock.now()):
            return False
        self._held_until = now + HOLD_SECONDS
        return True

    # --- what there should be

    def _compare(self) -> None:
        self._desired = self._carriers.desired()
        for carrier_id in self._counted - {item.trunk.carrier_id for item in self._desired}:
            self._count(carrier_id, is_up=False)
        self._problems = {}
        clear = [item for item in self._desired if item.problem is None]
        wanted = texts.files(item.trunk for item in clear)
        known = {item.trunk.gateway for item in self._desired}
        settled = {item.trunk.gateway for item in clear}
        try:
            present = self._files.read()
        except SwitchError as error:
            self._problems = dict.fromkeys(known, error.message)
            return
        on_switch = self._on_switch()
        changed = {gateway for gateway in settled if _of(gateway, present) != _of(gateway, wanted)}
        leaving = (on_switch - known) | (on_switch & changed)
        self._remove(leaving | {_gateway_of(path) for path in present} - known, present)
        stuck = self._kill(leaving)
        self._problems |= dict.fromkeys(
            stuck & known, "The switch does not let go of the gateway as it was."
        )
        self._write({gateway: _of(gateway, wanted) for gateway in changed - stuck})
        self._take_up(settled, on_switch - leaving, is_changed=bool(changed or leaving))

    def _on_switch(self) -> set[str]:
        table = self._switch.api(configuration_commands.sofia_status())
        return {name for name in sofia.gateways(table, self._profile) if carrier_of(name)}

    def _remove(self, gateways: Iterable[str], present: dict[str, str]) -> None:
        going = set(gateways)
        self._files.remove([path for path in present if _gateway_of(path) in going])

    def _kill(self, gateways: set[str]) -> set[str]:
        """Those that are still there when the time is over."""
        if not gateways:
            return set()
        for gateway in sorted(gateways):
            self._answers.pop(gateway, None)
            try:
                self._switch.api(configuration_commands.sofia_killgw(self._profile, gateway))
            except SwitchError as error:
                log.warning("Gateway was not killed", gateway=gateway, why=str(error))
        until = self._clock.monotonic() + GONE_SECONDS
        while (left := self._on_switch() & gateways) and self._clock.monotonic() < until:
            Event().wait(_POLL_SECONDS)
        for gateway in sorted(gateways - left):
            log.info("Gateway is off the switch", gateway=gateway)
        return left

    def _write(self, files: dict[str, dict[str, str]]) -> None:
        for gateway, contents in sorted(files.items()):
            problem = self._files.write(contents)
            if problem:
                self._problems[gateway] = problem

    def _take_up(self, known: set[str], there: set[str], *, is_changed: bool) -> None:
        """Have the switch read what is new; whatever it does not have then is a problem."""
        if is_changed:
            self._switch.api(configuration_commands.reload_acl(), timeout=RESCAN_SECONDS)
        if is_changed or known - there:
            self._switch.api(
                configuration_commands.sofia_rescan(self._profile), timeout=RESCAN_SECONDS
            )
            there = self._on_switch()
        for gateway in sorted(known):
            if gateway not in there:
                self._problems.setdefault(
                    gateway,
                    f"The switch's SIP profile {self._profile} did not take up the file "
                    f"{self._files.place_of(texts.GATEWAYS)}/{gateway}.xml.",
                )
            elif is_changed and gateway not in self._problems:
                log.info("Gateway is on the switch", gateway=gateway)

    # --- what there is

    def _report(self) -> None:
        reports = [self._look_at(item) for item in self._desired]
        self._carriers.report(self._node, reports, self._clock.now())
        for report in reports:
            self._count(report.carrier_id, is_up=report.judgement.health in GOOD)

    def _count(self, carrier_id: str, *, is_up: bool) -> None:
        metrics.carrier_up.labels(carrier_id, self._node).set(int(is_up))
        self._counted.add(carrier_id)

    def _look_at(self, item: Desired) -> Report:
        gateway = item.trunk.gateway
        state = self._state(gateway)
        problem = self._problems.get(gateway)
        if state is None or problem is not None:
            why = problem or item.problem or "The switch has lost the gateway."
            self._compare_at = min(self._compare_at, self._clock.monotonic() + REPORT_SECONDS)
            return Report(item.trunk.carrier_id, item.version, _MISSING, problem=why)
        return Report(
            item.trunk.carrier_id,
            item.version,
            judge(state),
            sip_status=state.sip_status,
            phrase=state.phrase or None,
            problem=item.problem,
        )

    def _state(self, gateway: str) -> GatewayState | None:
        text = self._switch.api(configuration_commands.sofia_gateway(gateway))
        gevent.sleep(0)  # between carriers others have their turn
        state = sofia.gateway_state(text)
        if state is None or state.is_up:
            return state
        status, phrase = self._answers.get(gateway, (None, ""))
        return GatewayState(state.registration, state.is_up, state.is_pinged, status, phrase)


def _gateway_of(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".xml")


def _of(gateway: str, files: dict[str, str]) -> dict[str, str]:
    return {path: text for path, text in files.items() if _gateway_of(path) == gateway}
