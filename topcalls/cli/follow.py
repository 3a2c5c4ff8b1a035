"""A live call in the terminal: who speaks, when, what; then what remains of the call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import gevent

from topcalls.cli.client import ApiClient, ApiError

POLL_SECONDS = 0.3
WRAP_UP_SECONDS = 30.0
DELIVERY_SECONDS = 6.0
RECONNECT_SECONDS = 12.0
_BEFORE = -1.0
"""Sorts what came before the answer."""

_FINAL = ("completed", "failed", "cancelled")
_STATE_LINES = {
    "dispatching": "dialling",
    "ringing": "ringing",
    "answered": "answered",
    "ending": "hanging up",
}


class CallFollower:
    """Prints what is new of one call each time it looks.

    Lines go to `write`; styles disappear where the output is no terminal (click sees to that).
    """

    def __init__(
        self, client: ApiClient, call_id: str, write: Callable[[str], None] = click.echo
    ) -> None:
        self._client = client
        self._call_id = call_id
        self._write = write
        self._states_shown = 0
        self._turns_shown: set[int] = set()
        self._tools_shown: set[str] = set()

    def follow(self) -> dict[str, Any]:
        """Show the call until it is over and wrapped up; returns its details."""
        waited = 0.0
        while True:
            details: dict[str, Any] = self._get("")
            self.show(details)
            if details["status"] in _FINAL:
                if details["completed"] or waited > WRAP_UP_SECONDS:
                    return details
                waited += POLL_SECONDS
            gevent.sleep(POLL_SECONDS)

    def deliveries(self) -> list[dict[str, Any]]:
        """The call's webhooks, oldest first, once each was tried or a little time has passed. One
        that is due later is not waited for."""
        for _ in range(round(DELIVERY_SECONDS / POLL_SECONDS)):
            found = list(reversed(self._get("/webhooks")["data"]))
            if all(delivery["attempts"] or _is_for_later(delivery) for delivery in found):
                break
            gevent.sleep(POLL_SECONDS)
        return found

    def show(self, details: dict[str, Any]) -> None:
        """Print what `details` holds that was not printed before."""
        events = self._get("/events")["data"]
        lines = [
            *self._new_states(details, events[self._states_shown :]),
            *self._new_turns(details),
            *self._new_tools(details),
        ]
        self._states_shown = len(events)
        for seconds, text in sorted(
            lines, key=lambda line: _BEFORE if line[0] is None else line[0]
        ):
            self._line(seconds, text)

    def _get(self, path: str) -> Any:
        """Something of the call; an API that is started again meanwhile is waited for."""
        for _ in range(round(RECONNECT_SECONDS / POLL_SECONDS)):
            try:
                return self._client.get(f"/v1/calls/{self._call_id}{path}")
            except ApiError as error:
                if "status" in error.extra:
                    raise
            gevent.sleep(POLL_SECONDS)
        return self._client.get(f"/v1/calls/{self._call_id}{path}")

    def _new_states(
        self, details: dict[str, Any], events: list[dict[str, Any]]
    ) -> Iterator[tuple[float | None, str]]:
        for event in events:
            words = _STATE_LINES.get(event["to_state"])
            if words and event["to_state"] != event["from_state"]:
                yield _offset(details, event["at"]), click.style(words, dim=True)

    def _new_turns(self, details: dict[str, Any]) -> Iterator[tuple[float, str]]:
        is_over = details["status"] in _FINAL
        for turn in details["transcript"]:
            if turn["id"] not in self._turns_shown and (is_over or not _is_being_said(turn)):
                self._turns_shown.add(turn["id"])
                yield turn["started_ms"] / 1000, _turn_line(turn)

    def _new_tools(self, details: dict[str, Any]) -> Iterator[tuple[float, str]]:
        for used in details["tool_calls"]:
            if used["status"] != "running" and used["id"] not in self._tools_shown:
                self._tools_shown.add(used["id"])
                why = f": {used['error']}" if used["error"] else ""
                took = f"{used['status']}{why} after {used['duration_ms'] or 0} ms"
                text = click.style(f"tool    {used['name']} {took}", dim=True)
                yield used["called_ms"] / 1000, text

    def _line(self, seconds: float | None, text: str) -> None:
        when = "       " if seconds is None else f"{seconds:6.1f}s"
        self._write(f"  {when}  {text}")


def _is_being_said(turn: dict[str, Any]) -> bool:
    """The agent's words are listed while they are spoken, and may still change."""
    by_agent = turn["user"] == "assistant" and not turn["text"].startswith("[")
    return by_agent and bool(turn["ended_ms"] <= turn["started_ms"])


