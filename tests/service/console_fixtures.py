"""The fixtures of tests of the console; a module takes them by `pytest_plugins`."""

from __future__ import annotations

import pytest
from api_client import Api
from console_rig import Reader


@pytest.fixture
def reader(api: Api) -> Reader:
    """Somebody who signed in with a key that may do all."""
    reader = Reader(api)
    assert reader.sign_in(api.token).status_code == 303
    return reader
