"""What `sofia status gateway NAME` answers: every field of the real one, few of them alive."""

from __future__ import annotations

INVALID = "Invalid Gateway!\n"
_RULE = "=" * 97 + "\n"


def gateway_status(
    name: str,
    *,
    is_up: bool,
    uptime: float,
    calls_out: int,
    state: str = "NOREG",
    is_pinged: bool = False,
) -> str:
    """A gateway on the profile `external`; a dead one is pinged."""
    fields = {
        "Name": name,
        "Profile": "external",
        "Scheme": "Digest",
        "Realm": "127.0.0.1",
        "Username": name,
        "Password": "yes",
        "From": f"<sip:{name}@127.0.0.1>",
        "Contact": f"<sip:gw+{name}@127.0.0.1:5080;transport=udp;gw={name}>",
        "Exten": name,
        "To": f"sip:{name}@127.0.0.1",
        "Proxy": "sip:127.0.0.1",
        "Context": "public",
        "Expires": "3600",
        "Freq": "3600",
        "Ping": "0",
        "PingFreq": "30" if is_pinged else "0",
        "PingTime": "0.00",
        "PingState": "0/0/0",
        "State": state,
        "Status": "UP" if is_up else f"DOWN{' (ping)' if state == 'NOREG' else ''}",
        "Uptime": f"{int(uptime)}s",
        "CallsIN": "0",
        "CallsOUT": str(calls_out),
        "FailedCallsIN": "0",
        "FailedCallsOUT": "0",
    }
    lines = "".join(f"{key:<8}\t{value}\n" for key, value in fields.items())
    return f"{_RULE}{lines}{_RULE}"
