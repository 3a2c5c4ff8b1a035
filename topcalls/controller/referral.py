"""Asking the carrier by SIP REFER to connect the far end with another number.

The switch tells no event of it: the carrier's answers show in variables of the channel.
"""

from __future__ import annotations

import gevent

from topcalls.core.transfer_events import Referred
from topcalls.errors import SwitchError, TopCallsError
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.log import get_logger

ANSWER_SECONDS = 15.0
LOOK_SECONDS = 0.3
_ANSWER, _OUTCOME = "sip_refer_status_code", "sip_refer_target_status_code"
_UNDEFINED = "_undef_"

log = get_logger("controller.referral")


class Referral:
    """One REFER on one channel."""

    def __init__(self, switch: SwitchClient, channel_uuid: str) -> None:
        self._switch = switch
        self._uuid = channel_uuid
        self._accepted = False

    def ask(self, number: str, *, inbound: bool) -> bool:
        """Send it; False if it could not be sent. The channel stays, whatever the answer is."""
        party = "sip_from_uri" if inbound else "sip_to_uri"
        try:
            _, _, host = self._get(party).rpartition("@")
            for name in (_ANSWER, _OUTCOME):
                self._switch.api(commands.uuid_setvar(self._uuid, name, ""))
            self._switch.api(
                commands.uuid_setvar(self._uuid, "sip_refer_continue_after_reply", "true")
            )
            command = commands.uuid_deflect(self._uuid, number, host)
            self._switch.bgapi(command, timeout=ANSWER_SECONDS).wait()
        except TopCallsError as error:
            log.warning("Carrier was not asked to transfer", why=str(error))
            return False
        return True

    def look(self) -> Referred | None:
        """After a while: the news, which may be none (a provisional one); None: the channel is
        gone."""
        gevent.sleep(LOOK_SECONDS)
        try:
            outcome = self._status(_OUTCOME)
            if outcome >= 200:
                return Referred(outcome, final=True)
            return Referred(self._status(_ANSWER))
        except SwitchError:
            return None

    def _status(self, name: str) -> int:
        value = self._get(name)
        return int(value) if value.isdecimal() else 0

    def _get(self, name: str) -> str:
        value = self._switch.api(commands.uuid_getvar(self._uuid, name))
        return "" if value == _UNDEFINED else value.strip()
