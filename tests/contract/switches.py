"""One switch for tests that need no audio: a real FreeSWITCH with SIPp's telephones, or the double.

Both are told what the telephones do in the same words, and carry the same product.
"""

import json
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

import own_switch
from freeswitch_lab import NUMBER, Address, LiveProduct
from gevent import Timeout, sleep
from telephones import Callee
from test_inbound_freeswitch import CALLER, Carrier
from unit.sandbox_peers import EventSocketClient, ToneSpeech

from topcalls.sandbox.freeswitch.causes import refusal_for
from topcalls.sandbox.freeswitch.server import PASSWORD, SwitchServer
from topcalls.sandbox.freeswitch.switch import SwitchOptions
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.scenario import parse_scenario

TARGET = "+12025550177"
G729 = "c=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 18\na=rtpmap:18 G729/8000"
WAIT = 15
_CALLER = 'name: "caller"\nnumber: ""\ndescription: d\ncallee:\n- answer\n- wait: 1\n- hang_up'
_GATEWAY = """<include>
<gateway name="lab">
  <param name="proxy" value="{host}"/>
  <param name="register" value="false"/>
</gateway>
</include>
"""


class Real:
    """FreeSWITCH on our configuration; the telephones are SIPp's."""

    def __init__(self, directory):
        self._directory = directory
        self.switch = own_switch.OwnSwitch(directory / "switch")
        (directory / "switch").mkdir()
        self.switch.start()
        address = Address(
            "127.0.0.1", self.switch.ports["esl"], own_switch.PASSWORD, own_switch.GATEWAY
        )
        self.product = LiveProduct(directory / "product", address, address.port)
        self.product.environment["TOPCALLS_CDR_DIR"] = str(self.switch.cdrs)
        self.product.start()

    def stop(self):
        assert self.product.stop() == 0
        self.switch.stop()

    @contextmanager
    def _callee(self, scenario, **settings):
        folder = Path(tempfile.mkdtemp(dir=self._directory))
        made = Callee(("127.0.0.1", self.switch.ports["callee"]), folder, scenario, **settings)
        yield made
        made.close()

    def refuses(self, answer):
        """The carrier answers every call with this line."""
        return self._callee("refuses", pause=100, answer=answer)

    def refuses_in_full(self, status, phrase, *, reason="", retry_after=0):
        """The carrier refuses with words, and whatever else it may say (0, "": not said)."""
        told = {"Reason": reason, "X-Retry-After": retry_after}
        lines = [f"{name}: {value}" for name, value in told.items() if value]
        return self.refuses("\n".join([f"{status} {phrase}", *lines]))

    @property
    def tells_reasons(self):
        """FreeSWITCH tells the Reason header of a refusal from 1.11.1 on."""
        with self.switch.connect() as line:
            version = line.send("api version short").data
        return tuple(int(part) for part in re.findall(r"\d+", version)[:3]) >= (1, 11, 1)

    def rings(self):
        return self._callee("rings")

    def picks_up_in_vain(self, *, broken):
        return self._callee("callee_bad_sdp", replaced={} if broken else {"m=garbage": G729})

    def refers(self, outcome):
        """Answers, takes a REFER, and tells what became of it; None: refuses to."""
        if outcome is None:
            return self._callee("refuses_refer")
        return self._callee("transfers", pause=300, outcome=outcome)

    def call_in(self, to, *, name="", headers=None, codec="PCMU", gives_up=False, status=None):
        """A carrier's call, until it is over. `status`: with which it has to be refused."""
        replaced = {}
        if headers:
            more = "".join(f"{key}: {value}\n" for key, value in headers.items())
            replaced["Max-Forwards: 70\n"] = f"{more}Max-Forwards: 70\n"
        if codec != "PCMU":
            replaced["RTP/AVP 0 101\na=rtpmap:0 PCMU/8000"] = (
                f"RTP/AVP 18 101\na=rtpmap:18 {codec}/8000"
            )
        if gives_up:
            ringing = '<recv response="100"/>'
            replaced[ringing] = f'{ringing}\n  <recv response="180"/>'
        scenario = "caller_is_refused" if status else "caller_talk"
        made = Carrier(
            Path(tempfile.mkdtemp(dir=self._directory)),
            self.switch,
            "caller_gives_up" if gives_up else scenario,
            replaced,
            to=to,
            display=f'"{name}" ' if name else "",
            pause=0 if gives_up else 1000,
            status=str(status),
        )
        statuses = made.ended_well()
        assert status is None or status in statuses


