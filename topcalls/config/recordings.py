"""Where recordings, calendars and records of calls are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class RecordingSettings(BaseModel):
    """Where recordings, calendars and records of calls are kept."""

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
