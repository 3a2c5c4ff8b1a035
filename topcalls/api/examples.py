"""Examples in the reference. A test loads and dumps every one of them with its schema."""

from __future__ import annotations

from typing import Any

from topcalls.api.cost_examples import COST
from topcalls.api.knowledge_examples import LOOKUP
from topcalls.api.tool_examples import APPOINTMENTS, TOOL_CALLS

_CALL_ID = "b7c1f3c2-5d0e-4a55-9d5b-0d6f2a7f6f10"
_CHANNEL_ID = "2f6f9f8a-6a1e-4a8e-8a3a-5a8f2f1c7d42"
_ACCOUNT_ID = "9a2c8f4e-0b57-4b5e-9f0b-3a4f8d1c2e61"
_DELIVERY_ID = "6d0b7a52-3c1d-4f7a-8a56-1c9d7e2f4b83"
_MESSAGE_ID = "c4d5e6f7-1a2b-4c3d-8e9f-0a1b2c3d4e5f"

CALL_BODIES: dict[str, Any] = {
    "reminder": {
        "summary": "A reminder",
        "value": {
            "phone_number": "+12025550100",
            "task": "You are Rachel from Bright Smile Dental. Confirm the appointment on Tuesday "
            "at ten, or offer another time.",
            "first_sentence": "Hi, this is Rachel from Bright Smile Dental.",
            "voice": "coral",
            "max_duration": 5,
            "metadata": {"appointment": "A-1041"},
            "webhook_url": "https://example.com/hooks/topcalls",
            "webhook_events": ["call.completed", "call.failed"],
        },
    },
    "analysis": {
        "summary": "What is to be found out when it is over",
        "value": {
            "phone_number": "+12025550100",
            "task": "Ask whether the appointment on Tuesday at ten still suits.",
            "summary": {"success_criteria": "The appointment stands, or another was agreed."},
            "analysis_schema": {
                "type": "object",
                "properties": {
                    "confirmed": {
                        "type": "boolean",
                        "description": "The person will come on Tuesday at ten.",
                    },
                    "other_time": {
                        "type": "string",
                        "description": "Another time that the person asked for.",
                    },
                },
            },
            "outcome_mapping": [
                {
                    "when": {"field": "confirmed", "op": "eq", "value": True},
                    "outcome": "confirmed",
                },
                {
                    "when": {"field": "other_time", "op": "exists", "value": True},
                    "outcome": "move_appointment",
                },
                {
                    "when": {"field": "call.answered_by", "op": "eq", "value": "voicemail"},
                    "outcome": "voicemail",
                },
            ],
        },
    },
    "whole_prompt": {
        "summary": "A whole system prompt, with time limits and without recording",
        "value": {
            "phone_number": "+442079460000",
            "from_number": "+12025550199",
            "instructions": "# Role\nYou call shops to ask for their opening hours.\n# Rules\n"
            "Be brief. Say goodbye once you know the hours of every day.",
            "language": "en-GB",
            "ring_timeout_seconds": 30,
            "silence_timeout_seconds": 20,
            "interruption": {"sensitivity": "low", "protect_first_sentence": True},
            "recording": {"enabled": False},
            "priority": 8,
        },
    },
}

CALL_CREATED = {
    "call_id": _CALL_ID,
    "provider_call_id": _CHANNEL_ID,
    "status": "queued",
    "warnings": [],
}
SPEECH = {
    "keywords": ["Bright Smile", "Dr. Nguyen"],
    "pronunciations": [{"word": "Nguyen", "say": "win"}],
}
STOPPED = {"ok": True, "status": "cancelled"}
CANCELLED = {"ok": True}
TRANSFER = {"destination": "support"}
SUPERVISE = {"mode": "listen", "extension": "201"}
KEYS = {"digits": "12#", "pause_ms": 500}
COMMAND = {"ok": True, "command_id": "e0b1c2d3-4f5a-4b6c-9d7e-8f9a0b1c2d3e"}

