"""Is this machine fit: directories, free space, the secret key's file, packages, zones, clock.

These functions block (a network disk may hang), so they belong on a thread. Nothing is left behind.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from topcalls.core.checkup import Finding, fault, judge_space, ok, warning
from topcalls.core.zones import data_version
from topcalls.services.file_systems import SYSTEM_MOUNTS, is_in_memory, kind_of
from topcalls.services.rule_pack import load_rule_pack

MB = 1_000_000
LEAST_DISK, ENOUGH_DISK = 100 * MB, 1000 * MB
LEAST_MEMORY, MEMORY_PER_CALL = 16 * MB, 1 * MB
"""Speech that is played takes 8 kB a second; a model is up to two minutes ahead of the caller."""

ZONE = "America/New_York"
_WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
_FOR_OTHERS = 0o077


def directory(
    check: str, path: Path, setting: str, *, least: int = LEAST_DISK, enough: int = ENOUGH_DISK
) -> Iterator[Finding]:
    """Can we write there, and is there room? `setting` names it for the remedy."""
    remedy = f"Let the user that TopCalls runs as write in it, or set {setting} to another place."
    existing = path
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    why = _why_not_writable(existing)
    if why:
        yield fault(check, f"{path} cannot be written: {why}.", remedy)
        return
    if existing == path:
        yield ok(check, f"{path} can be written.")
    else:
        yield ok(check, f"{path} does not exist yet, and can be made.")
    yield judge_space(
        f"{check}_space",
        str(path),
        _free(existing),
        least=least,
        enough=enough,
        remedy=f"Free space there, or set {setting} to a larger place.",
    )


def playback_directory(
    path: Path,
    max_calls: int,
    *,
    mounts: Path = SYSTEM_MOUNTS,
    least: int = LEAST_MEMORY,
    per_call: int = MEMORY_PER_CALL,
) -> Iterator[Finding]:
    """Where speech lies while it is played: writable, in memory, and large enough."""
    check, setting = "playback_dir", "TOPCALLS_PLAYBACK_DIR"
    yield from directory(check, path, setting, least=least, enough=max_calls * per_call)
    if is_in_memory(path, mounts):
        yield ok("playback_memory", f"{path} is in memory.")
        return
    yield warning(
        "playback_memory",
        f"{path} is on {kind_of(path, mounts) or 'an unknown file system'}, not in memory: speech "
        "may stutter when the disk is busy.",
        f"Set {setting} to a directory on a tmpfs, such as /dev/shm/topcalls.",
    )


def cdr_directory(path: Path | None) -> Iterator[Finding]:
    """Where the switch leaves a record of each ended channel; controllers delete what is settled,
    so they must be able to write there."""
    if path is None:
        yield warning(
            "cdr_dir",
            "None: how a call ended that nobody watched is not known, nor how long it really was.",
            "Let the switch load mod_json_cdr, and set TOPCALLS_CDR_DIR to its log-dir.",
        )
        return
    yield from directory("cdr_dir", path, "TOPCALLS_CDR_DIR")


def secret_key_file(path: Path, *, shared_database: bool) -> Finding:
    """The key that was made on this machine because none is configured."""
    configure = "Set TOPCALLS_SECRET_KEY to the content of that file on every machine."
    if not path.exists():
        if shared_database:
            return warning(
                "secret_key",
                "None is configured, and each machine would make its own.",
                "Set TOPCALLS_SECRET_KEY; `topcalls keys secret` prints a value.",
            )
        return ok("secret_key", f"None yet; {path} is made at the first start.")
    if path.stat().st_mode & _FOR_OTHERS:
        return warning("secret_key", f"{path} is open to other users.", f"chmod 600 {path}")
    if shared_database:
        return warning("secret_key", f"{path} is this machine's, the database is not.", configure)
    return ok("secret_key", f"{path}, made on this machine. Back it up with the database.")


def zones(now: datetime, zone: str = ZONE, release: str | None = None) -> Finding:
    """Legal calling hours are local: the machine must know the zones of the world, and as they are
    this year. `release`: of the data, where it is not the one in use."""
    remedy = "pip install --upgrade tzdata"
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return fault("zones", f"There is no data of the time zone {zone}.", remedy)
    winter, summer = (datetime(2026, month, 15, tzinfo=info).utcoffset() for month in (1, 7))
    if zone == ZONE and (winter, summer) != (timedelta(hours=-5), timedelta(hours=-4)):
        return fault("zones", f"The data of the time zone {zone} is wrong.", remedy)
    return _age_of_zones(release or data_version(), now, remedy)


def clock(now: datetime) -> Finding:
    """A machine without a battery starts in the past."""
    if now < _WRITTEN:
        return fault(
            "clock",
            f"This machine believes it is {now:%Y-%m-%d}, before this program was written.",
            "Set the clock, and keep it by NTP (timedatectl set-ntp true).",
        )
    return ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC.")


def _age_of_zones(release: str, now: datetime, remedy: str) -> Finding:
    releases = load_rule_pack().releases
    age = releases.age_days(release, now.astimezone(UTC).date())
    if age is None:
        found = f"The release of the time zone data ({release}) is not known: no call is allowed."
        return fault("zones", found, remedy)
    found = f"Time zone data {release}, {age} days old."
    if age > releases.refuse_after_days:
        most = releases.refuse_after_days
        return fault("zones", f"{found} After {most} days no call is allowed.", remedy)
    if age > releases.warn_after_days:
        return warning("zones", f"{found} Laws change clocks: keep it young.", remedy)
    return ok("zones", found)


def _why_not_writable(place: Path) -> str:
    """Empty where a file can be written and deleted."""
    try:
        with tempfile.TemporaryFile(dir=place, prefix=".topcalls-doctor-") as file:
            file.write(b"?")
    except OSError as error:
        return (error.strerror or type(error).__name__).lower()
    return ""


def _free(place: Path, look: Callable[[Path], os.statvfs_result] = os.statvfs) -> int:
    """Bytes that an ordinary user may still write."""
    state = look(place)
    return state.f_bavail * state.f_frsize
