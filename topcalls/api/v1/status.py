"""`/v1/status` for people, `/live` and `/ready` for orchestrators, `/metrics` for Prometheus."""

from __future__ import annotations

from flask import Response

from topcalls import metrics
from topcalls.api.auth import public, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.schemas.status import AlertsSchema, LiveSchema, ReadySchema, StatusSchema
from topcalls.api.status_examples import ALERTS, STATUS
from topcalls.errors import ConfigError, NoCapacity
from topcalls.services.alerts import AlertView
from topcalls.services.installation import InstallationView

status = ApiBlueprint("status", __name__, description="How the installation is doing.")
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@status.route("/v1/status")
@requires("admin")
@status.response(200, StatusSchema, example=STATUS)
def get_status() -> InstallationView:
    """Get the state of the installation."""
    return services().installation.view()


@status.route("/v1/status/alerts")
@requires("admin")
@status.response(200, AlertsSchema, example=ALERTS)
def list_alerts() -> dict[str, list[AlertView]]:
    """List what is wrong with the installation.

    The worker looks once a minute, and tells by webhook and e-mail what the settings say.
    """
    return {"data": services().alerts.standing()}


@status.route("/live")
@public
@status.response(200, LiveSchema)
def live() -> dict[str, str]:
    """Tell that the process answers."""
    return {"status": "live"}


@status.route("/ready")
@public
@fails_with(503)
@status.response(200, ReadySchema)
def ready() -> dict[str, str]:
    """Tell whether requests can be served: the database is there and up to date."""
    try:
        services().installation.check_ready()
    except ConfigError as error:
        raise NoCapacity(error.message, remedy=error.remedy) from None
    return {"status": "ready"}


@status.route("/metrics")
@requires("admin")
@status.response(200, {"type": "string"}, content_type=_PROMETHEUS)
def get_metrics() -> Response:
    """Get the metrics of this machine's processes, as Prometheus text.

    Give the scraper a key with the scope `admin` as bearer token.
    """
    services().installation.measure()
    return Response(metrics.exposition(), content_type=_PROMETHEUS)
