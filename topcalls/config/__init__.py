"""Configuration: one frozen settings object.

Defaults < settings file (TOML) < environment. A setting `media_port` is `media_port = …` in the
file and `TOPCALLS_MEDIA_PORT` in the environment; `FROM_NUMBER` and `OPENAI_API_KEY` are also
understood as such. An unknown key is an error, so that a typing mistake is never silently a
default. Secrets never print. `docs/configuration.md` is generated from it.
"""

from topcalls.config.loading import DEFAULT_FILE, load
from topcalls.config.names import CONFIG_VARIABLE, PREFIX
from topcalls.config.settings import ALL_ADDRESSES, Mode, Settings

__all__ = [
    "ALL_ADDRESSES",
    "CONFIG_VARIABLE",
    "DEFAULT_FILE",
    "Mode",
    "PREFIX",
    "Settings",
    "load",
]
