"""The `topcalls` command. Patching comes first: everything imported later is cooperative.

Until everything is imported, Ctrl-C ends the process at once and without a traceback: there is
nothing to be put in order yet.
"""

import signal
import threading
import zoneinfo

_is_main = threading.current_thread() is threading.main_thread()
_ctrl_c = signal.signal(signal.SIGINT, signal.SIG_DFL) if _is_main else None

from topcalls.loading import packages_read_once, uncollected  # noqa: E402

with uncollected():
    from gevent import monkey

    with packages_read_once():
        monkey.patch_all()

    from topcalls import patience

    patience.look_again()
    zoneinfo.reset_tzpath([])  # the packaged zone data: a system's may be years old

    from topcalls.cli.root import main

if _is_main:
    signal.signal(signal.SIGINT, _ctrl_c)

__all__ = ["main"]
