"""The delays of answers on the command line."""

import pytest
from click.testing import CliRunner

from topcalls.cli import main
from topcalls.cli.client import ApiClient

pytestmark = pytest.mark.unit
SPREAD = {"answers": 4, "p50": 301, "p95": 402, "p99": 503}
DAY = {
    "day": "2026-11-23",
    "mode": "legacy",
    "model": "",
    "latency": {"endpointing": SPREAD, "provider": SPREAD, "gateway": SPREAD, "ear": None},
}


@pytest.fixture
def shown(monkeypatch):
    def shown(days):
        class Api:
            def get(self, path, **query):
                assert path == "/v1/latency"
                assert (query["to"] - query["from"]).days == 2
                return {"data": days}

        monkeypatch.setattr(ApiClient, "from_settings", classmethod(lambda *_: Api()))
        result = CliRunner().invoke(main, ["latency", "--days", "3"])
        assert result.exit_code == 0, result.output
        return result.output.splitlines()

    return shown


def test_a_line_a_day(shown):
    head, row = shown([DAY])
    assert head.split() == ["Day", "Mode", "Model", "endpointing", "provider", "gateway", "ear"]
    assert row.split() == ["2026-11-23", "legacy", "-", *["301/402/503"] * 3, "-"]


def test_days_without_answers(shown):
    assert shown([]) == ["No answers were timed on these days."]
