"""Configuration: one frozen settings object.

Defaults < settings file (TOML) < environment. A setting `media_port` is `media_port = …` in the
file and `TOPCALLS_MEDIA_PORT` in the environment; `FROM_NUMBER` and `OPENAI_API_KEY` are also
understood as such. An unknown key is an error, so that a typing mistake is never silently a
default. Secrets never print. `docs/configuration.md` is generated from this file.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from topcalls.errors import ConfigError

PREFIX = "TOPCALLS_"
CONFIG_VARIABLE = "TOPCALLS_CONFIG"
DEFAULT_FILE = Path("topcalls.toml")
ALL_ADDRESSES = ("", "0.0.0.0", "::")  # noqa: S104 - to recognise them
_TEST_PREFIX = "TOPCALLS_TEST_"
Mode = Literal["sandbox", "live"]


class Settings(BaseModel):
    """Every setting, with its default and its meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # --- what runs
    telephony: Literal["auto", "freeswitch", "sandbox"] = Field(
        "auto",
        description="Where calls go. `auto`: `freeswitch` once `esl_host` is set, else `sandbox`.",
    )
    ai: Literal["auto", "live", "sandbox"] = Field(
        "auto",
        description="Who talks. `auto` is `live` once `openai_api_key` is set, else `sandbox`.",
    )
    data_dir: Path = Field(
        Path("var"), description="Where the database, recordings and sandbox state live."
    )
    node: str = Field(
        "node-1",
        pattern=r"^[A-Za-z0-9_.-]{1,40}$",
        description="Name of this FreeSWITCH among all that share the database; every controller "
        "on it carries the same name.",
    )
    node_weight: int = Field(
        100,
        ge=1,
        le=1000,
        description="Share of the calls that this node takes, beside the weights of the others.",
    )
    node_capacity: int | None = Field(
        None,
        ge=1,
        description="Most calls that all controllers of this node carry together. Empty: the sum "
        "of their `max_calls`.",
    )
    sandbox_journal: Path | None = Field(
        None,
        description="File to which the sandbox's switch appends a line of JSON for each originate, "
        "answer and end of a channel. Empty: nowhere.",
    )
    tool_cassette: Path | None = Field(
        None,
        description="File of a tool cassette from which the tools of all calls answer that bring "
        "none of their own. Only with the sandbox's telephony.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe log event that is written."
    )
    log_file_bytes: int = Field(
        20_000_000,
        ge=100_000,
        description="Size beyond which `topcalls run` begins a new log file for a process.",
    )
    log_files_kept: int = Field(
        5, ge=1, le=1000, description="How many earlier log files of each process it keeps."
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Encrypts secrets in the database (`topcalls keys secret` prints one). "
        "Without it one is made in `data_dir/secret.key`, which only suits a single machine.",
    )

    # --- database and queue
    database_url: str = Field(
        "",
        description="`postgresql://user:password@host/name`, or `sqlite:///file`. "
        "Empty: SQLite in `data_dir`.",
    )
    database_pool: int = Field(
        20, ge=1, le=500, description="Most PostgreSQL connections of one process."
    )
    queue_url: str = Field(
        "",
        description="`redis://host:port/n` keeps the task queue in Redis, at a number `n` that no "
        "other installation uses. Empty: in the database's own kind.",
    )

    # --- API
    api_host: str = Field("127.0.0.1", description="Address the REST API listens on.")
    api_port: int = Field(8080, ge=0, le=65535, description="Port of the REST API.")
    public_url: str = Field(
        "",
        description="How the world reaches the API; starts recording links. "
        "Empty: `http://api_host:api_port`. Needed where these name no address to open: "
        "`api_port` 0, or a live `api_host` of all addresses.",
    )
    api_key: SecretStr | None = Field(
        None, description="API key that `topcalls call` and `topcalls calls` use."
    )
    max_body_bytes: int = Field(
        2_000_000, ge=10_000, description="Largest request body the API accepts."
    )
    api_requests_per_second: float = Field(
        100.0,
        gt=0,
        le=1_000_000,
        description="Requests that one API key may make per second, in each API process.",
    )
    api_requests_burst: int = Field(
        200, ge=1, le=1_000_000, description="Requests that a key may make at once after a pause."
    )
    api_failures_per_minute: int = Field(
        60,
        ge=1,
        le=1_000_000,
        description="Requests with a wrong key that one remote address may make per minute, in "
        "each API process.",
    )
    api_proxies: int = Field(
        0,
        ge=0,
        le=10,
        description="How many proxies stand in front of the API. The remote address is then the "
        "one that the outermost of them adds to `X-Forwarded-For`; with 0 that header is ignored.",
    )

    # --- telephony
    esl_host: str = Field("", description="Host of the FreeSWITCH Event Socket.")
    esl_port: int = Field(8021, ge=1, le=65535, description="Port of the Event Socket.")
    esl_password: SecretStr | None = Field(None, description="Password of the Event Socket.")
    gateway: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_.-]{0,64}$",
        description="FreeSWITCH gateway (`sofia/gateway/NAME/…`) that calls of accounts without a "
        "carrier leave by. Empty: such accounts cannot call.",
    )
    switch_dir: Path | None = Field(
        None,
        description="Where files of carriers are written; FreeSWITCH includes `gateways`, `acl` "
        "and `users` below it. Empty: `data_dir/switch`.",
    )
    sip_profile: str = Field(
        "external",
        pattern=r"^[A-Za-z0-9_.-]{1,64}$",
        description="SIP profile of FreeSWITCH that carriers' gateways are made in.",
    )
    from_number: str = Field(
        "",
        description="Caller ID (E.164) of calls that name none. Also read from `FROM_NUMBER`.",
    )
    ring_timeout_seconds: int = Field(
        45, ge=5, le=300, description="How long a phone may ring, unless the call says otherwise."
    )
    politeness_seconds: float = Field(
        2.0,
        ge=0,
        le=30,
        description="A phone that rang for so long, in all dials of a call together, is dialled by "
        "no other carrier: nobody is rung twice for one call. Shorter ringing is taken for a "
        "carrier's own signalling; 0: any ringing counts.",
    )
    media_host: str = Field(
        "127.0.0.1", description="Address that the media server (for mod_audio_stream) listens on."
    )
    media_port: int = Field(0, ge=0, le=65535, description="Its port; 0 takes a free one.")
    media_advertised_host: str = Field(
        "",
        description="Host name or IPv4 address by which FreeSWITCH reaches the media server. "
        "Empty: `media_host`.",
    )
    listen_host: str = Field(
        "127.0.0.1",
        description="Address on which a controller lets people hear its calls (`docs/live.md`).",
    )
    listen_port: int = Field(0, ge=0, le=65535, description="Its port; 0 takes a free one.")
    listen_url: str = Field(
        "",
        description="How listeners reach it, as in `https://calls.example.com/node-1`. Empty: by "
        "`listen_host` and the port.",
    )
    playback: Literal["file", "stream"] = Field(
        "file",
        description="How speech reaches the caller: `file` (growing file on a tmpfs shared with "
        "FreeSWITCH) or `stream` (controller on another host).",
    )
    ears: Literal["auto", "server", "local"] = Field(
        "auto",
        description="Who notices that the caller speaks, where a call does not say: the model or "
        "recogniser (`server`), or the gateway (`local`; needs the extra `ears`). `auto`: the "
        "gateway in `legacy` mode where the extra is installed, else the model.",
    )
    echo_cancellation: Literal["auto", "off"] = Field(
        "auto",
        description="Whether, with local ears, the agent's own voice is taken out of the caller's "
        "audio: by the canceller of the extra `echo`, or without it by muting what is nothing "
        "but echo.",
    )
    noise_suppression: bool = Field(
        False, description="With local ears and the extra `echo`: takes noise out as well."
    )
    in_band_keys: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Where keys are looked for as tones in the caller's audio: `auto` (on lines "
        "that negotiated no `telephone-event`), `always` or `never`.",
    )
    show_keys: bool = Field(
        False, description="Pressed keys stand in transcripts as they are, not as asterisks."
    )
    playback_dir: Path = Field(
        Path("/dev/shm/topcalls"),
        description="Directory of speech being played; FreeSWITCH must see it at the same path.",
    )
    recordings_dir: Path | None = Field(
        None,
        description="Where recordings are kept; the API serves them from there. Empty: "
        "`data_dir/recordings`.",
    )
    calendars_dir: Path | None = Field(
        None,
        description="Where the calendar files are that agents book appointments in, a directory "
        "for each account; all controllers see it. Empty: `data_dir/calendars`.",
    )
    recording_spool_dir: Path | None = Field(
        None,
        description="Where FreeSWITCH writes recordings; its controllers see it at the same path, "
        "and bring them to where they are kept. Empty: `spool` below `recordings_dir`.",
    )
    recording_store: Literal["directory", "api", "s3"] = Field(
        "directory",
        description="Where recordings are kept, and how a controller brings them there: "
        "`directory` (it sees `recordings_dir`), `s3` (an object store; needs the extra `s3`), or "
        "`api` (it sends them to the API at `recording_api_url`, which has a store of its own).",
    )
    recording_s3_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/@?#]+/?)?$",
        description="The object store, without a bucket: `https://s3.eu-central-1.amazonaws.com`.",
    )
    recording_s3_bucket: str = Field("", description="Its bucket, which must be there.")
    recording_s3_prefix: str = Field(
        "", description="What the names of objects begin with: `calls/`."
    )
    recording_s3_region: str = Field(
        "us-east-1", description="Its region; most servers but Amazon's take any."
    )
    recording_s3_credentials: Literal["keys", "environment", "instance"] = Field(
        "keys",
        description="How we prove who we are to it: `keys` (the next two settings), `environment` "
        "(`AWS_ACCESS_KEY_ID` and its like, or `~/.aws/credentials`), or `instance` (the role of "
        "the machine, container or pod at Amazon).",
    )
    recording_s3_access_key: str = Field("", description="Who we are to the object store.")
    recording_s3_secret_key: SecretStr | None = Field(None, description="What proves it.")
    recording_api_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/@?#]+(/[^\s?#]*)?)?$",
        description="The API, as controllers reach it, for `recording_store = api`. Empty: "
        "`public_url`.",
    )
    recording_format: Literal["wav", "mp3"] = Field(
        "mp3",
        description="What `recording_url` leads to; the other is at the same address with its own "
        "ending.",
    )
    recording_encryption: bool = Field(
        False,
        description="Whether recordings are encrypted where they are kept, with a key derived from "
        "`secret_key`. Those that are there stay as they are.",
    )
    recording_retention_days: int = Field(
        0,
        ge=0,
        le=3650,
        description="After how many days recordings are deleted, where call and account do not "
        "say; 0: never.",
    )
    recording_pause_seconds: int = Field(
        300,
        ge=5,
        le=3600,
        description="How long a recording may be paused before it goes on by itself.",
    )

    cdr_dir: Path | None = Field(
        None,
        description="Where FreeSWITCH (mod_json_cdr) leaves a record of each ended channel, which "
        "tells how calls ended that nobody was there to see. Empty: there are none.",
    )

    # --- limits
    max_calls: int = Field(
        100, ge=1, le=5000, description="Most calls that one controller carries at once."
    )
    inbound_reserve: int = Field(
        0,
        ge=0,
        le=5000,
        description="Places of each controller's `max_calls` that calls out leave free for calls "
        "that come in.",
    )
    calls_per_second: float = Field(
        10.0, gt=0, le=1000, description="Most calls that one controller dials per second."
    )
    dispatch_timeout_seconds: int = Field(
        3600, ge=10, description="How long a call may wait in the queue before it fails."
    )
    min_idle_cpu: float = Field(
        5.0,
        ge=0,
        le=100,
        description="No more calls go to a switch whose processors are idle for less, in percent.",
    )
    drain_seconds: int = Field(
        30, ge=0, le=3600, description="How long a stopping controller lets its calls talk on."
    )
    hand_over: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Whether a stopping controller gives its calls to another one: `auto`, to one "
        "of its node that runs; `always`, also to one that is still to be started; `never`.",
    )
    adopt_seconds: int = Field(
        60,
        ge=0,
        le=3600,
        description="How long after its controller was last heard of a call is still carried on by "
        "another one. Later it is hung up.",
    )

    # --- AI
    openai_api_key: SecretStr | None = Field(
        None,
        description="Key of OpenAI or a compatible server. Also read from `OPENAI_API_KEY`.",
    )
    openai_base_url: str = Field(
        "https://api.openai.com/v1", description="Where the OpenAI API, or a compatible one, is."
    )
    realtime_model: str = Field(
        "gpt-realtime-2.1", description="Speech-to-speech model of calls that name none."
    )
    realtime_audio: Literal["g711", "pcm24"] = Field(
        "g711",
        description="Sound to and from the speech-to-speech model: as it is on the line, or "
        "converted, for compatible servers that know PCM at 24 kHz only.",
    )
    realtime_fallback: bool = Field(
        False,
        description="A call whose speech-to-speech model fails or falls silent goes on with the "
        "chain of `mode: legacy`.",
    )

    # --- the chain (`mode: legacy`)
    legacy_recognizers: str = Field(
        "",
        description="Who hears, in the order they are tried: `deepgram-flux`, `deepgram-nova`, "
        "`elevenlabs`, `openai`, `local`, with commas. Empty: Deepgram's if its key is set, then "
        "`openai`.",
    )
    legacy_model: str = Field(
        "gpt-6-luna", description="Language model of calls on the chain that name none."
    )
    legacy_fallback_models: str = Field(
        "", description="Models that replace it when it fails in a call, in order, with commas."
    )
    legacy_voices: str = Field(
        "",
        description="Who speaks, in the order they are tried: `elevenlabs`, `openai`, `local`, "
        "with commas. Empty: ElevenLabs if its key is set, then `openai`.",
    )
    answer_model: str = Field(
        "",
        description="Language model that reads who answered a call where nothing else has told, on "
        "the server of `chat_base_url`. Empty: none is asked.",
    )
    legacy_filler: str = Field(
        "",
        description="Said in `legacy` mode to a caller who waits for the model or a tool, where "
        "the call has no `filler`. Empty: words for one moment, in the call's language.",
    )
    legacy_filler_seconds: float = Field(
        2.5, ge=0, le=30, description="After how long it is said; 0: never."
    )
    speculative_replies: bool = Field(
        True,
        description="Begin to answer when the caller has probably finished; what is not used is "
        "paid for all the same. Only with `deepgram-flux`.",
    )
    chat_base_url: str = Field(
        "",
        description="Server of the language model, where it is another than `openai_base_url`: "
        "anything that speaks like OpenAI's chat completions (Gemini, Ollama, vLLM, llama.cpp).",
    )
    chat_features: str = Field(
        "",
        description="What this server understands, where its address does not tell: `openai`, "
        "`azure`, `gemini`, `ollama`, `vllm`, `llamacpp` or `least`, and single features after it, "
        "as in `vllm tools=no`; `docs/legacy.md` lists them.",
    )
    chat_api_key: SecretStr | None = Field(None, description="Its key, where it wants one.")
    analysis_model: str = Field(
        "",
        description="Language model that sums calls up and extracts what their `analysis_schema` "
        "asks for, on the server of `chat_base_url`. Empty: `legacy_model`.",
    )
    analysis_timeout_seconds: float = Field(
        60.0, gt=0, le=60, description="How long it may take for one answer."
    )
    analysis_parallel: int = Field(
        8,
        ge=1,
        le=1000,
        description="Most analyses that all workers together do at once.",
    )
    deepgram_api_key: SecretStr | None = Field(None, description="Key of Deepgram.")
    deepgram_base_url: str = Field(
        "https://api.deepgram.com", description="Where Deepgram's API is."
    )
    elevenlabs_api_key: SecretStr | None = Field(None, description="Key of ElevenLabs.")
    elevenlabs_base_url: str = Field(
        "https://api.elevenlabs.io", description="Where ElevenLabs' API is."
    )
    elevenlabs_model: str = Field("eleven_flash_v2_5", description="ElevenLabs' model that speaks.")
    elevenlabs_voice: str = Field(
        "rachel", description="Name or id of ElevenLabs' voice in calls that name none."
    )
    max_cloned_voices: int = Field(
        10, ge=0, le=10_000, description="Voices that an account may have cloned at once."
    )
    openai_transcription_model: str = Field(
        "gpt-transcribe", description="OpenAI's model that hears."
    )
    openai_speech_model: str = Field(
        "gpt-4o-mini-tts",
        description="OpenAI's model that speaks: one of `/audio/speech`, which end on 2027-01-06, "
        "or of speech to speech (`gpt-realtime-2.1-mini`), which reads the text.",
    )

    # --- knowledge
    embedding_model: str = Field(
        "",
        description="Embedding model by whose vectors knowledge is searched for its meaning as "
        "well, as `text-embedding-3-small`. Empty: by words alone. Sources that were read with "
        "another model are found by words until they are refreshed.",
    )
    embedding_base_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/@?#]+(/[^\s?#]*)?)?$",
        description="Server of the embedding model, where it is another than `openai_base_url`: "
        "anything that speaks like OpenAI's embeddings (Ollama, vLLM, llama.cpp, TEI).",
    )
    embedding_api_key: SecretStr | None = Field(
        None, description="Its key, where it wants one. Without `embedding_base_url`: OpenAI's."
    )
    embedding_dimensions: int | None = Field(
        None,
        ge=16,
        le=8192,
        description="Size of the vectors, of models that can shorten them. Empty: their own.",
    )
    max_knowledge_bytes: int = Field(
        500_000_000,
        ge=0,
        description="Most bytes of all knowledge sources of an account, as they were sent.",
    )

    # --- numbers
    telnyx_api_key: SecretStr | None = Field(
        None,
        description="Key of Telnyx, to search, buy and release numbers. Also read from "
        "`TELNYX_API_KEY`. Never used in the sandbox.",
    )
    telnyx_connection_id: str = Field(
        "",
        description="Telnyx's id of the SIP connection of the installation's own trunk: numbers "
        "that are bought without a carrier are bound to it.",
    )
    twilio_account_sid: str = Field(
        "",
        pattern="^(AC[0-9a-fA-F]{32})?$",
        description="Account of Twilio, to search, buy and release numbers. Also read from "
        "`TWILIO_ACCOUNT_SID`. Never used in the sandbox.",
    )
    twilio_auth_token: SecretStr | None = Field(
        None, description="Its auth token. Also read from `TWILIO_AUTH_TOKEN`."
    )
    twilio_trunk_sid: str = Field(
        "",
        pattern="^(TK[0-9a-fA-F]{32})?$",
        description="Twilio's SID of the installation's own trunk: numbers that are bought without "
        "a carrier are bound to it.",
    )
    max_number_purchases_per_day: int = Field(
        10, ge=0, le=10_000, description="Numbers that an account may buy within 24 hours."
    )

    # --- money
    prices_file: Path | None = Field(
        None,
        description="Prices that go before the vendors' list prices, and what the installation's "
        "own trunk costs: docs/costs.md.",
    )

    # --- compliance
    compliance: Literal["auto", "enforce", "record"] = Field(
        "auto",
        description="Of accounts that chose nothing themselves. `enforce`: a call that the rules "
        "do not allow is not made. `record`: what was decided is kept, and the call is made unless "
        "its number is on the do-not-call list. `auto`: `record` in the sandbox, else `enforce`.",
    )
    rules_folder: Path | None = Field(
        None,
        description="A directory with rules of your own (`*.toml`), which replace shipped ones of "
        "the same id: see rules.md.",
    )

    # --- webhooks
    webhook_timeout_seconds: float = Field(
        10.0, gt=0, le=60, description="How long a webhook receiver may take in all."
    )
    webhook_disable_after_hours: int = Field(
        72,
        ge=0,
        le=8760,
        description="A webhook receiver that accepts nothing for so long is disabled; 0: never.",
    )
    allow_private_webhooks: bool = Field(
        False,
        description="Let webhook URLs reach private and loopback addresses. Without it the sandbox "
        "reaches its own receiver, and nothing else there.",
    )

    @property
    def telephony_mode(self) -> Mode:
        """`live` drives a real switch. Never decided by whether the switch can be reached."""
        live = self.telephony == "freeswitch" or (self.telephony == "auto" and self.esl_host)
        return "live" if live else "sandbox"

    @property
    def ai_mode(self) -> Mode:
        """`live` talks to a real vendor."""
        live = self.ai == "live" or (self.ai == "auto" and self.openai_api_key is not None)
        return "live" if live else "sandbox"

    @property
    def compliance_mode(self) -> Literal["enforce", "record"]:
        """What becomes of calls that rules do not allow, where an account chose nothing."""
        if self.compliance != "auto":
            return self.compliance
        return "enforce" if self.telephony_mode == "live" else "record"

    @property
    def key_kind(self) -> Literal["live", "test"]:
        """The kind of API key this install makes and accepts."""
        return "live" if self.telephony_mode == "live" else "test"

    @property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'topcalls.db'}"

    @property
    def effective_recordings_dir(self) -> Path:
        return (self.recordings_dir or self.data_dir / "recordings").resolve()

    @property
    def effective_calendars_dir(self) -> Path:
        return (self.calendars_dir or self.data_dir / "calendars").resolve()

    @property
    def effective_recording_spool_dir(self) -> Path:
        return (self.recording_spool_dir or self.effective_recordings_dir / "spool").resolve()

    @property
    def effective_recording_api_url(self) -> str:
        return (self.recording_api_url or self.effective_public_url).rstrip("/")

    @property
    def effective_cdr_dir(self) -> Path | None:
        """The sandbox's switch leaves its records in `data_dir`."""
        if self.cdr_dir is None and self.telephony_mode == "sandbox":
            return (self.data_dir / "sandbox" / "cdr").resolve()
        return None if self.cdr_dir is None else self.cdr_dir.resolve()

    @property
    def effective_switch_dir(self) -> Path:
        return (self.switch_dir or self.data_dir / "switch").resolve()

    @property
    def effective_public_url(self) -> str:
        if not self.public_url and self.api_host in ALL_ADDRESSES and self.key_kind == "live":
            return f"http://{self.api_host}:{self.api_port}"  # `load` refuses it
        return (self.public_url or self.own_url).rstrip("/")

    @property
    def webhook_disable_after(self) -> timedelta | None:
        hours = self.webhook_disable_after_hours
        return timedelta(hours=hours) if hours else None

    @property
    def own_url(self) -> str:
        """The API from this machine. One that listens everywhere is reached on the loopback too."""
        host = "127.0.0.1" if self.api_host in ALL_ADDRESSES else self.api_host
        return (
            f"http://[{host}]:{self.api_port}" if ":" in host else f"http://{host}:{self.api_port}"
        )

    @property
    def sandbox_file(self) -> Path:
        """Where a running sandbox writes the addresses of its doubles."""
        return self.data_dir / "sandbox.json"


