"""Keeps the users of one switch as the softphones' rows say, and tells which are registered.

They reach the switch as generated files and a `reloadxml`, as carriers do (`gateways.py` says why).
Calls under way are not touched; a softphone that was deleted is refused at its next request.
"""

from __future__ import annotations

from topcalls.clock import Clock
from topcalls.controller.switch_files import SwitchFiles
from topcalls.core import softphones as texts
from topcalls.errors import SwitchError
from topcalls.esl import configuration_commands, sofia
from topcalls.esl.client import SwitchClient
from topcalls.log import get_logger
from topcalls.services.softphones import Softphones

REPORT_SECONDS = 10.0
HOLD_SECONDS = 5.0
EVERYTHING_SECONDS = 60.0
"""How often everything is compared, whether or not anything is known to have changed."""

RELOAD_SECONDS = 15.0

log = get_logger("controller.softphones")


class SoftphoneKeeper:
    """One look is `tick`; the controller's loop calls it. Of the controllers of a node one keeps
    its softphones, the others wait for its lease."""

    def __init__(
        self,
        switch: SwitchClient,
        softphones: Softphones,
        files: SwitchFiles,
        clock: Clock,
        *,
        owner: str,
        node: str,
    ) -> None:
        self._switch = switch
        self._softphones = softphones
        self._files = files
        self._clock = clock
        self._owner = owner
        self._node = node
        self._known: set[str] | None = None  # on the switch; None: nobody has looked
        self._compare_at = 0.0
        self._report_at = 0.0
        self._held_until = 0.0

    def release(self) -> None:
        """Let another controller of the node look after its softphones at once."""
        if self._held_until:
            self._softphones.release(self._node, self._owner)

    def forget(self) -> None:
        """The switch is another one, or was restarted: compare everything at the next look."""
        self._known = None

    def tick(self) -> None:
        """Bring the switch to what the rows say, where they differ, and report."""
        if not self._switch.is_up or not self._holds():
            self._known = None
            return
        wanted = self._softphones.ids()
        now = self._clock.monotonic()
        if wanted != self._known or now >= self._compare_at:
            is_first, self._known = self._known is None, set(wanted)
            try:
                self._compare(is_first=is_first)
            except Exception:
                self.forget()
                raise
            self._compare_at = now + EVERYTHING_SECONDS
        if now >= self._report_at:
            self._report_at = now + REPORT_SECONDS
            self._report(any_there=bool(wanted))

    def _holds(self) -> bool:
        now = self._clock.monotonic()
        if now < self._held_until:
            return True
        if not self._softphones.hold(self._node, self._owner, self._clock.now()):
            return False
        self._held_until = now + HOLD_SECONDS
        return True

    def _compare(self, *, is_first: bool) -> None:
        """What could not be done is tried again at the next look."""
        logins = self._softphones.logins()
        wanted = {texts.path_of(login.softphone_id): texts.user(login) for login in logins}
        present = self._files.read()
        self._files.remove(present.keys() - wanted.keys())
        changed = {path: text for path, text in wanted.items() if present.get(path) != text}
        problem = self._files.write(changed)
        if problem:
            raise SwitchError(problem)
        if changed or present.keys() - wanted.keys() or (is_first and wanted):
            self._switch.api(configuration_commands.reload_xml(), timeout=RELOAD_SECONDS)
            log.info("Softphones are on the switch", count=len(wanted))

    def _report(self, *, any_there: bool) -> None:
        registered: set[str] = set()
        if any_there:
            registered = sofia.registered_users(
                self._switch.api(configuration_commands.show_registrations())
            )
        self._softphones.report(self._node, registered, self._clock.now())
