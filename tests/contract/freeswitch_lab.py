"""The product against a real FreeSWITCH: what surrounds it in a test.

The AI is the project's own double, in this process, so that a test can look at both ends. Between
controller and switch sits a relay that notes every command, and can be cut.
"""

import os
import shlex
import shutil
import subprocess
import wave
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from time import time

import fork_server
import gevent
import numpy as np
import pytest
from gevent.server import StreamServer
from gevent.socket import create_connection
from sandbox.product import Product
from unit.sandbox_openai_speech import spoken

from topcalls.clock import SystemClock
from topcalls.sandbox.hearing import Hearing
from topcalls.sandbox.openai.http_server import OpenAIDouble
from topcalls.sandbox.openai.minds import Minds
from topcalls.sandbox.openai.realtime_server import Studio
from topcalls.sandbox.scenario import Answer, HangUp, ModelRule, Scenario, ToolUse
from topcalls.sandbox.webhook_receiver import WebhookReceiver

SWITCH = "TOPCALLS_TEST_FREESWITCH"
CALLEE = "TOPCALLS_TEST_FREESWITCH_CALLEE"
SHARED = "TOPCALLS_TEST_FREESWITCH_SHARED"
KILL = "TOPCALLS_TEST_FREESWITCH_KILL"
START = "TOPCALLS_TEST_FREESWITCH_START"
CDR = "TOPCALLS_TEST_FREESWITCH_CDR"

NEEDED = [
    pytest.mark.freeswitch,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not os.environ.get(SWITCH), reason=f"set {SWITCH} to a real switch"),
    pytest.mark.skipif(not os.environ.get(CALLEE), reason=f"set {CALLEE} to an address to bind"),
    pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed"),
]
"""Marks of every test that needs the switch and a telephone."""

UNHEARD_SECONDS = 0.06
"""Packets that come later may be lost: the switch's jitter buffer grows to 100 ms, of which its own
threads, woken late on such a machine, take their part."""

NUMBER = "+12025550100"
ANSWER = "SIP/2.0 200 OK"

FIRST_SENTENCE = "Hi, this is Rachel from Bright Smile Dental."
QUESTION = "Hello, who is calling please?"
LONG_ANSWER = (
    "We are calling about your appointment on Tuesday at ten in our practice on Main Street, "
    "and we would like to know whether you can still come, or would rather have another day."
)
INTERRUPTION = "Sorry, wait, I only have a second"
GOODBYE = "That is fine, goodbye"
A_PERSON = "I would like to talk to a person please"
AN_EXTENSION = "Please dial the extension of the front desk"
MAILBOX = "This is the voicemail of Bob, please leave a message after the tone."

SCENARIO = Scenario(
    "talk",
    "+12025550100",
    "test",
    (Answer(), HangUp()),
    (
        ModelRule(when="who is calling", speak=LONG_ANSWER, repeat=True),
        ModelRule(when="second", speak="Of course.", repeat=True),
        ModelRule(when="goodbye", speak="Goodbye.", tool=ToolUse("end_call", {}), repeat=True),
        ModelRule(
            when="a person",
            speak="One moment, I will connect you.",
            tool=ToolUse("transfer_call", {"destination": "support", "summary": "Wants a person."}),
            then="Nobody can take your call now.",
            repeat=True,
        ),
        ModelRule(when="extension", tool=ToolUse("send_dtmf", {"digits": "4w2#"}), repeat=True),
        ModelRule(when="keys|pressed", speak="Thank you for the keys.", repeat=True),
    ),
)


@dataclass(frozen=True)
class Address:
    """Where a switch listens, and by which of its gateways calls leave."""

    host: str
    port: int
    password: str
    gateway: str


def switch_address():
    """The switch of the environment: `host:port:password[:gateway]`."""
    host, port, password, *gateway = os.environ[SWITCH].split(":")
    return Address(host, int(port), password, gateway[0] if gateway else "lab")


def callee_address():
    """Where the switch's gateway looks for telephones."""
    host, _, port = os.environ[CALLEE].rpartition(":")
    return host, int(port)


def run_command(variable):
    """Run the environment's own command for this switch."""
    subprocess.run(shlex.split(os.environ[variable]), check=True, timeout=60, capture_output=True)


