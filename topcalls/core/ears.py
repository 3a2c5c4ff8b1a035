"""Whose ears tell that the caller speaks: the model's (or the recogniser's), or our own."""

from __future__ import annotations

from typing import Final

AUTO: Final = "auto"
SERVER: Final = "server"
LOCAL: Final = "local"
EARS: Final = (AUTO, SERVER, LOCAL)


def are_local(asked: str | None, usual: str, mode: str, *, installed: bool) -> bool:
    """Whether a call has ears of its own.

    `asked` is the call's `interruption.ears`, `usual` the installation's; `auto` is what suits the
    mode: the chain gains from them, since its recogniser tells late that somebody speaks, and a
    speech-to-speech model has good ones at no cost here. What is not `installed` is never used.
    """
    wanted = asked or usual
    if wanted == AUTO:
        wanted = LOCAL if mode == "legacy" else SERVER
    return wanted == LOCAL and installed