_CALL: dict[str, Any] = {
    "id": _CALL_ID,
    "created_at": "2026-11-23T14:32:10.104233Z",
    "direction": "outbound",
    "phone_number": "+12025550100",
    "from_phone_number": "+12025550199",
    "status": "completed",
    "call_status": "completed",
    "duration": 0.4213,
    "started_at": "2026-11-23T14:32:14.871002Z",
    "end_at": "2026-11-23T14:32:40.149311Z",
    "end_reason": "agent_ended",
    "ended_by": "agent",
    "hangup": {"cause": "NORMAL_CLEARING", "sip_status": 200, "q850": 16, "by": "gateway"},
    "schedule_at": None,
    "cost": COST,
    "agent_id": None,
    "agent_version": None,
    "campaign_id": None,
    "lead_id": None,
    "opted_out": None,
    "answered_by": "unknown",
    "error_message": None,
    "recording_url": f"https://calls.example.com/recordings/{_CALL_ID}/2026/11/23/mp3",
    "transcript": [
        {
            "id": 1,
            "user": "assistant",
            "text": "Hi, this is Rachel from Bright Smile Dental.",
            "created_at": "2026-11-23T14:32:14.990000Z",
            "started_ms": 119,
            "ended_ms": 2870,
            "interrupted": False,
        },
        {
            "id": 2,
            "user": "user",
            "text": "Hello Rachel.",
            "created_at": "2026-11-23T14:32:18.170000Z",
            "started_ms": 3299,
            "ended_ms": 4120,
            "interrupted": False,
        },
    ],
    "call_summary": "Rachel confirmed the appointment on Tuesday at ten.",
    "disposition": "confirmed",
    "sentiment": "positive",
    "success": True,
    "analysis_status": "done",
    "actual_duration_billed": 0.4333,
    "sandbox": False,
}
TRANSCRIPT = {
    "call_id": _CALL_ID,
    "language": "en",
    "final": True,
    "turns": [turn | {"citations": []} for turn in _CALL["transcript"]],
}
CALL_PAGE = {"data": [_CALL], "next_cursor": None}
ANSWER = {
    "answered_by": "human",
    "detected": "human",
    "detected_first": "human",
    "confidence": 0.9,
    "decided_after_ms": 1480,
    "evidence": [
        {"name": "short_greeting", "at": 1.48, "value": 0.44},
        {"name": "pause", "at": 1.48, "value": 0.56},
    ],
    "corrected": None,
    "corrected_at": None,
}
CORRECTION = {"answered_by": "voicemail"}

