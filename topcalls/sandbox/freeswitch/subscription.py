"""Which events one Event Socket client gets: subscriptions, filters, `myevents`."""

from __future__ import annotations

import re

from topcalls.sandbox.freeswitch.wire import Event

FORMS = ("plain", "json")
_MY_EVENTS = """
    CHANNEL_ANSWER CHANNEL_APPLICATION CHANNEL_BRIDGE CHANNEL_CREATE CHANNEL_DATA CHANNEL_DESTROY
    CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE
    CHANNEL_ORIGINATE CHANNEL_UUID CHANNEL_OUTGOING CHANNEL_PARK CHANNEL_PROGRESS
    CHANNEL_PROGRESS_MEDIA CHANNEL_STATE CHANNEL_UNBRIDGE CHANNEL_UNPARK DETECTED_SPEECH DTMF
    NOTALK TALK
"""
_OTHER_EVENTS = """
    ALL CUSTOM CLONE CHANNEL_CALLSTATE CHANNEL_HOLD CHANNEL_UNHOLD API LOG INBOUND_CHAN
    OUTBOUND_CHAN STARTUP SHUTDOWN PUBLISH UNPUBLISH RELOADXML MESSAGE PRESENCE_IN PRESENCE_OUT
    ROSTER CODEC BACKGROUND_JOB DETECTED_TONE PRIVATE_COMMAND HEARTBEAT TRAP ADD_SCHEDULE
    DEL_SCHEDULE EXE_SCHEDULE RE_SCHEDULE NOTIFY SEND_MESSAGE RECV_MESSAGE REQUEST_PARAMS GENERAL
    COMMAND SESSION_HEARTBEAT CLIENT_DISCONNECTED SERVER_DISCONNECTED SEND_INFO RECV_INFO
    CALL_SECURE NAT RECORD_START RECORD_STOP PLAYBACK_START PLAYBACK_STOP CALL_UPDATE FAILURE
    SOCKET_DATA MEDIA_BUG_START MEDIA_BUG_STOP CALL_SETUP_REQ CALL_SETUP_RESULT CALL_DETAIL
    DEVICE_STATE TEXT SESSION_DATA MODULE_LOAD MODULE_UNLOAD
"""
MY_EVENTS = frozenset(_MY_EVENTS.split())
KNOWN_EVENTS = MY_EVENTS | frozenset(_OTHER_EVENTS.split())


class Subscription:
    """What one client asked for. Each verb returns the text of its reply."""

    def __init__(self) -> None:
        self.form = "plain"
        self.enabled = False
        self._names: set[str] = set()
        self._subclasses: set[str] = set()
        self._filters: list[tuple[str, str]] = []
        self._my_uuid: str | None = None

    def event(self, words: list[str]) -> str:
        """`event plain|json <names> [CUSTOM <subclasses>]`."""
        if words and words[0].lower() in FORMS:
            self.form = words.pop(0).lower()
        names, subclasses = _divided(words)
        if not names:
            return "-ERR no keywords supplied"
        self._names |= names
        self._subclasses |= subclasses
        self.enabled = True
        return f"+OK event listener enabled {self.form}"

    def nixevent(self, words: list[str]) -> str:
        """`nixevent <names> [CUSTOM <subclasses>]`: CUSTOM itself stays subscribed."""
        names, subclasses = _divided(words)
        if not names:
            return "-ERR no keywords supplied"
        self._subclasses -= subclasses
        if "ALL" in names:
            self._names.clear()
        elif "ALL" in self._names:
            self._names = set(KNOWN_EVENTS) - {"ALL"}
        self._names -= names - {"CUSTOM"}
        return "+OK events nixed"

    def noevents(self) -> str:
        """`noevents`."""
        if not self.enabled:
            return "-ERR not listening for events"
        self.enabled = False
        self._names.clear()
        self._subclasses.clear()
        return "+OK no longer listening for events"

    def myevents(self, uuid: str, form: str) -> str:
        """`myevents <uuid> [plain|json]`: the events of one channel only."""
        if self._my_uuid is not None:
            return "-ERR aready enabled."
        self._my_uuid = uuid
        self._names |= MY_EVENTS
        if form in FORMS:
            self.form = form
        self.enabled = True
        return "+OK Events Enabled"

    def filter(self, text: str) -> str:
        """`filter [add] <header> <value>`, `filter delete <header>|all [<value>]`."""
        header, _, value = text.strip().partition(" ")
        if header.lower() == "delete" and value:
            header, _, value = value.partition(" ")
            self._filters = [
                item
                for item in self._filters
                if header.lower() != "all"
                and not (item[0].lower() == header.lower() and value in ("", item[1]))
            ]
            return f"+OK filter deleted. [{header}][{value}]"
        if header.lower() == "add" and value:
            header, _, value = value.partition(" ")
        if not value:
            return "-ERR invalid syntax"
        self._filters.append((header, value))
        return f"+OK filter added. [{header}]=[{value}]"

    def wants(self, event: Event) -> bool:
        """Whether the client gets this event."""
        if not self.enabled or not self._subscribed(event):
            return False
        if self._my_uuid is not None and event.uuid != self._my_uuid:
            return False
        return not self._filters or self._passes(event)

    def _subscribed(self, event: Event) -> bool:
        if "ALL" in self._names:
            return True
        if event.name not in self._names:
            return False
        return event.name != "CUSTOM" or event.subclass in self._subclasses

    def _passes(self, event: Event) -> bool:
        """Filters are ORed; one that starts with "-" excludes; no filtered header: dropped."""
        send = False
        for header, pattern in self._filters:
            value = event.headers.get(header)
            if value is None:
                continue
            wanted = pattern.lstrip("+- ")
            positive = not pattern.startswith("-")
            if send and positive:
                continue
            if _matches(value, wanted):
                if not positive:
                    return False
                send = True
        return send


def _divided(words: list[str]) -> tuple[set[str], set[str]]:
    """Event names (all that are known), and the subclasses that follow CUSTOM."""
    names: set[str] = set()
    for at, word in enumerate(words):
        if word.upper() in KNOWN_EVENTS:
            names.add(word.upper())
        if word.upper() == "CUSTOM":
            return names, set(words[at + 1 :])
    return names, set()


def _matches(value: str, wanted: str) -> bool:
    if wanted.startswith("/"):
        return bool(re.search(wanted.strip("/"), value))
    return value.lower() == wanted.lower()
