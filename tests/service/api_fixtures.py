"""The fixture `api`; a test module takes it by `pytest_plugins = ("api_fixtures",)`."""

from __future__ import annotations

import factories
import pytest
from api_client import SCOPES, Api, api_services, serving


@pytest.fixture
def api(services: factories.Services) -> Api:
    """The API of a sandbox install with one account of 1000 minutes."""
    owner = factories.principal(services)
    api = Api(serving(api_services(services)), services, owner, "")
    api.token = api.key(*SCOPES)
    return api