class Double:
    """The sandbox's switch, in this process."""

    tells_reasons = True

    def __init__(self, directory):
        self._files = directory / "state"
        (self._files / "gateways").mkdir(parents=True)
        self._plan = NumberPlan([])
        options = SwitchOptions(
            temporary=directory, gateways=frozenset(), cdr_dir=directory / "cdr", node="lab"
        )
        self.server = SwitchServer(ToneSpeech(), self._plan, options=options)
        self.server.switch.read_files(self._files)
        self._carrier("well.carrier.test")
        self.server.start()
        address = Address("127.0.0.1", self.server.port, PASSWORD, "lab")
        self.product = LiveProduct(
            directory / "product", address, address.port, TOPCALLS_SWITCH_DIR=str(self._files)
        )
        self.product.environment["TOPCALLS_CDR_DIR"] = str(directory / "cdr")
        self.product.start()

    def stop(self):
        assert self.product.stop() == 0
        self.server.stop()

    def refuses(self, answer):
        return self._gateway(f"{answer[:3]}.carrier.test")

    def refuses_in_full(self, status, phrase, *, reason="", retry_after=0):
        told = {"status": status, "phrase": phrase, "reason": reason, "retry_after": retry_after}
        return self._people({NUMBER: f"- refuse: {json.dumps(told)}"})

    def rings(self):
        return self._people({NUMBER: "- ring: 60\n- answer"})

    def picks_up_in_vain(self, *, broken):
        return self._people({NUMBER: f"- ring: 0.1\n- no_codec: {str(broken).lower()}"})

    def refers(self, outcome):
        taken = outcome is not None
        target = "- busy" if outcome and outcome.startswith("486") else "- answer\n- silence: 60"
        answer = f"- answer: {{transfers: {str(taken).lower()}}}\n- silence: 60"
        return self._people({NUMBER: answer, TARGET: target})

    def call_in(self, to, *, name="", headers=None, codec="PCMU", gives_up=False, status=None):
        call = self.server.call_in(
            CALLER,
            to,
            parse_scenario(_CALLER),
            name=name,
            headers=headers or {},
            codec=codec,
            patience=0.05 if gives_up else 60.0,
        )
        assert call.channel.over.wait(WAIT)
        assert status is None or refusal_for(call.channel.cause).status == status

    @contextmanager
    def _people(self, steps):
        for number, text in steps.items():
            scenario = f'name: "x"\nnumber: "{number}"\ndescription: d\ncallee:\n{text}'
            self._plan._by_number[number[1:]] = parse_scenario(scenario)
        yield
        for number in steps:
            del self._plan._by_number[number[1:]]

    @contextmanager
    def _gateway(self, host):
        """Calls go out by this carrier meanwhile."""
        self._reload(host)
        yield
        self._reload("well.carrier.test")

    def _carrier(self, host):
        (self._files / "gateways" / "lab.xml").write_text(_GATEWAY.format(host=host))

    def _reload(self, host):
        client = EventSocketClient(self.server.port, events=None)
        self._carrier(host)
        client.api("sofia profile external killgw lab")
        with Timeout(WAIT, AssertionError("the gateway is not deleted")):
            while "::lab" in client.api("sofia status"):
                sleep(0.02)
        client.api("sofia profile external rescan")
        client.close()
