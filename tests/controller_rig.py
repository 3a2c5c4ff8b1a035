"""A whole controller between a real database and the double of the switch.

Only the AI is a stand-in: a model that says every sentence as two seconds of one tone, unless told
otherwise.
"""

import os
from itertools import count

import factories
import gevent
import waiting
from gevent.event import Event
from gevent.queue import Queue

from topcalls.bridge.briefing import briefing_for
from topcalls.bridge.config import conversation_for
from topcalls.bridge.session import BridgeSession
from topcalls.clock import SystemClock
from topcalls.controller.assembly import (
    ControllerOptions,
    MediaOptions,
    SwitchAddress,
    assemble,
)
from topcalls.controller.hand_over import HandOverRules, past_of
from topcalls.controller.telephony import Verbs
from topcalls.errors import ProviderError
from topcalls.providers.base import (
    AgentTextDone,
    AudioDelta,
    AudioDone,
    ResponseDone,
    ResponseStarted,
)
from topcalls.sandbox.freeswitch.commands import Api
from topcalls.sandbox.freeswitch.server import PASSWORD, SwitchServer
from topcalls.sandbox.freeswitch.switch import SwitchOptions
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.scenario import parse_scenario

WAIT = waiting.LIMIT
PEOPLE = {
    "+12025550150": "- answer\n- silence: 60",
    "+12025550151": "- ring: 60\n- answer",
    "+12025550152": "- answer\n- listen: 0.2\n- hang_up",
    "+12025550153": "- answer\n- hang_up",
    "+12025550154": "- answer\n- silence: 0.8\n- hang_up",
    "+12025550155": "- busy",
    "+12025550156": "- answer\n- wait: 0.3\n- say: Leave a message.\n- wait: 0.4\n- beep: 0.5\n"
    "- silence: 60",
    "+12025550157": "- answer\n- wait: 0.3\n- say: Yes?\n- silence: 60",
    "+12025550158": "- answer\n- line_dies",
}
ANSWERS, RINGS, LISTENS, BRIEF, HANGS_UP, BUSY, MAILBOX, SAYS_YES, LINE_DIES = PEOPLE


def slow_second_dial(monkeypatch):
    """The thread of the double's second dial lets go of the channel a while after the answer, or
    when the channel is connected; what happened, in order."""
    happened, bridged, really = [], Event(), Api.run

    def run(api, line):
        answer = really(api, line)
        verb = line.partition(" ")[0]
        if verb == "originate" and verb in happened:
            bridged.wait(0.5)
        if verb == "uuid_bridge":
            bridged.set()
        happened.append(verb)
        return answer

    monkeypatch.setattr(Api, "run", run)
    return happened


class Speech:
    """Stands in for the synthesizer: nobody says anything audible."""

    def speak(self, text, voice):
        return b"\xff" * 800


class Model:
    """Stands in for the AI. `refusing` is the error with which it opens no session; `seconds` is
    how long a sentence of the next session takes."""

    def __init__(self):
        self.refusing = None
        self.seconds = 2
        self.hanging = False
        self.opened = Queue()

    def open(self, config, on_event):
        if self.hanging:
            Event().wait()
        if self.refusing is not None:
            raise self.refusing
        session = ModelSession(on_event, self.seconds)
        self.opened.put(session)
        return session


class ModelSession:
    """Says what it is told to say, at once; notes what it was given, and what it was asked."""

    numbers = count()

    def __init__(self, on_event, seconds):
        self.tell = on_event
        self.speak_for(seconds)
        self.heard = bytearray()
        self.messages = []
        self.asked = []
        self.closed = Event()

    def speak_for(self, seconds):
        """So long takes each sentence from now on."""
        self._speech = b"\x2a" * (8000 * seconds)

    def append_audio(self, audio):
        self.heard += audio

    def add_message(self, role, text):
        self.messages.append((role, text))

    def speak(self, text, *, exact=True, tag=""):
        self.asked.append(text)
        number = next(self.numbers)
        response, item = f"response-{number}", f"item-{number}"
        self.tell(ResponseStarted(response, tag))
        self.tell(AudioDelta(response, item, self._speech))
        self.tell(AudioDone(item))
        self.tell(AgentTextDone(item, text))
        self.tell(ResponseDone(response, tag, "completed"))

    def create_response(self, *, tag=""):
        self.speak("Well.", tag=tag)

    def close(self):
        self.closed.set()

    def __getattr__(self, name):
        return lambda *_, **__: None


