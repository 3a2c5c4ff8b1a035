"""A real FreeSWITCH on this repository's configuration, on loopback ports of its own.

    TOPCALLS_TEST_FREESWITCH_BIN=/usr/bin/freeswitch pytest -m freeswitch tests/contract

starts one for all tests here (`TOPCALLS_TEST_FREESWITCH_MODULES`: where its modules are), unless
`TOPCALLS_TEST_FREESWITCH` names one that runs already. As a program, `own_switch.py start|kill
DIRECTORY` starts and kills one that was prepared before.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket
from time import monotonic, sleep

from topcalls.esl.connection import EventSocketConnection

PROGRAM = "TOPCALLS_TEST_FREESWITCH_BIN"
MODULES = "TOPCALLS_TEST_FREESWITCH_MODULES"
ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "0123456789abcdef-of-the-tests"  # noqa: S105 - of a switch that lives for a test
GATEWAY = "lab"
START_SECONDS = 90

_GATEWAY_FILE = """<include>
<gateway name="{name}">
  <param name="proxy" value="{callee}"/><param name="realm" value="{callee}"/>
  <param name="username" value="lab"/><param name="password" value="lab"/>
  <param name="register" value="false"/><param name="caller-id-in-from" value="true"/>
  <param name="extension" value="auto_to_user"/>
</gateway>
</include>
"""


class OwnSwitch:
    """One switch, in a directory. `environment` overrides the settings of its configuration;
    `more_modules` are loaded besides those in it."""

    def __init__(self, directory, *, more_modules=(), **environment):
        self.directory = Path(directory)
        self.more_modules = more_modules
        self.ports = {
            name: _free_port() for name in ("esl", "sip", "phones", "callee", "softphone")
        }
        rtp = 20000 + os.getpid() % 40 * 1000
        self.environment = {
            "FREESWITCH": os.environ[PROGRAM],
            "FREESWITCH_MOD_DIR": os.environ.get(MODULES, ""),
            "FREESWITCH_STATE_DIR": str(self.directory / "state"),
            "FREESWITCH_CORE_DB": str(self.directory / "state" / "db" / "core.db"),
            "FREESWITCH_IP": "127.0.0.1",
            "FREESWITCH_CARRIERS": "127.0.0.1/32",
            "FREESWITCH_PROFILES": "*",
            "FREESWITCH_SIP_PORT": str(self.ports["sip"]),
            "FREESWITCH_PHONES_PORT": str(self.ports["phones"]),
            "FREESWITCH_RTP_START": str(rtp),
            "FREESWITCH_RTP_END": str(rtp + 998),
            "TOPCALLS_ESL_PORT": str(self.ports["esl"]),
            "TOPCALLS_ESL_PASSWORD": PASSWORD,
            "TOPCALLS_NODE": "lab",
            **environment,
        }

    @property
    def log(self):
        return (self.directory / "log").read_text(errors="replace")

    @property
    def cdrs(self):
        return self.directory / "state" / "cdr"

    def write(self, kind, name, text):
        """A generated file: `kind` is `gateways`, `acl` or `users`."""
        folder = self.directory / "state" / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.xml").write_text(text)

    def start(self, *, with_gateway=True):
        """Start it; it answers, and its gateway leads to the callee's port."""
        callee = f"127.0.0.1:{self.ports['callee']}"
        if with_gateway:
            self.write("gateways", GATEWAY, _GATEWAY_FILE.format(name=GATEWAY, callee=callee))
        plan = {"environment": self.environment, "more_modules": self.more_modules}
        (self.directory / "plan.json").write_text(json.dumps(plan))
        start(self.directory)
        return self

    def connect(self):
        """A connection to its Event Socket, to be closed."""
        return EventSocketConnection("127.0.0.1", self.ports["esl"], PASSWORD)

    def stop(self):
        """End it as an init system would; its exit status is unknown, its log is not."""
        _end(self.directory, signal.SIGTERM)


def start(directory):
    """Start the switch that was prepared in a directory, and wait until its trunks are up."""
    plan = json.loads((directory / "plan.json").read_text())
    given = plan["environment"]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TOPCALLS_")}
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(
            [str(ROOT / "scripts" / "switch"), "-np"],
            env={**ours, **given},
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    (directory / "pid").write_text(str(process.pid))
    until = monotonic() + START_SECONDS
    ports = (int(given["FREESWITCH_SIP_PORT"]), int(given["TOPCALLS_ESL_PORT"]))
    while not (_sip_answers(given["FREESWITCH_IP"], ports[0]) and _listens(ports[1])):
        assert process.poll() is None, (directory / "log").read_text()[-2000:]
        assert monotonic() < until, "the switch did not come up"
        sleep(0.1)
    with EventSocketConnection("127.0.0.1", ports[1], given["TOPCALLS_ESL_PASSWORD"]) as line:
        for module in plan["more_modules"]:
            line.send(f"api load {module}")


def _listens(port):
    with closing(socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _sip_answers(host, port):
    """Whether an OPTIONS request is answered."""
    with closing(socket(AF_INET, SOCK_DGRAM)) as probe:
        probe.bind((host, 0))
        probe.settimeout(0.2)
        own = probe.getsockname()[1]
        lines = [
            f"OPTIONS sip:{host}:{port} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{own};branch=z9hG4bK{monotonic()}",
            f"From: <sip:probe@{host}>;tag=1",
            f"To: <sip:{host}:{port}>",
            f"Call-ID: {monotonic()}@probe",
            "CSeq: 1 OPTIONS",
            "Content-Length: 0",
        ]
        probe.sendto("\r\n".join([*lines, "", ""]).encode(), (host, port))
        try:
            return probe.recv(2048).startswith(b"SIP/2.0 ")
        except OSError:
            return False


def _end(directory, number):
    pid = int((directory / "pid").read_text())
    try:
        os.kill(pid, number)
        until = monotonic() + START_SECONDS
        while _runs(pid):
            assert monotonic() < until, "the switch does not end"
            sleep(0.05)
    except ProcessLookupError:
        pass


def _runs(pid):
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _free_port():
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    wanted, place = sys.argv[1], Path(sys.argv[2])
    if wanted == "start":
        start(place)
    else:
        _end(place, signal.SIGKILL)
