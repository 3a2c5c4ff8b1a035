"""Values in the XML files that are generated for the switch.

They are escaped, `$` and braces too: the switch replaces `$${name}` before it reads the XML.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from topcalls.errors import InvalidRequest

_ENTITIES = {'"': "&quot;", "'": "&apos;", "$": "&#36;", "{": "&#123;", "}": "&#125;"}
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


def quoted(value: str) -> str:
    """An attribute's value, with its quotation marks. Raises `InvalidRequest` for a character that
    no file may hold."""
    if not _PRINTABLE.fullmatch(value):
        raise InvalidRequest("A value for the switch holds a character that no file may hold.")
    return f'"{escape(value, _ENTITIES)}"'
