from gevent import monkey

monkey.patch_all()

import lanes  # noqa: E402
import pytest  # noqa: E402


def pytest_configure(config: pytest.Config) -> None:
    """Whole-product tests may run beside the others; see `lanes`."""
    if (plugin := lanes.plugin()) is not None:
        config.pluginmanager.register(plugin, "lanes")
