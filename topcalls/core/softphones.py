"""Softphones: the telephones of an account's own people, registered at the switch.

Each has an extension, by which its account calls it, and a user name and password, by which it
proves itself to the switch. User names are made here, because all accounts of an installation share
one domain of SIP.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from topcalls.core.switch_xml import quoted

EXTENSION_PATTERN = r"^[0-9]{2,5}$"
"""Shorter than any number that is dialled within a country (`core/inbound_numbers.py`)."""

MAX_NAME = 100
FOLDER, FILE_PREFIX = "users", "sp_"
PHONES, FEATURE_CODES = "phones", "feature_codes"
CONTEXTS = frozenset({PHONES, FEATURE_CODES})
"""The dialplan contexts of a softphone's calls (`dialplans/softphones.xml`)."""

_EXTENSION = re.compile(EXTENSION_PATTERN)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_TAIL = 6
_PASSWORD_BYTES = 18


@dataclass(frozen=True, slots=True)
class Login:
    """A softphone as the switch has to know it."""

    softphone_id: str
    username: str
    password: str = field(repr=False)


def is_extension(text: object) -> bool:
    """Two to five digits."""
    return isinstance(text, str) and _EXTENSION.fullmatch(text) is not None


def new_username(extension: str) -> str:
    """A user name that nobody has, and that people can read out."""
    tail = "".join(secrets.choice(_LETTERS) for _ in range(_TAIL))
    return f"{extension}-{tail}"


def new_password() -> str:
    """A password that nobody guesses."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def path_of(softphone_id: str) -> str:
    """The file of a softphone below the directory that the switch includes."""
    return f"{FOLDER}/{FILE_PREFIX}{softphone_id}.xml"


def user(login: Login) -> str:
    """The user by which a softphone proves itself; its calls begin in the context `phones`."""
    return (
        f"<include>\n  <user id={quoted(login.username)}>\n"
        f'    <params><param name="password" value={quoted(login.password)}/></params>\n'
        f'    <variables><variable name="user_context" value="{PHONES}"/></variables>\n'
        "  </user>\n</include>\n"
    )