def load(file: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process.

    `file`: the settings file; without it `TOPCALLS_CONFIG` names one, else `topcalls.toml` is read
    if it is there. Raises `ConfigError` naming the setting and the remedy.
    """
    path = file or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if path is None and DEFAULT_FILE.exists():
        path = DEFAULT_FILE
    from_file = _read(path) if path else {}
    _refuse_unknown(from_file, set(Settings.model_fields), f"the settings file {path}")
    ours = [key for key in environ if key.startswith(PREFIX) and not key.startswith(_TEST_PREFIX)]
    _refuse_unknown(ours, set(_variables()) | {CONFIG_VARIABLE}, "the environment")
    from_environment = {
        name: environ[variable] for variable, name in _variables().items() if environ.get(variable)
    }
    try:
        settings = Settings.model_validate({**from_file, **from_environment})
    except ValidationError as error:
        raise _first_problem(error) from None
    _refuse_contradictions(settings)
    return settings


def _variables() -> dict[str, str]:
    """Environment variable to setting; the `TOPCALLS_` form comes last, so it wins."""
    return {
        "FROM_NUMBER": "from_number",
        "OPENAI_API_KEY": "openai_api_key",
        "TELNYX_API_KEY": "telnyx_api_key",
        "TWILIO_ACCOUNT_SID": "twilio_account_sid",
        "TWILIO_AUTH_TOKEN": "twilio_auth_token",
        **{PREFIX + name.upper(): name for name in Settings.model_fields},
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"The settings file {path} cannot be read: {error.strerror}.",
            field=CONFIG_VARIABLE,
            remedy="Check its name and permissions.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(
            f"The settings file {path} is not valid TOML: {error}.",
            field=CONFIG_VARIABLE,
            remedy="Mend that line; text values need quotes.",
        ) from None


def _refuse_unknown(names: Iterable[str], known: set[str], where: str) -> None:
    for name in sorted(set(names) - known):
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]}?" if close else "See docs/configuration.md for the list."
        raise ConfigError(f"{name} in {where} is no setting.", field=name, remedy=hint)


def _first_problem(error: ValidationError) -> ConfigError:
    problem = error.errors(include_input=False, include_url=False)[0]
    name = str(problem["loc"][0]) if problem["loc"] else "settings"
    return ConfigError(
        f"The setting {name} is wrong: {problem['msg']}.",
        field=name,
        remedy=f"Set {PREFIX}{name.upper()} or `{name}` in the settings file. "
        f"{Settings.model_fields[name].description or ''}".strip(),
    )


def _refuse_contradictions(settings: Settings) -> None:
    if settings.telephony_mode == "live" and settings.ai_mode == "sandbox":
        raise ConfigError(
            "A live phone line never talks to a scripted model: telephony is live, the AI is not.",
            field="openai_api_key",
            remedy='Set OPENAI_API_KEY, or telephony = "sandbox".',
        )
    if settings.telephony_mode == "live" and settings.tool_cassette is not None:
        raise ConfigError(
            "Calls of real people never get recorded answers of tools from a setting.",
            field="tool_cassette",
            remedy="Leave it out; a call can bring a cassette of its own.",
        )
    _refuse_unusable_links(settings)
    _refuse_unusable_listening(settings)
    needed = {
        "esl_host": settings.telephony_mode == "live" and not settings.esl_host,
        "esl_password": settings.telephony_mode == "live" and settings.esl_password is None,
        "openai_api_key": settings.ai_mode == "live" and settings.openai_api_key is None,
        **{name: not getattr(settings, name) for name in _needed_by_the_store(settings)},
    }
    for name, missing in needed.items():
        if missing:
            raise ConfigError(
                f"The setting {name} is missing.",
                field=name,
                remedy=f"Set {PREFIX}{name.upper()}. {Settings.model_fields[name].description}",
            )


def _refuse_unusable_listening(settings: Settings) -> None:
    if settings.listen_url and not _is_web_address(settings.listen_url):
        raise ConfigError(
            "The setting listen_url is no web address of a server.",
            field="listen_url",
            remedy="Set TOPCALLS_LISTEN_URL to how listeners reach this controller, as in "
            "https://calls.example.com/node-1, or leave it empty.",
        )
    if settings.listen_host in ALL_ADDRESSES and not settings.listen_url:
        raise ConfigError(
            f"listen_host {settings.listen_host!r} means every address of this machine, and is "
            "none that an address for listeners could name.",
            field="listen_url",
            remedy="Set TOPCALLS_LISTEN_URL to how listeners reach this controller.",
        )


def _needed_by_the_store(settings: Settings) -> tuple[str, ...]:
    if settings.recording_store != "s3":
        return ()
    keys = ("access_key", "secret_key") if settings.recording_s3_credentials == "keys" else ()
    return tuple(f"recording_s3_{name}" for name in ("url", "bucket", *keys))


def _refuse_unusable_links(settings: Settings) -> None:
    """Links to recordings begin with `public_url`; every process has to know it."""
    remedy = "Set TOPCALLS_PUBLIC_URL to how the world reaches the API: https://calls.example.com."
    if settings.public_url and not _is_web_address(settings.public_url):
        raise ConfigError(
            "The setting public_url is no web address of a server.",
            field="public_url",
            remedy=f"{remedy} A path may follow; user, query and fragment may not.",
        )
    if settings.public_url:
        return
    if settings.api_port == 0:
        raise ConfigError(
            "With api_port 0 nobody knows the port of the API, and links to it lead nowhere.",
            field="api_port",
            remedy=f"Set TOPCALLS_API_PORT to a port. Or: {remedy}",
        )
    if settings.api_host in ALL_ADDRESSES and settings.telephony_mode == "live":
        raise ConfigError(
            f"api_host {settings.api_host!r} means every address of this machine, and is none that "
            "a link could name.",
            field="public_url",
            remedy=remedy,
        )


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or host in ALL_ADDRESSES or port == 0:
        return False
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
    return is_plain and text.isprintable() and " " not in text
