"""The fixture `api`; a test module takes it by `pytest_plugins = ("api_fixtures",)`."""

from __future__ import annotations

import factories
import pytest
from api_client import PUBLIC_URL, SCOPES, Api, api_services
from flask import Flask

from topcalls.api.app import attach, create_app

_made: list[Flask] = []


@pytest.fixture
def api(services: factories.Services) -> Api:
    """The API of a sandbox install with one account of 1000 minutes.

    Its application is made once: a tenth of a second of work for each of so many tests.
    """
    owner = factories.principal(services)
    if _made:
        attach(_made[0], api_services(services))
    else:
        _made.append(create_app(api_services(services), public_url=PUBLIC_URL))
    api = Api(_made[0], services, owner, "")
    api.token = api.key(*SCOPES)
    return api
