"""The switch, the line, and how calls are heard."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class TelephonySettings(BaseModel):
    """The switch, the line, and how calls are heard."""

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
    switch_log: Path | None = Field(
        None,
        description="FreeSWITCH's log file, where it can be read on this machine: `topcalls rca` "
        "shows a call's lines of it. Empty: none.",
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
    end_of_turn: Literal["rules", "sound"] = Field(
        "rules",
        description="Who judges that a caller has finished, where a call does not say: the words "
        "(`rules`), or the words and how they sound (`sound`: needs a model, see "
        "[turn_taking.md](turn_taking.md)).",
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