class Rig:
    """A switch, and controllers on one database."""

    def __init__(self, db, directory, **options):
        self.directory = directory
        (directory / "recordings").mkdir(exist_ok=True)
        self.services = factories.services(db, directory / "recordings", SystemClock())
        self.account = factories.principal(self.services)
        plan = NumberPlan(
            parse_scenario(f'name: "{number}"\nnumber: "{number}"\ndescription: d\ncallee:\n{text}')
            for number, text in PEOPLE.items()
        )
        self.switch = SwitchServer(
            options.get("speech", Speech()),
            plan,
            options=SwitchOptions(
                temporary=directory, heartbeat_seconds=1, cdr_dir=options.get("cdr_dir")
            ),
        )
        self.switch.start()
        self.model = Model()
        self.options = {"playback": "file", "port": 0, "gateway": "sandbox", **options}
        self.controllers = []
        self._numbers = count(1)

    def controller(self, start=True, **changed):
        """One more controller; started unless told otherwise."""
        options = {**self.options, **changed}
        made = assemble(
            ControllerOptions(
                owner=f"node-1.{next(self._numbers)}.0badcafe",
                node="node-1",
                max_calls=options.get("max_calls", 20),
                inbound_reserve=options.get("inbound_reserve", 0),
                calls_per_second=100,
                switch=SwitchAddress("127.0.0.1", self.switch.port, PASSWORD, options["gateway"]),
                media=MediaOptions(
                    host="127.0.0.1",
                    port=options["port"],
                    advertised_host=None,
                    playback=options["playback"],
                    playback_dir=options.get("playback_dir", self.directory / "playback"),
                    recordings_dir=self.directory / "spool",
                ),
                make_bridge=self.bridge,
                make_briefing=self.briefing,
                presence_dir=self.directory / "controllers",
                cdr_dir=options.get("cdr_dir"),
                recording_store=options.get("recording_store", self.services.recordings.store),
                recording_pause_seconds=options.get("recording_pause_seconds", 300),
                trunks=options.get("trunks"),
                hand_over=options.get("hand_over", HandOverRules()),
                politeness_seconds=options.get("politeness_seconds", 2.0),
                listening=options.get("listening"),
            ),
            Verbs(
                self.services.calls,
                self.services.dispatch,
                self.services.commands,
                self.services.nodes,
                self.services.inbound,
                self.services.spooled_recordings,
            ),
            SystemClock(),
        )
        self.controllers.append(made)
        if start:
            made.start()
            assert made._gear.switch.wait_up(WAIT)
        return made

    def bridge(self, call, observer):
        config = conversation_for(call.request, default_model="gpt-realtime")
        clock = SystemClock()
        past = past_of(call, clock.now())
        return BridgeSession(call.call_id, config, self.model, observer, clock, past=past)

    def briefing(self, call, target, summary, observer):
        config = briefing_for(call.request, target, summary, default_model="gpt-realtime")
        return BridgeSession(call.call_id, config, self.model, observer, SystemClock())

    def place(self, number, **wishes):
        """Queue a call; its id."""
        wishes = {"first_sentence": "Hello there.", **wishes}
        request = factories.request(phone_number=number, **wishes)
        return self.services.calls.create(self.account, request).id

    def view(self, call_id):
        return self.services.calls.get(self.account.account_id, call_id)

    def wait_until(self, condition, what="it", seconds=WAIT):
        """Look again and again, for at most `seconds`."""
        return waiting.until(condition, what, seconds)

    def wait_status(self, call_id, *statuses, seconds=WAIT):
        """Wait until the call has one of these call statuses (or statuses); the call."""

        def reached():
            view = self.view(call_id)
            return view if {view.status, view.call_status} & set(statuses) else None

        return self.wait_until(reached, f"{statuses}", seconds)

    def wait_over(self, call_id, seconds=WAIT):
        return self.wait_status(call_id, "completed", "failed", "cancelled", seconds=seconds)

    def close(self):
        for controller in self.controllers:
            if not controller._stopped.is_set():
                controller.hurry()
                controller.stop(0)
        for call in list(self.switch.switch.calls.values()):
            call.hang_up("NORMAL_CLEARING")
        self.wait_until(lambda: not self.switch.switch.calls, "the end of every call")
        self.switch.stop()


def killed(controller):
    """Everything the process did ends, and the kernel drops its lock."""
    controller._stopped.set()
    gevent.killall(controller._loops)
    gevent.killall([controller._gear.recordings._looking])
    controller._gear.switch.stop()
    for live in controller.sessions.all():
        live.effects._journal._writer.kill(block=False)
        if live.effects.bridge is not None:
            live.effects.bridge.stop("dead")
        live.session._greenlet.kill(block=False)
    os.close(controller._presence._lock)


REFUSED = ProviderError("No.", retryable=False, provider_code="invalid_api_key")
