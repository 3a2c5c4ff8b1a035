import zoneinfo

from gevent import monkey

monkey.patch_all()
zoneinfo.reset_tzpath([])  # as the command does

import hypothesis  # noqa: E402
import lanes  # noqa: E402
import pytest  # noqa: E402

from topcalls import patience  # noqa: E402

patience.look_again()  # as the command does

# How fast a machine is, and what else it does, decides about no test.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Tests of calls may run beside the others; see `lanes`."""
    if (plugin := lanes.plugin()) is not None:
        config.pluginmanager.register(plugin, "lanes")
