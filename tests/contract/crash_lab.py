"""Processes that are killed while calls are up on a real switch: see `sandbox/crash_rig.py`.

What was dialled, and how long it talked, is told by the switch's own events, to somebody who is not
the product.
"""

from datetime import UTC, datetime

import own_switch
from crash_rig import CrashRig
from freeswitch_lab import Mind
from telephones import SCENARIOS, Telephone
from unit.sandbox_peers import EventSocketClient

from topcalls.sandbox.webhook_receiver import WebhookReceiver

TOLD = {
    "CHANNEL_ORIGINATE": "originate",
    "CHANNEL_ANSWER": "answered",
    "CHANNEL_HANGUP_COMPLETE": "over",
}


class SwitchCrashRig(CrashRig):
    """`start_alone` starts the switch and the telephones too."""

    def __init__(self, directory, database_url=""):
        self._switch = own_switch.OwnSwitch(directory / "switch")
        self._switch.directory.mkdir()
        self._mind = Mind()
        self._receiver = WebhookReceiver()
        self._receiver.start()
        super().__init__(
            directory,
            database_url=database_url,
            TOPCALLS_ESL_HOST="127.0.0.1",
            TOPCALLS_COMPLIANCE="record",
            TOPCALLS_ESL_PORT=str(self._switch.ports["esl"]),
            TOPCALLS_ESL_PASSWORD=own_switch.PASSWORD,
            TOPCALLS_GATEWAY=own_switch.GATEWAY,
            TOPCALLS_CDR_DIR=str(self._switch.cdrs),
            TOPCALLS_RECORDING_SPOOL_DIR=str(directory / "spool"),
            TOPCALLS_MAX_CALLS="50",
            TOPCALLS_MIN_IDLE_CPU="0",
            TOPCALLS_ALLOW_PRIVATE_WEBHOOKS="true",
            TOPCALLS_OPENAI_BASE_URL=self._mind.server.base_url,
            OPENAI_API_KEY="sk-lab",
        )

    @property
    def webhook_url(self):
        return self._receiver.url

    def received_webhooks(self):
        return {"deliveries": [item.view() for item in self._receiver.deliveries]}

    def start_world(self):
        self._switch.start()
        address = ("-i", "127.0.0.1", "-p", str(self._switch.ports["callee"]))
        text = (SCENARIOS / "crowd.xml").read_text()
        self._telephone = Telephone(self.directory / "telephone", text, *address)
        self._observer = EventSocketClient(
            self._switch.ports["esl"], own_switch.PASSWORD, events=" ".join(TOLD)
        )

    def stop_all(self):
        code = super().stop_all()
        self._observer.socket.close()
        self._telephone.close()
        self._switch.stop()
        self._mind.server.stop()
        self._receiver.stop()
        return code

    def journal(self, what=None):
        """What an observer was told by the switch."""
        notes = [_note(event) for event in list(self._observer.events)]
        return [note for note in notes if note["call_id"] and what in (None, note["what"])]


def _note(event):
    at = datetime.fromtimestamp(int(event["Event-Date-Timestamp"]) / 1e6, UTC)
    return {
        "what": TOLD[event["Event-Name"]],
        "call_id": event.get("variable_tc_call_id", ""),
        "at": at.isoformat(),
    }
