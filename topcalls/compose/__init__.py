"""Builds every long-lived object from the settings. The only place that knows them all.

A process loads only what it is made of, when it asks for it: each of the four needs other
libraries, and a product is as quick to start as its slowest process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from topcalls.loading import load

if TYPE_CHECKING:
    from topcalls.compose.administration import (
        Administration,
        front_door_key,
        open_administration,
    )
    from topcalls.compose.api import build_api, ensure_port_is_free, openapi
    from topcalls.compose.controller import build_controller
    from topcalls.compose.database import ensure_data_dir, migrate, new_secret_key
    from topcalls.compose.endpoints import sandbox_endpoints
    from topcalls.compose.replay import ReplayRoom, replay_wishes
    from topcalls.compose.sandbox import build_sandbox, wait_until_unused
    from topcalls.compose.services import Services, open_services
    from topcalls.compose.worker import build_worker

__all__ = [
    "PROCESSES",
    "Administration",
    "ReplayRoom",
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
    "open_administration",
    "open_services",
    "openapi",
    "replay_wishes",
    "sandbox_endpoints",
    "wait_until_unused",
]

_ROOMS = {
    "administration": ("Administration", "front_door_key", "open_administration"),
    "api": ("build_api", "ensure_port_is_free", "openapi"),
    "controller": ("build_controller",),
    "database": ("ensure_data_dir", "migrate", "new_secret_key"),
    "endpoints": ("sandbox_endpoints",),
    "replay": ("ReplayRoom", "replay_wishes"),
    "sandbox": ("build_sandbox", "wait_until_unused"),
    "worker": ("build_worker",),
}
PROCESSES = tuple(f"{__name__}.{name}" for name in ("sandbox", "controller", "worker", "api"))
"""The modules that the processes of a machine are made of."""

_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(load(f"{__name__}.{_ROOM_OF.get(name, 'services')}"), name)
