"""The sandbox: the doubles of FreeSWITCH, of OpenAI and of a customer's servers in one process.

`Sandbox` starts and stops them and tells the other processes of this installation, by a file in
the data directory, where they listen. `run_sandbox` is a whole process of it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event

from topcalls.clock import SystemClock
from topcalls.ids import new_id, new_secret
from topcalls.log import get_logger
from topcalls.sandbox.callers_desk import CallersDesk
from topcalls.sandbox.carriers.desk import CarriersDesk
from topcalls.sandbox.deepgram.server import DeepgramDouble
from topcalls.sandbox.elevenlabs.server import ElevenLabsDouble
from topcalls.sandbox.fault_desk import FaultDesk
from topcalls.sandbox.freeswitch.server import SwitchServer
from topcalls.sandbox.freeswitch.switch import SwitchOptions
from topcalls.sandbox.hearing import Hearing
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.openai.http_server import OpenAIDouble
from topcalls.sandbox.openai.minds import Minds
from topcalls.sandbox.openai.realtime_server import Studio
from topcalls.sandbox.openai.realtime_wire import Behaviour
from topcalls.sandbox.scenario import Scenario, load_scenario, load_scenarios
from topcalls.sandbox.speech import Synthesizer
from topcalls.sandbox.tool_server import ToolServer
from topcalls.sandbox.webhook_receiver import WebhookReceiver

LIFELIKE = Behaviour()

log = get_logger("sandbox")


class Sandbox:
    """All doubles, each on a free port. `switch`, `openai`, `webhooks` and `tools` are for
    tests."""

    def __init__(
        self,
        data_dir: Path,
        file: Path | None = None,
        scenarios: Iterable[Path] = (),
        *,
        host: str = "127.0.0.1",
        behaviour: Behaviour = LIFELIKE,
        record: bool = False,
    ) -> None:
        """`scenarios`: files, or directories of them, besides the built-in ones.

        With `record` every Realtime session is written to `data_dir/sandbox/realtime`. Raises
        `ScenarioError` for a wrong file and `SpeechUnavailable` without a speech engine.
        """
        self._file = file or data_dir / "sandbox.json"
        own = data_dir / "sandbox"
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        plan = self._plan = NumberPlan(scenarios_in(scenarios))
        voice = Synthesizer(own / "speech")
        clock = SystemClock()
        self.hearing = Hearing(clock, self._live_calls)
        self.switch = SwitchServer(
            voice,
            plan,
            host=host,
            password=new_secret(),
            on_utterance=self._said,
            on_model_fault=lambda fault: self.openai.switches.refuse_next(
                fault.status, fault.times
            ),
            options=SwitchOptions(temporary=own, cdr_dir=own / "cdr"),
            clock=clock,
        )
        studio = Studio(
            hearing=self.hearing,
            minds=Minds(plan.scenarios),
            speak=partial(voice.speak, voice="agent"),
            behaviour=behaviour,
            clock=clock,
            recordings=own / "realtime" if record else None,
        )
        self.openai = OpenAIDouble(studio, (host, 0))
        self.deepgram = DeepgramDouble(self.hearing, (host, 0), clock)
        self.elevenlabs = ElevenLabsDouble(self.hearing, studio.speak, (host, 0))
        self.webhooks = WebhookReceiver((host, 0), clock=clock)
        self.tools = ToolServer((host, 0))
        self.faults = FaultDesk((host, 0), self.switch)
        self.callers = CallersDesk((host, 0), self.switch, plan)
        self.carriers = CarriersDesk((host, 0))

    @property
    def cassettes(self) -> dict[str, Any]:
        """What the tools of calls answer, by the number of the person who brings it."""
        people = self._plan.scenarios
        return {one.number: one.cassette for one in people if one.number and one.cassette}

    @property
    def endpoints(self) -> dict[str, Any]:
        """Where everything listens, once started."""
        return {
            "esl": {
                "host": self.switch.host,
                "port": self.switch.port,
                "password": self.switch.password,
            },
            "openai_base_url": self.openai.base_url,
            "deepgram_base_url": self.deepgram.base_url,
            "elevenlabs_base_url": self.elevenlabs.base_url,
            "webhook_url": self.webhooks.url,
            "tools_url": self.tools.url,
            "faults_url": self.faults.url,
            "callers_url": self.callers.url,
            "carriers": self.carriers.endpoints,
            "cassettes": self.cassettes,
            "pid": os.getpid(),
        }

    def start(self) -> None:
        """Listen, then tell the other processes."""
        for part in self._parts():
            part.start()
        write_private(self._file, json.dumps(self.endpoints))
        log.info("The sandbox is ready.", file=str(self._file))

    def stop(self) -> None:
        """Withdraw the file, if it is ours, and close everything."""
        if _pid_in(self._file) == os.getpid():
            self._file.unlink(missing_ok=True)
        for part in reversed(self._parts()):
            part.stop()

    def _said(self, call_id: str, scenario: Scenario, text: str, pcmu: bytes) -> None:
        self.hearing.said(call_id, scenario.name, text, pcmu)

    def _live_calls(self) -> dict[str, str]:
        calls = self.switch.switch.calls.values()
        return {call.uuid: call.scenario.name for call in calls if call.channel.phase == "active"}

    def _parts(self) -> list[Any]:
        vendors = [self.openai, self.deepgram, self.elevenlabs]
        customers = [self.webhooks, self.tools]
        return [self.switch, *vendors, *customers, self.faults, self.callers, self.carriers]


def run_sandbox(
    data_dir: Path,
    host: str = "127.0.0.1",
    scenarios: Iterable[Path] | None = None,
    on_ready: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Run the doubles until SIGTERM or SIGINT.

    When they are ready, one line of JSON with their addresses goes to standard output, and
    `on_ready` is called with the same.
    """
    sandbox = Sandbox(data_dir, scenarios=scenarios or (), host=host)
    asked_to_stop = Event()
    watchers = [
        gevent.signal_handler(number, asked_to_stop.set)
        for number in (signal.SIGTERM, signal.SIGINT)
    ]
    sandbox.start()
    try:
        sys.stdout.write(json.dumps(sandbox.endpoints) + "\n")
        sys.stdout.flush()
        if on_ready is not None:
            on_ready(sandbox.endpoints)
        asked_to_stop.wait()
    finally:
        sandbox.stop()
        for watcher in watchers:
            watcher.cancel()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; readers see the old one or all of the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{new_id()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


def scenarios_in(paths: Iterable[Path]) -> list[Scenario]:
    """Those in files, or in directories of them."""
    found: list[Scenario] = []
    for path in paths:
        found += load_scenarios(path) if path.is_dir() else [load_scenario(path)]
    return found


def _pid_in(path: Path) -> int | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content.get("pid") if isinstance(content, dict) else None
