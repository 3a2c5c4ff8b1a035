"""What mod_json_cdr writes of each channel that ended: `log-dir`/`uuid`.cdr.json.

The shape of `switch_ivr_generate_json_cdr`, with `encode-values` as by default: the variables are
URL-encoded, the rest is not. The file is written in place, before CHANNEL_HANGUP_COMPLETE is fired.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from topcalls.log import get_logger
from topcalls.sandbox.freeswitch.channel import Channel

_UNRESERVED = "!$'()*,/"  # what switch_url_encode leaves as it is, besides letters, digits and -._~

log = get_logger("sandbox.cdr")


def write_cdr(directory: Path, core_uuid: str, switchname: str, channel: Channel) -> None:
    """Leave the record of a channel whose books are closed. A disk that refuses is logged only."""
    path = directory / f"{channel.uuid}.cdr.json"
    text = json.dumps(cdr_of(core_uuid, switchname, channel), separators=(",", ":"))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        log.error("A record of a call cannot be written.", error=error.strerror)


def cdr_of(core_uuid: str, switchname: str, channel: Channel) -> dict[str, Any]:
    """The record."""
    record = {
        "core-uuid": core_uuid,
        "switchname": switchname,
        "channel_data": {
            "state": "CS_REPORTING",
            "direction": channel.direction,
            "state_number": "11",
            "flags": "0=1;1=1;37=1;38=1;40=1;43=1;53=1;75=1;112=1;113=1;122=1;134=1",
            "caps": "1=1;2=1;3=1;4=1;5=1;6=1",
        },
        "callStats": {"audio": {}} if channel.times.answered else {},
        "variables": {name: _encoded(value) for name, value in _variables(channel).items()},
    }
    if channel.parked:
        stamp = str(channel.times.answered or channel.times.created)
        park = {"app_name": "park", "app_data": "", "app_stamp": stamp}
        record["app_log"] = {"applications": [park]}
    return record | {"callflow": [_callflow(channel)]}


def _variables(channel: Channel) -> dict[str, str]:
    return {"direction": channel.direction, "uuid": channel.uuid, **channel.variables}


def _encoded(value: str) -> str:
    return quote(value, safe=_UNRESERVED)


def _callflow(channel: Channel) -> dict[str, Any]:
    times = channel.times
    profile = {
        "username": "",
        "dialplan": "XML",
        "caller_id_name": channel.caller_name,
        "ani": channel.caller_number,
        "aniii": "",
        "caller_id_number": channel.caller_number,
        "network_addr": "127.0.0.1",
        "rdnis": "",
        "destination_number": channel.destination,
        "uuid": channel.uuid,
        "source": "mod_sofia",
        "context": "default" if channel.direction == "outbound" else "inbound",
        "chan_name": channel.name,
    }
    return {
        "dialplan": "XML",
        "profile_index": "1",
        "extension": {"name": "topcalls", "number": channel.destination, "applications": []},
        "caller_profile": profile,
        "times": {
            "created_time": str(times.created),
            "profile_created_time": str(times.created),
            "progress_time": str(times.progress),
            "progress_media_time": str(times.progress_media),
            "answered_time": str(times.answered),
            "bridged_time": "0",
            "last_hold_time": "0",
            "hold_accum_time": "0",
            "hangup_time": str(times.hungup),
            "resurrect_time": "0",
            "transfer_time": "0",
        },
    }
