"""Builds every long-lived object from the settings. The only place that knows them all."""

from topcalls.compose.api import build_api, ensure_port_is_free, openapi
from topcalls.compose.controller import build_controller
from topcalls.compose.sandbox import build_sandbox, sandbox_endpoints, wait_until_unused
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
