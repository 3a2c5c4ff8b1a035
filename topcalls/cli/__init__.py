"""The `topcalls` command. Patching comes first: everything imported later is cooperative.

Until everything is imported, Ctrl-C ends the process at once and without a traceback: there is
nothing to be put in order yet.
"""

import signal
import threading
import zoneinfo

_is_main = threading.current_thread() is threading.main_thread()
_ctrl_c = signal.signal(signal.SIGINT, signal.SIG_DFL) if _is_main else None

from gevent import monkey  # noqa: E402

monkey.patch_all()
zoneinfo.reset_tzpath([])  # the packaged zone data: a system's may be years old

from topcalls.cli.root import main  # noqa: E402

if _is_main:
    signal.signal(signal.SIGINT, _ctrl_c)

__all__ = ["main"]
