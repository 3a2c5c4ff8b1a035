"""A caller's INVITE: whom it is for, who it says it is from, and what it offers.

What becomes of it on the switch is as measured: a P-Asserted-Identity is the number that is shown,
`Privacy: id` asks to hide it, headers are found in variables, and codecs are compared only when the
call is answered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from topcalls.sandbox.freeswitch.codec import CODECS, PCMU, Codec
from topcalls.sandbox.freeswitch.sip import gateway_variables, header_variables, inbound_variables

_NUMBER = re.compile(r"\+?[0-9]{2,20}(;[A-Za-z0-9=.+:;-]{1,100})?")
_DIALLED = re.compile(r"\+?[0-9]{2,20}")
_FEATURE_CODE = re.compile(r"\*[0-9*#]{1,31}")
"""What our dialplans take for a number, or for a code (`dialplans`)."""

INBOUND, PHONES, FEATURE_CODES = "inbound", "phones", "feature_codes"

_ASSERTED = re.compile(
    r'\s*(?:"(?P<name>[^"]*)"\s*)?<?(?:sips?:|tel:)?(?P<user>[^@;>]+)(?P<rest>.*)'
)


@dataclass(frozen=True)
class Invite:
    """`to` is the called number, `caller` and `name` of the From header. `codec`: the one that is
    offered. Unanswered, the caller gives up after `patience` seconds. `gateway`: of ours, whose
    contact it was sent to. `user` and `password`: by which it proves itself, where it does."""

    to: str
    caller: str = "+12025550177"
    name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    codec: str = PCMU.name
    patience: float = 60.0
    gateway: str = ""
    user: str = ""
    password: str = field(default="", repr=False)

    def parked_in(self, context: str) -> str | None:
        """The dialplan context that parks it, if it begins in this one; None: it is refused."""
        if context == PHONES and _FEATURE_CODE.fullmatch(self.to):
            return FEATURE_CODES
        known = _DIALLED if context == PHONES else _NUMBER
        return context if known.fullmatch(self.to) else None

    @property
    def has_codec_of_ours(self) -> bool:
        """It can be answered."""
        return self.codec in CODECS

    @property
    def codec_of_ours(self) -> Codec:
        """The codec that both sides have."""
        return CODECS.get(self.codec, PCMU)

    @property
    def is_hidden(self) -> bool:
        """The caller asks that the number is not shown."""
        return "id" in self._header("Privacy").lower().split(";")

    @property
    def shown_number(self) -> str:
        """The switch's caller ID: the asserted identity, where there is one."""
        asserted = _ASSERTED.match(self._header("P-Asserted-Identity"))
        return asserted["user"] if asserted else self.caller

    @property
    def shown_name(self) -> str:
        """The name beside it; the number, where no name is given."""
        asserted = _ASSERTED.match(self._header("P-Asserted-Identity"))
        return (asserted["name"] if asserted else self.name) or self.shown_number

    def variables(self, uuid: str, session: int) -> dict[str, str]:
        """What it leaves on the leg, before the dialplan."""
        given = inbound_variables(uuid, self.caller, self.name, self.to, session)
        if self.gateway:
            given |= gateway_variables(self.gateway)
        return given | header_variables(self.headers)

    def _header(self, name: str) -> str:
        return next((v for key, v in self.headers.items() if key.lower() == name.lower()), "")
