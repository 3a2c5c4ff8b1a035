"""The settings object: every setting of every room, and what follows from several of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict

from topcalls.config.alerts import AlertSettings
from topcalls.config.business import BusinessSettings
from topcalls.config.limits import LimitSettings
from topcalls.config.process import ProcessSettings
from topcalls.config.recordings import RecordingSettings
from topcalls.config.rest_api import ApiSettings
from topcalls.config.telephony import TelephonySettings
from topcalls.config.vendors import VendorSettings

ALL_ADDRESSES = ("", "0.0.0.0", "::")  # noqa: S104 - to recognise them
Mode = Literal["sandbox", "live"]


class Settings(
    AlertSettings,
    BusinessSettings,
    VendorSettings,
    LimitSettings,
    RecordingSettings,
    TelephonySettings,
    ApiSettings,
    ProcessSettings,
):
    """Every setting, with its default and its meaning. They are listed in the order of the rooms
    from the last of these bases to the first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    def traces_dir(self) -> Path:
        return (self.data_dir / "traces").resolve()

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
