"""What runs, and on which database."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class ProcessSettings(BaseModel):
    """What runs, and on which database."""

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
    trace: Literal["off", "failed", "all"] = Field(
        "failed",
        description="Of which calls the controller stores the last messages with the switch and "
        "the AI, in `data_dir/traces`, for `topcalls bundle`: of none, those that failed, or all.",
    )
    trace_days: int = Field(7, ge=1, le=365, description="For how many days it keeps them.")
    trace_whole: bool = Field(
        False,
        description="Keep telephone numbers and words in them. They stay there then when a person "
        "is erased, until `trace_days` are over.",
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
