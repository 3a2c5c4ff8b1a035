"""The fixture `api`; a test module takes it by `pytest_plugins = ("api_fixtures",)`."""

from __future__ import annotations

import factories
import pytest
from api_client import PUBLIC_URL, SCOPES, Api, api_services

from topcalls.api.app import create_app


@pytest.fixture
def api(services: factories.Services) -> Api:
    """The API of a sandbox install with one account of 1000 minutes."""
    owner = factories.principal(services)
    api = Api(create_app(api_services(services), public_url=PUBLIC_URL), services, owner, "")
    api.token = api.key(*SCOPES)
    return api
