"""Builds every long-lived object from the settings. The only place that knows them all.

A process loads only what it is made of, when it asks for it: each of the four needs other
libraries, and a product is as quick to start as its slowest process.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from topcalls.compose.api import build_api, ensure_port_is_free, openapi
    from topcalls.compose.controller import build_controller
    from topcalls.compose.endpoints import sandbox_endpoints
    from topcalls.compose.sandbox import build_sandbox, wait_until_unused
    from topcalls.compose.services import (
        Services,
        ensure_data_dir,
        front_door_key,
        migrate,
        new_secret_key,
        open_services,
    )
    from topcalls.compose.worker import build_worker

__all__ = [
    "Services",
    "build_api",
    "build_controller",
    "build_sandbox",
    "build_worker",
    "ensure_data_dir",
    "ensure_port_is_free",
    "front_door_key",
    "migrate",
    "new_secret_key",
    "open_services",
    "openapi",
    "sandbox_endpoints",
    "wait_until_unused",
]

_ROOMS = {
    "api": ("build_api", "ensure_port_is_free", "openapi"),
    "controller": ("build_controller",),
    "endpoints": ("sandbox_endpoints",),
    "sandbox": ("build_sandbox", "wait_until_unused"),
    "worker": ("build_worker",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOM_OF.get(name, 'services')}"), name)