def _turn_line(turn: dict[str, Any]) -> str:
    speaker = "agent " if turn["user"] == "assistant" else "callee"
    colour = "cyan" if turn["user"] == "assistant" else "green"
    cut = click.style("  [interrupted]", dim=True) if turn.get("interrupted") else ""
    return f"{click.style(speaker, fg=colour)}  {turn['text']}{cut}"


def _offset(details: dict[str, Any], at: str) -> float | None:
    """Seconds since the answer; None before it."""
    if not details["started_at"]:
        return None
    seconds = (_time(at) - _time(details["started_at"])).total_seconds()
    return seconds if seconds >= 0 else None


def _recording_file(recordings: Path, details: dict[str, Any]) -> Path:
    """`.../recordings/ID/YYYY/MM/DD/mp3` is made of the file `YYYY/MM/DD/ID.wav`."""
    url: str = details["recording_url"]
    call_id, year, month, day, _ = url.split("/")[-5:]
    return recordings / year / month / day / f"{call_id}.wav"


def _fate(delivery: dict[str, Any]) -> str:
    if not delivery["attempts"] and _is_for_later(delivery):
        return f"will be sent at {_time(delivery['next_attempt_at']):%H:%M:%S} UTC"
    return f"{delivery['status']} after {delivery['attempts']} attempt(s)"


def _is_for_later(delivery: dict[str, Any]) -> bool:
    due = delivery["next_attempt_at"]
    return due is not None and (_time(due) - _time(delivery["created_at"])).total_seconds() > 1


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def summary(
    details: dict[str, Any], deliveries: list[dict[str, Any]], recordings: Path | None = None
) -> Iterator[str]:
    """What remains of a call, line by line: outcome, timings, recording, webhooks.

    `recordings` is the directory of recordings, where it is on this machine.
    """
    yield _outcome(details)
    for timing in details["timings"]:
        total = timing["endpointing_ms"] + timing["provider_ms"] + timing["gateway_ms"]
        if not timing["endpointing_ms"] and not timing["provider_ms"]:
            yield f"  Turn {timing['turn']:<6} first word {total} ms after the line was open"
            continue
        yield (
            f"  Turn {timing['turn']:<6} heard {total} ms after the callee stopped: end of turn "
            f"{timing['endpointing_ms']}, provider {timing['provider_ms']}, "
            f"gateway {timing['gateway_ms']}"
        )
    if details["call_summary"]:
        yield f"  Summary     {details['call_summary']}"
    if details["disposition"]:
        yield f"  Disposition {details['disposition']}"
    if details["recording_url"]:
        yield f"  Recording   {details['recording_url']}"
        if recordings is not None:
            yield f"  Play it     {_recording_file(recordings, details)}"
    yield f"  Transcript  GET /v1/calls/{details['id']}  ({len(details['transcript'])} turns)"
    for delivery in deliveries:
        yield f"  Webhook     {delivery['event']}: {_fate(delivery)}, to {delivery['url']}"


def _outcome(details: dict[str, Any]) -> str:
    if details["status"] not in _FINAL:
        return f"  Not over    {details['call_status'] or details['status']}"
    why = f": {details['error_message']}" if details["error_message"] else ""
    seconds = (details["duration"] or 0) * 60
    return f"  Outcome     {details['call_status']} ({details['end_reason']}), {seconds:.1f} s{why}"
