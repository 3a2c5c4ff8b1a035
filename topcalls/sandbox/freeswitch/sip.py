"""What SIP leaves in a channel's variables: the offer and answer, and how a call ended."""

from __future__ import annotations

from collections.abc import Mapping

from topcalls.sandbox.freeswitch.arguments import separate
from topcalls.sandbox.freeswitch.causes import CAUSES, NO_SDP, NOBODY, STACK, SipRefusal
from topcalls.sandbox.freeswitch.channel import Channel
from topcalls.sandbox.freeswitch.codec import CODECS, PCMU, Codec

_SDP = (
    "v=0\r\no=callee 2890844526 2890844526 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
    "t=0 0\r\nm=audio {port} RTP/AVP {payload}{events}\r\na=rtpmap:{payload} {codec}/8000\r\n"
    "{event_lines}a=ptime:20\r\na=sendrecv\r\n"
)
_EVENT_LINES = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
_PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8}


def negotiated_codec(variables: dict[str, str]) -> Codec:
    """The first codec offered that the callee has; PCMU when none is named."""
    offered = separate(variables.get("absolute_codec_string", ""), ",")
    return next((CODECS[name] for name in offered if name in CODECS), PCMU)


def outbound_variables(uuid: str, gateway: str, number: str, session: int) -> dict[str, str]:
    """What a new outbound leg has, beside what `originate` gave it."""
    return {
        "direction": "outbound",
        "is_outbound": "true",
        "uuid": uuid,
        "session_id": str(session),
        "sip_gateway_name": gateway,
        "sip_profile_name": "gateway",
        "channel_name": f"sofia/external/{number}",
        "sip_destination_url": f"sip:{number}@127.0.0.1",
        "sip_to_user": number,
        "sip_to_uri": f"{number}@127.0.0.1",
        "dialed_user": number,
        "sip_call_id": f"{uuid}@127.0.0.1",
    }


def inbound_variables(
    uuid: str, caller: str, name: str, number: str, session: int
) -> dict[str, str]:
    """What the caller's INVITE leaves on a new inbound leg."""
    return {
        "direction": "inbound",
        "uuid": uuid,
        "session_id": str(session),
        "sip_profile_name": "external",
        "channel_name": f"sofia/internal/{number}",
        "sip_from_user": caller,
        **({"sip_from_display": name} if name else {}),
        "sip_from_uri": f"{caller}@127.0.0.1",
        "sip_to_user": number,
        "sip_req_user": number,
        "sip_network_ip": "127.0.0.1",
        "sip_call_id": f"{uuid}@127.0.0.1",
        "call_uuid": uuid,
    }


def gateway_variables(name: str) -> dict[str, str]:
    """A call to the contact that a gateway of ours has registered, or sent."""
    return {
        "sip_gateway": name,
        "sip_req_user": f"gw+{name}",
        "sip_req_uri": f"gw+{name}@127.0.0.1:5060",
    }


def header_variables(headers: Mapping[str, str]) -> dict[str, str]:
    """Where the SIP headers of an INVITE are found on its leg; others than these are dropped."""
    told = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower in _UNDERSTOOD:
            told[_UNDERSTOOD[lower]] = value
        elif lower.startswith(("x-", "p-")) or lower in ("diversion", "user-to-user"):
            told[f"sip_h_{name}"] = value
    return told


_UNDERSTOOD = {
    "p-asserted-identity": "sip_P-Asserted-Identity",
    "remote-party-id": "sip_Remote-Party-ID",
    "privacy": "sip_Privacy",
    "history-info": "sip_history_info",
    "subject": "sip_subject",
    "user-agent": "sip_user_agent",
}


def parked_variables(node: str) -> dict[str, str]:
    """What our dialplan sets before it parks a leg (`dialplans/parts/hand_over.xml`)."""
    return {
        "tc_owner": "unclaimed",
        "tc_node": node,
        "media_timeout": "60000",
        "park_timeout": "7200:ALLOTTED_TIMEOUT",
        "RECORD_STEREO": "true",
        "send_silence_when_idle": "400",
        "playback_terminators": "none",
        "hold_music": "silence",
        "STREAM_BUFFER_SIZE": "40",
        "STREAM_HEART_BEAT": "0",
        "STREAM_MESSAGE_DEFLATE": "false",
    }


def answer_variables(channel: Channel, *, telephone_events: bool = True) -> dict[str, str]:
    """What the 200 OK brings. Without telephone events, the switch would send keys by INFO."""
    codec = channel.codec.name
    sdp = _SDP.format(
        port=16384,
        payload=_PAYLOAD_TYPES[codec],
        codec=codec,
        events=" 101" if telephone_events else "",
        event_lines=_EVENT_LINES if telephone_events else "",
    )
    payloads = {"rtp_2833_send_payload": "101", "rtp_2833_recv_payload": "101"}
    return {
        **(payloads if telephone_events else {}),
        "dtmf_type": "rfc2833" if telephone_events else "info",
        "switch_r_sdp": sdp,
        "ep_codec_string": f"CORE_PCM_MODULE.{codec}@8000h@20i@64000b",
        "rtp_use_codec_name": codec,
        "rtp_use_codec_rate": "8000",
        "rtp_use_codec_ptime": "20",
        "read_codec": codec,
        "read_rate": "8000",
        "write_codec": codec,
        "write_rate": "8000",
        "endpoint_disposition": "ANSWER",
    }


_CANCELLED = {"sip_invite_failure_status": "487", "sip_invite_failure_phrase": "CANCEL"}
_BY_DISPOSITION = {
    "recv_bye": {
        "sip_term_status": "200",
        "proto_specific_hangup_cause": "sip:200",
        "sip_term_cause": "16",
        "sip_hangup_phrase": "OK",
    },
    "send_cancel": _CANCELLED,
    "recv_cancel": {
        **_CANCELLED,
        "sip_term_status": "487",
        "proto_specific_hangup_cause": "sip:487",
        "sip_term_cause": "487",
    },
}


_REPLIES = {"sip_reply_host": "127.0.0.1", "sip_reply_port": "5060"}


def _reason_of(refusal: SipRefusal) -> dict[str, str]:
    """The Reason header, as told from 1.11.1 on: once more where a network blocked the call."""
    told = {"sip_reason": refusal.reason} if refusal.reason else {}
    is_block = refusal.status == 603 and refusal.phrase.lower() == "network blocked"
    if is_block and ';text="v=analytics1;' in refusal.reason:
        told["sip_603plus_reason"] = refusal.reason
    return told


def hangup_variables(
    direction: str, disposition: str, refusal: SipRefusal | None
) -> dict[str, str]:
    """The last SIP status, where the far end had the last word, and where its answers came from."""
    from_where = _REPLIES if direction == "outbound" else {}
    if refusal is not None and refusal.by == STACK:
        return {
            **(from_where if refusal == NO_SDP else {}),
            "sip_term_status": str(refusal.status),
            "proto_specific_hangup_cause": f"sip:{refusal.status}",
            "sip_term_cause": str(CAUSES[refusal.cause]),
        }
    if refusal is not None:
        return {
            **({"sip_reply_port": "0"} if refusal.by == NOBODY else from_where),
            "sip_term_status": str(refusal.status),
            "sip_invite_failure_status": str(refusal.status),
            "sip_invite_failure_phrase": refusal.phrase,
            "sip_hangup_phrase": refusal.phrase,
            "proto_specific_hangup_cause": f"sip:{refusal.status}",
            **_reason_of(refusal),
            **({"sip_rh_X-Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}),
        }
    return {**from_where, **_BY_DISPOSITION.get(disposition, {})}
