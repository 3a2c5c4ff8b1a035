"""Telephone numbers in texts of any origin, hidden: in messages, SIP addresses, lines of a log."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from topcalls.core.phone_numbers import mask
from topcalls.json_texts import with_texts

_LEAST_DIGITS: Final = 5
_NUMBER: Final = re.compile(r"(?<![\w.+-])\+?\d{7,15}(?![\w-]|\.\d)|\+\d{5,15}")
"""Seven digits or more by themselves: not a part of a UUID, of a decimal fraction, or of a word."""


class NumberVeil:
    """Hides telephone numbers: these ones however they are written, and whatever looks like one."""

    def __init__(self, numbers: Iterable[str | None]) -> None:
        known = {re.sub(r"\D", "", number or "") for number in numbers}
        kept = sorted((one for one in known if len(one) >= _LEAST_DIGITS), key=len, reverse=True)
        self._known = re.compile(r"\+?(?<!\d)(?:" + "|".join(kept) + r")(?!\d)") if kept else None

    def text(self, text: str) -> str:
        """The text without them."""
        if self._known is not None:
            text = self._known.sub(lambda found: mask(found.group()), text)
        return _NUMBER.sub(lambda found: mask(found.group()), text)

    def value(self, value: Any) -> Any:
        """The same of a JSON value: of its texts, its keys apart."""
        return with_texts(value, self.text)