CALL_DETAILS = {
    **_CALL,
    "account_id": _ACCOUNT_ID,
    "external_call_id": _CHANNEL_ID,
    "completed": True,
    "metadata": {"appointment": "A-1041"},
    "configuration": {
        "phone_number": "+12025550100",
        "from_number": "+12025550199",
        "task": "Confirm the appointment on Tuesday at ten.",
        "mode": "realtime",
        "voice": "coral",
        "max_duration": 5.0,
        "metadata": {"appointment": "A-1041"},
    },
    "analysis": {"confirmed": True, "other_time": None},
    "analysis_report": {
        "status": "done",
        "errors": {},
        "sentiment": {
            "overall": "positive",
            "caller": "positive",
            "agent": "neutral",
            "turning_point": None,
        },
        "success": {"reached": True, "reason": "The caller confirmed."},
        "language": "en",
        "evidence": {
            "confirmed": [{"turn": 2, "started_ms": 3299, "ended_ms": 4120}],
            "other_time": None,
        },
        "unsupported": [],
        "rule": 0,
        "model": "gpt-6-luna",
        "run_id": None,
        "finished_at": "2026-11-23T14:32:44.020000Z",
    },
    "answer": ANSWER,
    "transfers": [
        {
            "transfer": 1,
            "destination": "support",
            "phone_number": "+12025550114",
            "kind": "warm",
            "method": "bridge",
            "asked_by": "agent",
            "summary": "Asks to move the appointment to Thursday.",
            "channel_id": "8b7f0c52-6f0e-4c39-9c1b-5c7f0e9d2a64",
            "asked_at": "2026-11-23T14:32:20.100000Z",
            "answered_at": "2026-11-23T14:32:24.310000Z",
            "connected_at": None,
            "ended_at": "2026-11-23T14:33:04.311000Z",
            "outcome": "failed",
            "failure": "not_accepted",
            "cause": None,
            "sip_status": None,
        }
    ],
    "live_code": None,
    "supervisions": [
        {
            "supervision": 1,
            "extension": "201",
            "name": "Ann, front desk",
            "asked_by": "code",
            "channel_id": "1f0e2d3c-4b5a-4968-8776-5544332211aa",
            "asked_at": "2026-11-23T14:32:18.000000Z",
            "joined_at": "2026-11-23T14:32:18.120000Z",
            "taken_over_at": None,
            "ended_at": "2026-11-23T14:32:31.900000Z",
            "outcome": "left",
            "failure": None,
            "modes": [
                {
                    "mode": "listen",
                    "began_at": "2026-11-23T14:32:18.120000Z",
                    "ended_at": "2026-11-23T14:32:31.900000Z",
                }
            ],
        }
    ],
    "timings": [
        {
            "turn": 3,
            "endpointing_ms": 512,
            "provider_ms": 388,
            "gateway_ms": 24,
            "ear_ms": 960,
            "unexplained_ms": 36,
            "finished": 0.94,
            "moments": {
                "caller_energy": 8120,
                "turn_ended": 8632,
                "first_token": 8930,
                "first_byte": 9020,
                "first_packet": 9044,
                "far_energy": 9080,
            },
        }
    ],
    "transcript": [turn | {"citations": []} for turn in _CALL["transcript"]],
    "knowledge_lookups": [LOOKUP],
    "usage": [
        {
            "model": "gpt-6-luna",
            "responses": 4,
            "input_text": 4210,
            "input_audio": 0,
            "input_cached": 2048,
            "input_cached_audio": 0,
            "output_text": 187,
            "output_audio": 0,
            "voice_characters": 0,
            "heard_ms": 0,
            "wasted_tokens": 310,
            "wasted_characters": 41,
        }
    ],
    "stages_replaced": ["voice"],
    "latency": {
        "endpointing": {"answers": 1, "p50": 512, "p95": 512, "p99": 512},
        "provider": {"answers": 1, "p50": 388, "p95": 388, "p99": 388},
        "gateway": {"answers": 1, "p50": 24, "p95": 24, "p99": 24},
        "ear": {"answers": 1, "p50": 960, "p95": 960, "p99": 960},
    },
    "appointments": APPOINTMENTS,
    "tool_calls": TOOL_CALLS,
    "recording": {
        "state": "stored",
        "channels": 2,
        "seconds": 42.36,
        "size": 1355564,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "paused_at": None,
        "expires_at": None,
        "deleted_at": None,
        "problem": None,
    },
    "routing": [
        {
            "attempt": 1,
            "carrier_id": "f4f5a5d1-8f0c-4b57-9a1e-6b1d2b6a0c11",
            "carrier_name": "VoIP.ms",
            "channel_id": "5d0f3a43-7b1e-4c6a-8f59-2f1d6c9b0e77",
            "dialled_at": "2026-11-23T14:32:10.300000Z",
            "ended_at": "2026-11-23T14:32:10.700000Z",
            "rang_seconds": 0.0,
            "sip_status": 503,
            "sip_phrase": "Service Unavailable",
            "sip_reason": None,
            "retry_at": "2026-11-23T14:32:40.700000Z",
            "cause": "NORMAL_TEMPORARY_FAILURE",
            "then": "try_next",
            "why": "this carrier has a fault or no free line",
        },
        {
            "attempt": 2,
            "carrier_id": "1f6d0a3e-2c4b-4f5a-9e8d-7c6b5a493827",
            "carrier_name": "Telnyx",
            "channel_id": _CHANNEL_ID,
            "dialled_at": "2026-11-23T14:32:10.750000Z",
            "ended_at": None,
            "rang_seconds": None,
            "sip_status": None,
            "sip_phrase": None,
            "sip_reason": None,
            "retry_at": None,
            "cause": None,
            "then": None,
            "why": None,
        },
    ],
}
CALL_EVENTS = {
    "data": [
        {
            "version": 2,
            "kind": "Claimed",
            "from_state": "queued",
            "to_state": "dispatching",
            "detail": {},
            "at": "2026-11-23T14:32:10.215000Z",
        }
    ]
}
TOOL_RESULTS: dict[str, Any] = {
    "result": {
        "summary": "The result",
        "value": {"result": {"status": "shipped", "arrives": "2026-11-24"}},
    },
    "error": {
        "summary": "There is none",
        "value": {"error": "The warehouse does not answer. Offer to call back tomorrow."},
    },
}

LIVE_CALLS: dict[str, Any] = {
    "data": [
        {
            "id": _CALL_ID,
            "live_code": "4821",
            "direction": "outbound",
            "phone_number": "+12025550100",
            "from_phone_number": "+12025550199",
            "call_status": "in-progress",
            "talks_with": "agent",
            "agent_id": None,
            "node": "node-1",
            "created_at": "2026-11-23T14:32:10.104233Z",
            "started_at": "2026-11-23T14:32:14.871002Z",
            "supervisors": [{"extension": "201", "mode": "listen"}],
        }
    ],
    "total": 1,
}
RECORDING_LINK = {
    "url": f"https://calls.example.com/recordings/{_CALL_ID}/2026/11/23/mp3"
    "?expires=1795447920&signature=5b1e",
    "expires_at": "2026-11-23T15:32:00.000000Z",
}
