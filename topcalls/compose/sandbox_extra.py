"""The extra `sandbox`, which an installation for real telephones does without."""

from __future__ import annotations

from topcalls.errors import ConfigError

_PACKAGES = ("h11", "wsproto")


def allow_missing(error: ModuleNotFoundError) -> None:
    """Nothing, where it is a package of the extra that is missing; raises the error otherwise."""
    if error.name not in _PACKAGES:
        raise error


def not_installed(field: str, instead: str) -> ConfigError:
    """What is told of it. `field`: the setting that would do without; `instead`: how."""
    return ConfigError(
        "The sandbox is not installed.",
        field=field,
        remedy=f"Run: pip install 'topcalls[sandbox]', or {instead}.",
    )
