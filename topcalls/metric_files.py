"""What the processes of one machine have counted, in files that they share (see `metrics.py`).

Each process has files of its own, and they outlive it. Gauges of a process that died tell nothing
any more; what it counted stays true and must stay in the sum, or the sum would fall. So it is added
to the files of all that died before, and a process that dies again and again leaves nothing more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
from pathlib import Path

from prometheus_client import multiprocess
from prometheus_client.mmap_dict import MmapedDict

from topcalls.log import get_logger

_COUNTED = ("counter", "histogram", "summary")
_THE_DEAD = 0
"""In place of a process id in the names of files."""

log = get_logger("metric_files")


def begin(directory: Path) -> None:
    """Forget what earlier runs counted."""
    for file in directory.glob("*.db"):
        file.unlink(missing_ok=True)


def bury(directory: Path, pid: int) -> None:
    """A process has died: its gauges go, and what it counted is added to what the dead did."""
    multiprocess.mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for kind in _COUNTED:
            file = directory / f"{kind}_{pid}.db"
            if file.exists():
                _add(file, directory / f"{kind}_{_THE_DEAD}.db")


def bury_dead(directory: Path) -> None:
    """Likewise for every process of this machine that is not there any more."""
    names = [file.stem.rpartition("_")[2] for file in directory.glob("*.db")]
    for pid in {int(name) for name in names if name.isdecimal()} - {_THE_DEAD}:
        if not _is_alive(pid):
            bury(directory, pid)


def _add(file: Path, total: Path) -> None:
    """The sum appears at once, together with the end of what is added."""
    part = total.with_suffix(".part")
    if total.exists():
        shutil.copyfile(total, part)
    sums = MmapedDict(str(part))  # type: ignore[no-untyped-call]
    try:
        counted = MmapedDict.read_all_values_from_file(str(file))  # type: ignore[no-untyped-call]
        for key, value, at, _ in list(counted):
            before, _ = sums.read_value(key)  # type: ignore[no-untyped-call]
            sums.write_value(key, before + value, at)  # type: ignore[no-untyped-call]
    except (RuntimeError, struct.error) as error:  # it died in the middle of a write
        log.warning("What a process counted cannot be read", file=file.name, why=str(error))
    sums.close()  # type: ignore[no-untyped-call]
    part.replace(total)
    file.unlink()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
