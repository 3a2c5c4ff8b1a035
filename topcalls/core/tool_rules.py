"""Do the tools that a customer defines make sense? Every fault, with its field and its remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from topcalls.core import web_addresses
from topcalls.core.builtin_tools import RESERVED
from topcalls.core.json_schema import schema_faults
from topcalls.core.suggestions import did_you_mean
from topcalls.core.tools import BRIDGE_LENGTH, DESCRIPTION_LENGTH, HIDDEN
from topcalls.core.web_addresses import INTERNET, Reach
from topcalls.errors import FieldError

MAX_TOOLS = 32
MAX_BYTES = 131_072
"""Of all tools of a call together, as JSON: the model reads them too."""

NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
TIMEOUT_SECONDS = (1, 30)
MAX_HEADERS = 20
MAX_HEADER_VALUE = 4_096
HEADER_NAME_PATTERN = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$"
UUID_PATTERN = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
FIELDS = (
    "name",
    "description",
    "parameters",
    "url",
    "headers",
    "headers_id",
    "timeout_seconds",
    "speak_while_waiting",
    "async",
)
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")
_OUR_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "idempotency-key",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    }
)
_OUR_PREFIXES = ("webhook-", "topcalls-", "proxy-")

Faults = Iterator[FieldError]


def tool_faults(tools: object, path: str = "tools", *, reach: Reach = INTERNET) -> Faults:
    """Everything wrong with a list of tools."""
    if not isinstance(tools, list | tuple) or len(tools) > MAX_TOOLS:
        yield FieldError(path, f"Must be a list of at most {MAX_TOOLS} tools.", "invalid_tools")
        return
    if len(json.dumps(tools, default=str)) > MAX_BYTES:
        message = f"Are larger than {MAX_BYTES} bytes together. Shorten them."
        yield FieldError(path, message, "too_large")
        return
    names: set[str] = set()
    for index, tool in enumerate(tools):
        here = f"{path}.{index}"
        if isinstance(tool, Mapping):
            yield from _faults(tool, here, names, reach)
        else:
            yield FieldError(here, "Must be an object.", "invalid_tool")


def _faults(tool: Mapping[str, Any], path: str, names: set[str], reach: Reach) -> Faults:
    given = {key: value for key, value in tool.items() if value is not None}
    for key in given.keys() - set(FIELDS):
        message = f"Is not a field of a tool.{did_you_mean(str(key), FIELDS)}"
        yield FieldError(f"{path}.{key}", message, "unknown")
    yield from _name_faults(given.get("name"), names, f"{path}.name")
    yield from _description_faults(given.get("description"), f"{path}.description")
    if "parameters" in given:
        yield from schema_faults(given["parameters"], f"{path}.parameters")
    yield from _url_faults(given.get("url"), f"{path}.url", reach)
    yield from _header_faults(given, path)
    yield from _manner_faults(given, path)


def _name_faults(name: object, names: set[str], path: str) -> Faults:
    if not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name):
        message = "Must be 1 to 64 letters, digits, '_' or '-', and not begin with a digit."
        yield FieldError(path, message, "invalid_name")
    elif name in RESERVED:
        yield FieldError(path, f"'{name}' is built in. Choose another name.", "reserved")
    elif name in names:
        yield FieldError(path, f"Two tools are named '{name}'. Rename one.", "duplicate")
    else:
        names.add(name)


def _description_faults(description: object, path: str) -> Faults:
    if description is not None and not isinstance(description, str):
        yield FieldError(path, "Must be text.", "invalid_type")
    elif not description or not description.strip():
        message = "Say what the tool does, so that the model knows when to use it."
        yield FieldError(path, message, "required")
    elif len(description) > DESCRIPTION_LENGTH[1]:
        message = f"Must be at most {DESCRIPTION_LENGTH[1]} characters."
        yield FieldError(path, message, "length")


def _url_faults(url: object, path: str, reach: Reach) -> Faults:
    if url is None:
        message = "Say where the tool is: the address that its calls are posted to."
        yield FieldError(path, message, "required")
        return
    wrong = web_addresses.fault(url, path, reach)
    if wrong:
        yield wrong


def _header_faults(tool: Mapping[str, Any], path: str) -> Faults:
    kept = tool.get("headers_id")
    if kept is not None and not (isinstance(kept, str) and re.fullmatch(UUID_PATTERN, kept)):
        message = "Must be the id that came with the tool, or left out."
        yield FieldError(f"{path}.headers_id", message, "invalid_id")
        kept = None
    headers = tool.get("headers", {})
    if not isinstance(headers, Mapping):
        yield FieldError(f"{path}.headers", "Must be an object.", "invalid_type")
        return
    if len(headers) > MAX_HEADERS:
        message = f"Must be at most {MAX_HEADERS} headers."
        yield FieldError(f"{path}.headers", message, "too_many")
        return
    seen: set[str] = set()
    for name, value in headers.items():
        here = f"{path}.headers.{name}"
        yield from _header_name_faults(str(name), here, seen)
        yield from _header_value_faults(value, here, is_kept=kept is not None)


def _header_name_faults(name: str, path: str, seen: set[str]) -> Faults:
    lower = name.lower()
    if not re.fullmatch(HEADER_NAME_PATTERN, name):
        yield FieldError(path, "Is not the name of an HTTP header.", "invalid_header")
    elif lower in _OUR_HEADERS or lower.startswith(_OUR_PREFIXES):
        yield FieldError(path, "Is set by TopCalls. Leave it out.", "reserved")
    elif lower in seen:
        yield FieldError(path, "Is given twice: case does not matter.", "duplicate")
    seen.add(lower)


def _header_value_faults(value: object, path: str, *, is_kept: bool) -> Faults:
    if not isinstance(value, str):
        yield FieldError(path, "Must be text.", "invalid_type")
    elif value == HIDDEN and not is_kept:
        message = (
            f"'{HIDDEN}' stands for a stored value, and no 'headers_id' says which. Give the value."
        )
        yield FieldError(path, message, "hidden_value")
    elif not _HEADER_VALUE.fullmatch(value) or len(value) > MAX_HEADER_VALUE:
        message = (
            f"Must be 1 to {MAX_HEADER_VALUE} characters of ASCII, without line breaks and without "
            "space around it."
        )
        yield FieldError(path, message, "invalid_header")


def _manner_faults(tool: Mapping[str, Any], path: str) -> Faults:
    timeout = tool.get("timeout_seconds", TIMEOUT_SECONDS[0])
    least, most = TIMEOUT_SECONDS
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):
        yield FieldError(f"{path}.timeout_seconds", "Must be a number.", "invalid_type")
    elif not least <= timeout <= most:
        message = f"Must be from {least} to {most}. What takes longer is for an 'async' tool."
        yield FieldError(f"{path}.timeout_seconds", message, "range")
    words = tool.get("speak_while_waiting", "-")
    least, most = BRIDGE_LENGTH
    if not isinstance(words, str):
        yield FieldError(f"{path}.speak_while_waiting", "Must be text.", "invalid_type")
    elif not least <= len(words.strip()) <= len(words) <= most:
        message = f"Must be {least} to {most} characters, not counting space around it."
        yield FieldError(f"{path}.speak_while_waiting", message, "length")
    if not isinstance(tool.get("async", False), bool):
        yield FieldError(f"{path}.async", "Must be true or false.", "invalid_type")
