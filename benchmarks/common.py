"""What the benchmarks share: cores, processes under test, the stand-ins, private databases.

The system under test has the first core, everything else the last one. What a process costs is
read from its own processor time, so a busy machine disturbs rates and delays but hardly the cost;
still, every figure is taken several times and all of them are shown. On a machine that others use,
`BENCHMARK_FIRST=1` (as root) gives the processes measured, and the generator, real-time priority;
it suits the audio benchmarks, and distorts those that wait for a database thread.
"""

# ruff: noqa: E402

from __future__ import annotations

from gevent import monkey

monkey.patch_all()  # PostgreSQL asks for it

import contextlib
import importlib.util
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topcalls import compose, config
from topcalls.config import Settings
from topcalls.core.call_request import CallRequest, Recording
from topcalls.services.keys import SCOPES, Principal

HERE = Path(__file__).parent
_READY_SECONDS = 60.0
_STOP_SECONDS = 20.0
OUR_SETTLE_SECONDS = 32.0
"""Callers who never pause are listened to for 30 s by what finds out who answered."""


def say(line: str = "") -> None:
    """Print one line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def cores() -> tuple[int, int]:
    """The core of the system under test, and the one of everything else."""
    available = sorted(os.sched_getaffinity(0))
    return available[0], available[-1]


def introduce(what: str) -> None:
    """Say what runs, and on what; move this process off the core under test."""
    count = len(os.sched_getaffinity(0))
    tested, other = cores()
    busy = os.getloadavg()[0]
    say(f"{what}\n{count} cores, Python {platform.python_version()}, load before {busy:.1f}")
    say(f"speed: {million_additions():.0f} CPU-ms for a million additions")
    if tested == other:
        say("only one core: the generator shares it, and the delays mean little")
    os.sched_setaffinity(0, {other})


def million_additions() -> float:
    """CPU-ms, the best of five: what tells a slow hour of a shared machine from a slow program."""

    def once() -> float:
        begun, total = time.process_time(), 0
        for number in range(1_000_000):
            total += number
        return (time.process_time() - begun) * 1e3

    return min(once() for _ in range(5))


@contextlib.contextmanager
def workspace() -> Iterator[Path]:
    """A directory of this run."""
    directory = Path(tempfile.mkdtemp(prefix="topcalls-benchmark-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Ask until the answer is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise TimeoutError(f"{what} took more than {seconds:g} s")


# --- processes


class JsonProcess:
    """A child that prints a line of JSON when it is ready, and one for each `report`."""

    def __init__(
        self, command: list[str], core: int, log: Path, environ: dict[str, str] | None = None
    ) -> None:
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={**os.environ, **(environ or {})},
                preexec_fn=lambda: _place(core),
            )
        self.pid = self._process.pid
        self._log = log
        self.ready = self.answer()

    def tell(self, command: str) -> None:
        """Send one command."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def report(self) -> dict[str, Any]:
        """What the process has counted since the last `reset`."""
        self.tell("report")
        return self.answer()

    def stop(self) -> None:
        """Let it end, or end it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._process.stdout.close()

    def answer(self) -> dict[str, Any]:
        """The next line it prints."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            tail = self._log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{self._process.args!r} ended: {tail}")
        return dict(json.loads(line))


def _place(core: int) -> None:
    """In the child, before its program runs."""
    os.sched_setaffinity(0, {core})
    if os.environ.get("BENCHMARK_FIRST"):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


@contextlib.contextmanager
def running(process: JsonProcess) -> Iterator[JsonProcess]:
    """Stop the process at the end of the block."""
    try:
        yield process
    finally:
        process.stop()


def stand_in(directory: Path, **options: str | int) -> JsonProcess:
    """The compiled switch and Realtime server; see `stand_in/main.c` for the options."""
    program = directory / "stand_in"
    if not program.exists():
        sources = sorted(str(path) for path in (HERE / "stand_in").glob("*.c"))
        subprocess.run(["cc", "-O2", "-o", str(program), *sources], check=True)
    arguments = [
        text
        for name, value in options.items()
        for text in (f"--{name.replace('_', '-')}", str(value))
    ]
    return JsonProcess([str(program), *arguments], cores()[1], directory / "stand_in.log")