class Relay:
    """A TCP relay to the Event Socket. `commands` are (seconds since 1970, text) of what passed."""

    def __init__(self, address):
        self.commands = []
        self._address = address
        self._pairs = []
        self._cut = False
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()

    @property
    def port(self):
        return self._server.server_port

    def cut(self):
        """Break both connections and refuse new ones until `mend`."""
        self._cut = True
        for end in [end for pair in self._pairs for end in pair]:
            end.close()
        self._pairs.clear()

    def mend(self):
        self._cut = False

    def close(self):
        self.cut()
        self._server.stop()

    def times(self, words, after=0.0):
        """When commands with these words passed."""
        return [at for at, text in self.commands if at > after and words in text]

    def wait_for(self, words, seconds, after=0.0):
        """When the first such command passed after `after`."""
        with gevent.Timeout(seconds, AssertionError(f"no {words} within {seconds} s")):
            while not (found := self.times(words, after)):
                gevent.sleep(0.01)
        return found[0]

    def _serve(self, client, _):
        if self._cut:
            client.close()
            return
        try:
            switch = create_connection((self._address.host, self._address.port), timeout=5)
        except OSError:
            client.close()
            return
        switch.settimeout(None)
        pair = (client, switch)
        self._pairs.append(pair)
        back = gevent.spawn(self._copy, switch, client, None)
        self._copy(client, switch, self.commands)
        back.join()
        if pair in self._pairs:
            self._pairs.remove(pair)

    def _copy(self, source, target, record):
        try:
            while data := source.recv(65536):
                if record is not None:
                    record.append((time(), data.decode("utf-8", "replace")))
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            end.close()


class Mind:
    """The double of the AI, with what callees say registered in its ears."""

    def __init__(self):
        clock = SystemClock()
        self.hearing = Hearing(clock)
        self.server = OpenAIDouble(Studio(self.hearing, Minds([SCENARIO]), spoken, clock=clock))
        self.server.start()

    def voice_of(self, person, speak=spoken):
        """Makes words sound: the ears expect this person to say them from now on."""

        def say(text):
            sound = speak(text)
            self.hearing.said(person, SCENARIO.name, text, sound)
            return sound

        return say

    def told(self, kind):
        """Every event of this type that the product sent, in all sessions."""
        connections = list(self.server.realtime.connections)
        return [event for item in connections for event in item.journal.events("client", kind)]


class LiveProduct(Product):
    """`topcalls run` on the real switch, talking to the double of the AI."""

    def __init__(self, directory: Path, address, esl_port, **environment):
        self.mind = Mind()
        self.webhooks = WebhookReceiver()
        self.webhooks.start()
        directory.mkdir(parents=True, exist_ok=True)
        super().__init__(
            directory,
            TOPCALLS_ESL_HOST="127.0.0.1",
            TOPCALLS_COMPLIANCE="record",
            TOPCALLS_ESL_PORT=str(esl_port),
            TOPCALLS_ESL_PASSWORD=address.password,
            TOPCALLS_GATEWAY=address.gateway,
            TOPCALLS_MAX_CALLS="50",
            TOPCALLS_CALLS_PER_SECOND="20",
            TOPCALLS_ALLOW_PRIVATE_WEBHOOKS="true",
            TOPCALLS_MIN_IDLE_CPU="0",  # the tests share the machine with the switch
            TOPCALLS_CDR_DIR=os.environ.get(CDR, ""),
            TOPCALLS_OPENAI_BASE_URL=self.mind.server.base_url,
            OPENAI_API_KEY="sk-lab",
            **environment,
        )

    @property
    def webhook_url(self):
        return self.webhooks.url

    def stop(self):
        code = super().stop()
        self.mind.server.stop()
        self.webhooks.stop()
        return code


@contextmanager
def another_controller(product):
    """One that is started beside the product's; its name."""
    log = product.directory / "second.log"
    process = fork_server.start_alone(["controller"], product.directory, product.environment, log)
    try:
        yield fork_server.ready(process, 60, "the second controller", log.read_text)["owner"]
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def place(product, **wishes):
    """Create a call to the telephone; its id."""
    return product.place(NUMBER, first_sentence=FIRST_SENTENCE, **wishes)


def greeted(callee):
    """The line of a telephone's one call, once the first sentence was heard."""
    line = callee.lines.wait(30)
    line.wait_for_voice(20)
    line.wait_for_quiet(20)
    return line


def outcome(call):
    """How a call ended, in the three words of the API."""
    return call["status"], call["call_status"], call["end_reason"]


def recorded(product, call):
    """The recording as it is kept: a row for each sample, the other person's and the agent's."""
    product.wait_until(call["id"], lambda call: call["recording_url"])
    answer = product.request("GET", f"/v1/calls/{call['id']}/recording")
    assert answer.status == 200, answer.body
    with wave.open(BytesIO(answer.body)) as audio:
        assert (audio.getnchannels(), audio.getframerate(), audio.getsampwidth()) == (2, 8000, 2)
        return np.frombuffer(audio.readframes(audio.getnframes()), "<i2").reshape(-1, 2)


def words(call, speaker):
    """Everything one side said."""
    return " ".join(turn["text"] for turn in call["transcript"] if turn["user"] == speaker)


def talking(call):
    """Whether the conversation has begun."""
    return call["call_status"] == "in-progress" and bool(call["transcript"])


def show(**measured):
    """Print what was measured."""
    print(" ".join(f"{name}={value:.1f}" for name, value in measured.items()))
