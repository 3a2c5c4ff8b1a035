"""`uuid_deflect`: the far end is asked by SIP REFER to dial a number itself.

As tried on FreeSWITCH 1.10.12. The carrier's answers show in variables: `sip_refer_status_code` is
its answer to the REFER, `sip_refer_target_status_code` what its NOTIFY says of its own dial. With
`sip_refer_continue_after_reply` the command answers at once and the channel stays; without it the
command waits for the outcome, and the channel is hung up whatever it is.
"""

from __future__ import annotations

import gevent

from topcalls.sandbox.freeswitch.call import Call
from topcalls.sandbox.freeswitch.causes import SipRefusal
from topcalls.sandbox.freeswitch.ringing import ring
from topcalls.sandbox.scenario import Scenario
from topcalls.sandbox.scenario_steps import Answer

NOT_ALLOWED, ACCEPTED, OK = 405, 202, 200
_ANSWER_SECONDS = 0.05
_LONGEST_SECONDS = 10.0


def deflect(call: Call, target: Scenario) -> str:
    """Ask for the person of `target`; what the command prints."""
    continues = call.channel.is_true("sip_refer_continue_after_reply")
    asking = gevent.spawn(_ask, call, target)
    if continues:
        return "+OK:\n"
    asking.join(_LONGEST_SECONDS)
    reply = call.channel.variables.get("sip_refer_reply", "no reply")
    call.hang_up("BLIND_TRANSFER")
    return f"+OK:{reply}\n"


def _ask(call: Call, target: Scenario) -> None:
    variables = call.channel.variables
    variables["sip_refer_status_code"] = "100"
    gevent.sleep(_ANSWER_SECONDS)
    answers = (step for step in call.scenario.callee if isinstance(step, Answer))
    if not next((step.transfers for step in answers), True):
        variables["sip_refer_status_code"] = str(NOT_ALLOWED)
        return
    variables["sip_refer_status_code"] = str(ACCEPTED)
    elsewhere = _Elsewhere()
    ring(elsewhere, target.callee)
    variables["sip_refer_target_status_code"] = str(elsewhere.status)
    variables["sip_refer_reply"] = f"SIP/2.0 {elsewhere.status} {elsewhere.phrase}\r\n"
    if elsewhere.status == OK:
        call.callee.fall_silent()  # talks to somebody else now


class _Elsewhere:
    """A telephone that the carrier dials itself."""

    status, phrase = OK, "OK"

    def progress(self) -> None:
        """Of no interest here."""

    def early_media(self) -> None:
        """Of no interest here."""

    def answer(self) -> bool:
        """Picked up."""
        return True

    def hang_up(self, cause: str, disposition: str = "", refusal: SipRefusal | None = None) -> None:
        """Refused."""
        if refusal is not None:
            self.status, self.phrase = refusal.status, refusal.phrase
