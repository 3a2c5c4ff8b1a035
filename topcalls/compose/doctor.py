"""The checks of an installation, wired from its settings. Only `topcalls doctor` imports this."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gevent.threadpool import ThreadPool

from topcalls import __version__
from topcalls.clock import Clock, SystemClock
from topcalls.compose import sandbox_checkup
from topcalls.compose.check_runner import Check, run
from topcalls.compose.controller import SANDBOX_GATEWAY
from topcalls.compose.hearing import ears_finding, turns_finding
from topcalls.compose.knowledge import embeddings_finding
from topcalls.compose.lineup import lineup_of
from topcalls.compose.models import Stages
from topcalls.compose.playback import playback_dir
from topcalls.compose.prices import prices_of
from topcalls.compose.sandbox_checkup import Doubles
from topcalls.compose.services import recording_store
from topcalls.compose.vendors import SANDBOX_AI_KEY, Vendors
from topcalls.config import Settings
from topcalls.controller.assembly import MediaOptions, SwitchAddress
from topcalls.controller.checkup import SwitchCheckup
from topcalls.controller.media_checkup import media
from topcalls.core.checkup import Finding, fault, ok, overdue, refused
from topcalls.errors import ConfigError
from topcalls.providers.chain_checkup import ChainCheckup
from topcalls.providers.openai import checkup as openai_checkup
from topcalls.providers.registers.installed import load_registers
from topcalls.services import api_checkup, package_checkup, settings_checkup
from topcalls.services import machine_checkup as machine
from topcalls.services.checkup import DatabaseCheckup
from topcalls.worker import checkup as queue_checkup

FILE_SECONDS = 2.0
QUICK, PATIENT = 5.0, 10.0
"""Seconds for what is on this machine, and for what may be far away."""


@dataclass(frozen=True)
class LocalFiles:
    """What other processes of this installation left in data_dir."""

    doubles: Doubles | None
    secret_key: str | None


def diagnose(settings: Settings, clock: Clock | None = None) -> list[Finding]:
    """Everything that can be found out about this installation, in less than 15 seconds."""
    clock = clock or SystemClock()
    files = _local_files(settings)
    if files is None:
        hanging = Check("data_dir", QUICK, lambda: [overdue("data_dir", FILE_SECONDS)])
        return run([hanging, *_of_machine(frozenset(), clock)], (), clock)
    return run(Doctor(settings, files, clock).checks(), _secrets(settings, files), clock)


def diagnose_without_settings(problem: ConfigError, clock: Clock | None = None) -> list[Finding]:
    """What can be said where the settings do not load."""
    clock = clock or SystemClock()
    checks = [
        Check("settings", QUICK, lambda: [refused("settings", problem)]),
        *_of_machine(frozenset(), clock),
    ]
    return run(checks, (), clock)


@dataclass(frozen=True)
class Doctor:
    """Knows which checks these settings call for."""

    settings: Settings
    files: LocalFiles
    clock: Clock

    def checks(self) -> list[Check]:
        """In the order in which they are shown: what others rest on comes first."""
        return [
            Check("settings", QUICK, lambda: settings_checkup.contradictions(self.settings)),
            Check("from_number", QUICK, lambda: [settings_checkup.from_number(self.settings)]),
            *_of_machine(self._extras(), self.clock),
            Check("registers", QUICK, self._registers, blocking=True),
            *self._of_directories(),
            *self._of_sandbox(),
            Check("database", PATIENT, self._database().findings),
            Check("queue", PATIENT, self._queue, blocking=self._queue_is_a_file()),
            Check("api", QUICK, self._api),
            *self._of_switch(),
            Check("media_address", PATIENT, self._media),
            *self._of_ai(),
        ]

    # -- this machine

    def _extras(self) -> frozenset[str]:
        needs = {
            "postgres": self._is_postgres(),
            "redis": bool(self.settings.queue_url),
            "sandbox": "sandbox" in (self.settings.telephony_mode, self.settings.ai_mode),
        }
        return frozenset(name for name, needed in needs.items() if needed)

    def _of_directories(self) -> list[Check]:
        settings = self.settings

        def data_dir() -> Iterator[Finding]:
            yield from machine.directory("data_dir", settings.data_dir, "TOPCALLS_DATA_DIR")
            if settings.secret_key is not None:
                yield ok("secret_key", "Configured.")
                return
            path = _secret_file(settings)
            yield machine.secret_key_file(path, shared_database=self._is_postgres())

        def recordings() -> Iterator[Finding]:
            place = settings.effective_recordings_dir
            yield from machine.directory("recordings_dir", place, "TOPCALLS_RECORDINGS_DIR")

        def spool() -> Iterator[Finding]:
            place = settings.effective_recording_spool_dir
            yield from machine.directory(
                "recording_spool_dir", place, "TOPCALLS_RECORDING_SPOOL_DIR"
            )

        def store() -> Iterator[Finding]:
            words = recording_store(settings, self.clock).problem()
            remedy = (
                "Check the object store and the settings recording_s3_…. Recordings wait meanwhile."
                if settings.recording_store == "s3"
                else "Start the API, or set TOPCALLS_RECORDING_API_URL. Recordings wait meanwhile."
            )
            yield (
                fault("recording_store", words, remedy)
                if words
                else ok("recording_store", "It can be reached.")
            )

        def records() -> Iterator[Finding]:
            yield from machine.cdr_directory(settings.effective_cdr_dir)

        def playback() -> Iterator[Finding]:
            yield from machine.playback_directory(playback_dir(settings), settings.max_calls)

        checks = [
            Check("data_dir", QUICK, data_dir, blocking=True),
            Check("recordings_dir", QUICK, recordings, blocking=True),
            Check("recording_spool_dir", QUICK, spool, blocking=True),
            Check("cdr_dir", QUICK, records, blocking=True),
        ]
        if settings.recording_store != "directory":
            checks.append(Check("recording_store", PATIENT, store))
        if settings.playback == "file":
            checks.append(Check("playback_dir", QUICK, playback, blocking=True))
        return checks

    def _registers(self) -> Iterator[Finding]:
        try:
            found = load_registers(self.settings.registers_file)
        except ConfigError as error:
            yield refused("registers", error)
            return
        named = ", ".join(f"{one.register} by {one.provider}" for one in found)
        yield ok("registers", f"Asked ahead of calls: {named or 'none'}.")

    # -- database and queue

    def _is_postgres(self) -> bool:
        return self.settings.database_url.startswith("postgres")

    def _queue_is_a_file(self) -> bool:
        return queue_checkup.kind_of(self.settings.database_url, self.settings.queue_url) == "file"

    def _database(self) -> DatabaseCheckup:
        configured = self.settings.secret_key
        key = configured.get_secret_value() if configured else self.files.secret_key
        return DatabaseCheckup(
            url=self.settings.effective_database_url,
            encryption_key=key,
            version=__version__,
            local_key=configured is None,
            clock=self.clock,
            models=lineup_of(self.settings).model_rules,
        )

    def _queue(self) -> Iterator[Finding]:
        settings = self.settings
        yield queue_checkup.queue(settings.data_dir, settings.database_url, settings.queue_url)

    def _api(self) -> Iterator[Finding]:
        if self.settings.api_port:
            yield api_checkup.api(self.settings.own_url)

    # -- switch and media

    def _switch(self) -> SwitchAddress | None:
        """None where the sandbox does not run: that is a finding of its own."""
        settings = self.settings
        if settings.telephony_mode == "live":
            password = settings.esl_password.get_secret_value() if settings.esl_password else ""
            return SwitchAddress(settings.esl_host, settings.esl_port, password, settings.gateway)
        found = self.files.doubles
        if found is None:
            return None
        return SwitchAddress(found.host, found.port, found.password, SANDBOX_GATEWAY)

    def _of_switch(self) -> list[Check]:
        def look() -> Iterator[Finding]:
            address = self._switch()
            if address is None:
                return
            settings = self.settings
            yield from SwitchCheckup(
                switch=address,
                max_calls=settings.max_calls,
                calls_per_second=settings.calls_per_second,
                recordings_dir=settings.effective_recording_spool_dir,
                playback_dir=self._playback_dir(),
                clock=self.clock,
            ).findings()

        return [Check("switch", PATIENT, look)]

    def _playback_dir(self) -> Path | None:
        return playback_dir(self.settings).resolve() if self.settings.playback == "file" else None

    def _media(self) -> Iterator[Finding]:
        settings = self.settings
        options = MediaOptions(
            host=settings.media_host,
            port=settings.media_port,
            advertised_host=settings.media_advertised_host or None,
            playback=settings.playback,
            playback_dir=playback_dir(settings),
            recordings_dir=settings.effective_recording_spool_dir,
        )
        yield from media(options, lambda: settings.node in self._database().nodes_alive())

    # -- AI and sandbox

    def _of_ai(self) -> list[Check]:
        settings = self.settings

        def model() -> Iterator[Finding]:
            yield from openai_checkup.model(settings.realtime_model, self.clock.now().date())

        def stages() -> Iterator[Finding]:
            today = self.clock.now().date()
            yield from settings_checkup.stages(lineup_of(settings), today)

        def prices() -> Iterator[Finding]:
            yield from settings_checkup.prices(lineup_of(settings), prices_of(settings))

        return [
            Check("ai_model", QUICK, model),
            Check("chain_models", QUICK, stages),
            Check("prices", QUICK, prices),
            Check("ears", QUICK, lambda: [ears_finding(settings)]),
            Check("end_of_turn", QUICK, lambda: [turns_finding(settings)]),
            Check("embeddings", QUICK, lambda: [embeddings_finding(settings)]),
            Check("ai_server", PATIENT, self._ai_server),
            *self._of_the_chain(),
        ]

    def _of_the_chain(self) -> list[Check]:
        """Where calls can be on it for other reasons than that OpenAI could do all of it."""
        settings = self.settings
        named = settings.legacy_recognizers or settings.legacy_voices or settings.chat_base_url
        keys = (settings.deepgram_api_key, settings.elevenlabs_api_key)
        if not (named or settings.realtime_fallback or any(keys)):
            return []

        def look(part: Callable[[ChainCheckup], Iterator[Finding]], name: str) -> Iterator[Finding]:
            try:
                yield from part(Stages(settings, Vendors.of(settings)).checkup(self.clock))
            except ConfigError as error:
                yield refused(name, error)

        parts = {
            "chain_hears": ChainCheckup.hears,
            "chain_answers": ChainCheckup.answers,
            "chain_speaks": ChainCheckup.speaks,
        }
        return [Check(name, PATIENT, partial(look, part, name)) for name, part in parts.items()]

    def _ai_server(self) -> Iterator[Finding]:
        settings = self.settings
        if settings.ai_mode == "live" and settings.openai_api_key is not None:
            url, key = settings.openai_base_url, settings.openai_api_key.get_secret_value()
        else:
            found = self.files.doubles
            if found is None:
                return
            url, key = found.openai_url, SANDBOX_AI_KEY
        yield from openai_checkup.ServerCheckup(
            url, key, settings.realtime_model, self.clock
        ).findings()

    def _sandbox(self) -> Iterator[Finding]:
        yield from sandbox_checkup.process(self.settings, self.files.doubles)

    def _of_sandbox(self) -> list[Check]:
        if "sandbox" not in (self.settings.telephony_mode, self.settings.ai_mode):
            return []
        return [
            Check("sandbox", QUICK, self._sandbox),
            # On this thread: the engine makes a thread of its own, which belongs to its maker.
            Check("speech", QUICK, lambda: [sandbox_checkup.speech()]),
        ]


def _of_machine(extras: frozenset[str], clock: Clock) -> list[Check]:
    def packages() -> Iterator[Finding]:
        yield package_checkup.packages(package_checkup.requirements_of_ours(), extras)

    quick: dict[str, Callable[[], list[Finding]]] = {
        "python": lambda: [package_checkup.python()],
        "zones": lambda: [machine.zones(clock.now())],
        "clock": lambda: [machine.clock(clock.now())],
    }
    return [
        *(Check(name, QUICK, look, blocking=True) for name, look in quick.items()),
        Check("packages", QUICK, packages, blocking=True),
    ]


def _local_files(settings: Settings) -> LocalFiles | None:
    """Read once, on a thread: None where the disk hangs."""

    def read() -> LocalFiles:
        return LocalFiles(sandbox_checkup.doubles(settings), _text_of(_secret_file(settings)))

    reading = ThreadPool(1).spawn(read)
    if not reading.wait(FILE_SECONDS):
        return None
    files: LocalFiles = reading.get()
    return files


def _secret_file(settings: Settings) -> Path:
    return settings.data_dir / "secret.key"


def _secrets(settings: Settings, files: LocalFiles) -> set[str]:
    """Everything that must not show: passwords, keys, and URLs that hold one."""
    secrets = {
        value.get_secret_value()
        for value in (
            settings.secret_key,
            settings.api_key,
            settings.esl_password,
            settings.openai_api_key,
            settings.chat_api_key,
            settings.deepgram_api_key,
            settings.elevenlabs_api_key,
        )
        if value is not None
    }
    for url in (settings.database_url, settings.queue_url):
        password = _password_of(url)
        if password:
            secrets |= {url, password, unquote(password)}
    if files.doubles is not None:
        secrets.add(files.doubles.password)
    return secrets | {files.secret_key or ""}


def _password_of(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return url


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except OSError:
        return None
