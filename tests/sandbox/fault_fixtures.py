"""One running product for all tests of faults, on small disks and with a clock that can be set."""

import shutil
import struct
import subprocess
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
from fault_scenarios import SCENARIOS
from faulty_product import FaultyProduct

from topcalls.census import COUNT_SECONDS

DISK_BYTES = 32_000_000
BUSY = "+12025550101"
_CLOCK_SOURCE = Path(__file__).with_name("shifted_clock.c")


@pytest.fixture(scope="session")
def fault_directory(tmp_path_factory):
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="session")
def small_disks(fault_directory):
    """Small disks for speech, for recordings, and for those that are being made; None where
    nothing can be mounted."""
    disks = {name: fault_directory / name for name in ("playback", "recordings", "spool")}
    mounted = [path for path in disks.values() if _mount(path)]
    yield disks if len(mounted) == len(disks) else None
    for path in mounted:
        subprocess.run(["umount", str(path)], check=True)


@pytest.fixture(scope="session")
def clock_settings(fault_directory):
    """What makes the wall clock of every process movable; None without a C compiler."""
    if (compiler := shutil.which("cc")) is None:
        return None
    library, offset = fault_directory / "shifted_clock.so", fault_directory / "clock"
    command = [compiler, "-shared", "-fPIC", "-o", library, _CLOCK_SOURCE, "-ldl"]
    subprocess.run(command, check=True)
    offset.write_bytes(struct.pack("q", 0))
    return {"LD_PRELOAD": str(library), "SHIFTED_CLOCK_FILE": str(offset)}


@pytest.fixture(scope="session")
def faulty(fault_directory, small_disks, clock_settings):
    """The product, running."""
    product = FaultyProduct(
        fault_directory,
        TOPCALLS_RECORDINGS_DIR=str(fault_directory / "recordings"),
        TOPCALLS_RECORDING_SPOOL_DIR=str(fault_directory / "spool"),
        TOPCALLS_MAX_CALLS="40",
        **(clock_settings or {}),
    )
    product.start_with(SCENARIOS)
    yield product
    assert product.stop() == 0


@pytest.fixture(scope="session")
def idle(faulty):
    """What the controller has when it has nothing to do. It counts now and then; its first count is
    of its start."""
    faulty.wait_over(faulty.place(BUSY))
    looks = []
    since = time.monotonic() + COUNT_SECONDS + 1
    until = since + COUNT_SECONDS + 1
    faulty.wait_for(lambda: time.monotonic() > since, "the second count")
    faulty.wait_for(lambda: looks.append(faulty.held()) or time.monotonic() > until, lambda: looks)
    return min(looks, key=Counter.total)


@pytest.fixture
def place(faulty, idle):
    """Place a call; after the test it has ended once, and nothing is left."""
    placed = []

    def place(number):
        placed.append(faulty.place(number))
        return placed[-1]

    yield place
    faulty.assert_settled(placed, idle)


@pytest.fixture
def full_disk(small_disks):
    """A context in which nothing more can be written to the named disk."""
    if small_disks is None:
        pytest.skip("nothing can be mounted here: no small disk to fill")
    return lambda name: _filled(small_disks[name])


@pytest.fixture
def set_clock(clock_settings):
    """Set every process's wall clock, by so many seconds from the true time; undone at the end."""
    if clock_settings is None:
        pytest.skip("no C compiler here: the clock cannot be set")

    def set_clock(seconds):
        with Path(clock_settings["SHIFTED_CLOCK_FILE"]).open("r+b") as file:
            file.write(struct.pack("q", seconds))

    yield set_clock
    set_clock(0)


def _mount(path):
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(path)]
    return shutil.which("mount") and subprocess.run(command, capture_output=True).returncode == 0


@contextmanager
def _filled(disk):
    filler = disk / "filler.bin"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 1):
            with pytest.raises(OSError, match="No space left"):
                while file.tell() <= 2 * DISK_BYTES:
                    file.write(bytes(size))
    try:
        yield
    finally:
        filler.unlink()
