"""What of the things that keys do is written down."""

from __future__ import annotations

from enum import StrEnum


class AuditAction(StrEnum):
    """What was done. `NUMBER_SHOWN`: somebody had the numbers of a call shown, in the console or in
    the report on why it ended; `LEAD_NUMBER_SHOWN`: that of a lead, in the console;
    `NUMBERS_EXPORTED`: the console put those of calls into a file."""

    NUMBER_SHOWN = "number_shown"
    LEAD_NUMBER_SHOWN = "lead_number_shown"
    NUMBERS_EXPORTED = "numbers_exported"
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
