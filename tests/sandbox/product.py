"""The whole product as a user starts it: `topcalls run`, in a directory and on ports of its own."""

import json
import os
import signal
import urllib.error
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

import fork_server
import gevent
import waiting
from gevent.queue import Queue
from gevent.socket import AF_INET, SOCK_STREAM, socket

from topcalls import compose, config

START_SECONDS = 180
CALL_SECONDS = 60
FINAL = ("completed", "failed", "cancelled")


class Answer:
    """An HTTP answer: status, headers and parsed body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = json.loads(body) if body and "json" in headers.get("Content-Type", "") else body


def _seen(see, condition, what, seconds):
    """What is seen once it is as wanted; `what` tells of what was seen instead."""
    last = None

    def look():
        nonlocal last
        last = see()
        return condition(last)

    waiting.until(look, lambda: what(last), seconds)
    return last


class Product:
    """A running product. `environment` is added to what a process of ours sees."""

    def __init__(self, directory: Path, **environment):
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **fork_server.others(os.environ),
            "TOPCALLS_DATA_DIR": str(directory / "var"),
            "TOPCALLS_API_PORT": str(self.port),
            "TOPCALLS_PLAYBACK_DIR": str(directory / "playback"),
            "TOPCALLS_DRAIN_SECONDS": "1",
            "TOPCALLS_COMPLETED_WEBHOOK_SECONDS": "0",
            "FROM_NUMBER": "+12025550199",
            **environment,
        }
        self.output = []
        self._lines = Queue()
        self.process = None
        self.account = None
        self.key = None

    # --- life

    def launch(self, *arguments):
        """Start `topcalls run`, and wait for nothing."""
        self.output = []
        self._lines = Queue()
        words = ("run", "--no-demo", *arguments)
        self.process = fork_server.start(words, self.directory, self.environment, may_fork=True)
        gevent.spawn(_read, self.process.stdout, self._lines)
        return self

    def start(self, *arguments):
        """Start `topcalls run` and wait until it serves."""
        self.launch(*arguments)
        self.wait_for_output("Serving", START_SECONDS)
        self.make_account("Acme", "calls:read,calls:write,admin", max_concurrent_calls=30)
        return self

    def stop(self):
        """Stop as Ctrl-C does; returns the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def pid_of(self, name):
        """The supervisor's process `topcalls NAME`, or None."""
        log = str(Path(self.environment["TOPCALLS_DATA_DIR"]) / "logs" / f"{name}.log")
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = command.read_text().strip("\0").split()
                if words[:2] == ["topcalls", name] and log in words:
                    return int(command.parent.name)
        return None

    def kill_child(self, name):
        """Kill one of its processes, and return when the supervisor has noticed."""
        os.kill(self.pid_of(name), signal.SIGKILL)
        self.wait_for_output(f"{name} ended unexpectedly", 10)

    def wait_for_output(self, words, seconds):
        """Wait for a line of the terminal that holds `words`."""
        with gevent.Timeout(seconds, AssertionError(f"no {words!r} in: {self.output}")):
            while not any(words in line for line in self.output):
                if (line := self._lines.get()) is None:
                    raise AssertionError(f"the product ended: {self.output} {self.logs()[-3000:]}")
                self.output.append(line)

    def cli(self, *arguments, check=True):
        """Run a `topcalls` command on this product; returns what it printed."""
        done = fork_server.run(arguments, self.directory, self.environment, CALL_SECONDS)
        if check:
            assert done.returncode == 0, done.stderr
            return done.stdout
        return done

    # --- accounts, as `topcalls accounts` and `topcalls keys` make them, without a process for each

    def make_account(self, name, scopes="calls:read,calls:write", **limits):
        """An account of ours and a key of it, which are used from now on."""
        self.account = self.new_account(name, **limits)
        self.key = self.new_key(scopes)

    def new_account(self, name, minutes=1000, **limits):
        """Make one; its id."""
        with self._services() as services:
            return services.accounts.create(name, minutes=minutes, **limits).id

    def new_key(self, scopes, account=None):
        """Make one for our account, or for another; what is sent with requests."""
        with self._services() as services:
            made = services.keys.create(
                account or self.account, name="test", scopes=scopes.split(",")
            )
            return made.token

    def _services(self):
        return closing(compose.open_administration(config.load(environ=self.environment)))

    # --- API

    def request(self, method, path, body=None, key=None, **headers):
        """One API request; never raises for a status."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {key or self.key}",
                **({"Content-Type": "application/json"} if body is not None else {}),
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def get(self, path):
        answer = self.request("GET", path)
        assert answer.status == 200, answer.body
        return answer.body

    def place(self, number, **wishes):
        """Create a call; returns its id."""
        body = {
            "phone_number": number,
            "task": "Confirm the appointment on Tuesday at ten.",
            "first_sentence": "Hi, this is Rachel from Bright Smile Dental.",
            "webhook_url": self.webhook_url,
            **wishes,
        }
        answer = self.request("POST", "/v1/calls", body)
        assert answer.status == 201, answer.body
        return answer.body["call_id"]

    def wav_path(self, call):
        """Where the recording of a call lies whose address leads to an MP3."""
        assert call["recording_url"].endswith("/mp3")
        return call["recording_url"].removeprefix(self.url).removesuffix("mp3") + "wav"

    def details(self, call_id):
        return self.get(f"/v1/calls/{call_id}")

    def wait_until(self, call_id, condition, seconds=CALL_SECONDS):
        """Poll a call until `condition(details)`; returns the details."""
        return _seen(
            lambda: self.details(call_id),
            condition,
            lambda details: f"still waiting: {details} {self.logs()[-4000:]}",
            seconds,
        )

    def wait_at(self, path, condition, key=None, seconds=CALL_SECONDS):
        """Poll an address until `condition(body)`; returns the body."""
        return _seen(
            lambda: self.request("GET", path, key=key).body,
            condition,
            lambda body: f"still waiting at {path}: {body}",
            seconds,
        )

    def call_ids(self):
        """The newest calls."""
        return {call["id"] for call in self.get("/v1/calls?limit=200")["data"]}

    def wait_new_call(self, known, seconds=20):
        """Wait for the one call besides those that are `known`; its id."""
        new = waiting.until(
            lambda: self.call_ids() - known, lambda: f"no call: {self.logs()[-3000:]}", seconds
        )
        (call_id,) = new
        return call_id

    def wait_over(self, call_id, seconds=CALL_SECONDS):
        """Wait until the call is over and wrapped up."""
        return self.wait_until(
            call_id, lambda call: call["status"] in FINAL and call["completed"], seconds
        )

    def wait_webhook(self, call_id, event, seconds=20):
        """Wait until `event` of this call was delivered; returns the delivery."""

        def is_it(delivery):
            return delivery["event"] == event and delivery["status"] == "delivered"

        deliveries = _seen(
            lambda: self.get(f"/v1/calls/{call_id}/webhooks")["data"],
            lambda deliveries: any(map(is_it, deliveries)),
            lambda deliveries: f"no {event} in {deliveries}",
            seconds,
        )
        return next(filter(is_it, deliveries))

    # --- the sandbox beside it

    @property
    def endpoints(self):
        return json.loads((self.directory / "var" / "sandbox.json").read_text())

    @property
    def webhook_url(self):
        return self.endpoints["webhook_url"]

    def callers_desk(self, method, path="", body=None):
        """Status and answer of the door by which the sandbox's people call us."""
        request = urllib.request.Request(
            self.endpoints["callers_url"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def call_in(self, to, **invite):
        """Somebody calls us; the channel."""
        status, state = self.callers_desk("PUT", body={"to": to, **invite})
        assert status == 201, state
        return state["channel_id"]

    def register(self, softphone, scenario, seconds=30):
        """A softphone that the API made is registered, once the switch knows it."""
        login = {"user": softphone["username"], "password": softphone["password"]}
        wish = {**login, "scenario": scenario}
        _seen(
            lambda: self.callers_desk("PUT", "softphones", wish),
            lambda answer: answer[0] == 201,
            str,
            seconds,
        )
        return login

    def wait_caller(self, channel, condition, seconds=30):
        """Wait until a caller fares so."""
        return _seen(
            lambda: self.callers_desk("GET", channel)[1],
            condition,
            lambda state: f"{state} {self.logs()[-3000:]}",
            seconds,
        )

    def inject(self, *faults):
        """Bring these faults about now, as a scenario has them."""
        self._desk("PUT", list(faults))

    def switch_state(self):
        """Whether the switch runs, its connections, and its calls."""
        return self._desk("GET")

    def _desk(self, method, content=None):
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self.endpoints["faults_url"], data, method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def received_webhooks(self):
        """What the sandbox's receiver got."""
        with urllib.request.urlopen(self.webhook_url, timeout=5) as answer:
            return json.load(answer)

    def logs(self):
        """Everything any process logged."""
        files = sorted((self.directory / "var" / "logs").glob("*.log"))
        return "\n".join(path.read_text() for path in files)


def _read(output, lines):
    for line in output:
        lines.put(line)
    lines.put(None)


def free_port():
    """A port of loopback that nobody has."""
    with socket(AF_INET, SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
