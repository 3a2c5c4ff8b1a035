"""One switch for all contract tests, on our own configuration, where a program is named for it."""

import os
import shlex
import shutil
import sys
import tempfile

import own_switch
import pytest

_OWN = os.environ.get(own_switch.PROGRAM) and not os.environ.get("TOPCALLS_TEST_FREESWITCH")


def _prepare():
    """Choose its ports now: the tests' marks ask for the address before anything runs."""
    # mod_loopback is for tests that call nobody
    made = own_switch.OwnSwitch(
        tempfile.mkdtemp(prefix="topcalls-switch-"), more_modules=("mod_loopback",)
    )
    program = f"{shlex.quote(sys.executable)} {shlex.quote(own_switch.__file__)}"
    os.environ.update(
        TOPCALLS_TEST_FREESWITCH=(
            f"127.0.0.1:{made.ports['esl']}:{own_switch.PASSWORD}:{own_switch.GATEWAY}"
        ),
        TOPCALLS_TEST_FREESWITCH_CALLEE=f"127.0.0.1:{made.ports['callee']}",
        TOPCALLS_TEST_FREESWITCH_CDR=str(made.cdrs),
        TOPCALLS_TEST_FREESWITCH_START=f"{program} start {made.directory}",
        TOPCALLS_TEST_FREESWITCH_KILL=f"{program} kill {made.directory}",
    )
    return made


_switch = _prepare() if _OWN else None


@pytest.fixture(scope="session", autouse=True)
def own():
    """The switch that was started for these tests, or None."""
    if _switch is None:
        yield None
        return
    yield _switch.start()
    _switch.stop()
    shutil.rmtree(_switch.directory)