def python_process(
    script: str, directory: Path, settings: dict[str, str], *arguments: str
) -> JsonProcess:
    """One of the scripts here as the system under test, on the first core."""
    command = [sys.executable, str(HERE / script), *arguments]
    log = directory / f"{Path(script).stem}.log"
    return JsonProcess(command, cores()[0], log, environment(settings))


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Settings as environment variables."""
    return {f"TOPCALLS_{name.upper()}": value for name, value in settings.items()}


# --- the product against the stand-ins


def product_settings(directory: Path, ports: dict[str, Any], **more: str) -> dict[str, str]:
    """Settings of a controller that faces the stand-ins."""
    return {
        "data_dir": str(directory / "data"),
        "playback_dir": f"/dev/shm/{directory.name}",
        "log_level": "info",
        "telephony": "freeswitch",
        "compliance": "record",
        "esl_host": "127.0.0.1",
        "esl_port": str(ports["esl_port"]),
        "esl_password": "benchmark",
        "gateway": "stand-in",
        "from_number": "+14155550000",
        "openai_api_key": "sk-stand-in",
        "openai_base_url": f"http://127.0.0.1:{ports['realtime_port']}/v1",
        **more,
    }


@dataclass
class Product:
    """An open database with one account that may do everything."""

    settings: Settings
    services: compose.Services
    principal: Principal
    token: str

    def queue_calls(self, count: int, *, first_line: int = 0, **request: Any) -> None:
        """Queue calls to the lines from `first_line` on."""
        for line in range(first_line, first_line + count):
            name = f"Line {line:04d}"
            self.services.calls.create(
                self.principal,
                CallRequest(
                    phone_number=f"+1415555{line % 10000:04d}",
                    task=f"{name}. Make an appointment with the caller.",
                    first_sentence="Hello, this is the practice. How can I help you?",
                    recording=Recording(enabled=False),
                    **request,
                ),
            )


@contextlib.contextmanager
def product(settings: dict[str, str]) -> Iterator[Product]:
    """Migrate the database and make an account without limits."""
    loaded = config.load(environ=environment(settings))
    compose.migrate(loaded)
    services = compose.open_services(loaded)
    try:
        account = services.accounts.create(
            "Benchmark",
            minutes=1e7,
            max_concurrent_calls=100_000,
            max_calls_per_minute=10_000_000,
        )
        token = services.keys.create(account.id, name="benchmark", scopes=SCOPES).token or ""
        yield Product(loaded, services, services.keys.authenticate(token), token)
    finally:
        services.close()
        shutil.rmtree(loaded.playback_dir, ignore_errors=True)


@contextlib.contextmanager
def database(kind: str) -> Iterator[dict[str, str]]:
    """Settings of a private database: `sqlite` (the default) or `postgresql`."""
    if kind == "sqlite":
        yield {}
        return
    servers = _private_servers()
    with servers.postgres() as url:
        yield {"database_url": url}


def postgres_missing() -> str:
    """Why there is no PostgreSQL to measure with; empty when there is."""
    servers = _private_servers()
    try:
        servers._postgres_program("initdb")
        servers._unprivileged_account()
    except servers.Unavailable as error:
        return str(error)
    return ""


def databases(wanted: str = "both") -> list[str]:
    """Which of `sqlite`, `postgresql` or `both` can be measured here; says why one is missing."""
    kinds = ["sqlite", "postgresql"] if wanted == "both" else [wanted]
    if "postgresql" in kinds and (missing := postgres_missing()):
        say(f"no PostgreSQL: {missing}")
        kinds.remove("postgresql")
    return kinds


def _private_servers() -> Any:
    path = HERE.parent / "scripts" / "private_servers.py"
    spec = importlib.util.spec_from_file_location("private_servers", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- /proc


@dataclass(frozen=True)
class ProcessFigures:
    """What the kernel says about a process."""

    cpu_seconds: float
    rss_mb: float
    descriptors: int


def figures_of(pid: int) -> ProcessFigures:
    """Raises OSError when there is no such process."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(stat[11]) + int(stat[12])
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return ProcessFigures(
        ticks / os.sysconf("SC_CLK_TCK"),
        pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
        len(os.listdir(f"/proc/{pid}/fd")),
    )
