"""Where speech lies while it is played."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from topcalls.config import Settings


def playback_dir(settings: Settings) -> Path:
    """The configured directory; in the sandbox, unless one is configured, this user's own.

    The sandbox's switch is a process of the same user, so nothing has to be agreed with anybody,
    and users of one machine are not in each other's way.
    """
    if settings.telephony_mode == "live" or "playback_dir" in settings.model_fields_set:
        return settings.playback_dir
    tmpfs = settings.playback_dir.parent
    base = tmpfs if os.access(tmpfs, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    return base / f"{settings.playback_dir.name}-{os.getuid()}"
