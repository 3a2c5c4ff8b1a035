"""`/v1/campaigns/{id}/rehearsal` by a client, whose every answer is held to the document."""

import pytest
from api_client import fault_paths
from campaign_rig import TASK
from rehearsal_rig import InThisProcess

from topcalls.api import rehearsal_examples as examples
from topcalls.errors import NoCapacity

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
MISSING = "7f1c2f64-5b3e-4c8e-9f4e-0a6c6d3c2b1a"


@pytest.fixture
def kind():
    """What the databases do differently is tested by the verbs."""
    return "sqlite"


@pytest.fixture
def campaign(api):
    api.services.rehearsals._child = InThisProcess()
    listed = api.post("/v1/lists", json={"name": "Leads"}).json["id"]
    leads = [{"phone_number": f"+1202555{n:04}"} for n in range(3)]
    api.post("/v1/leads/bulk", json={"list_id": listed, "leads": leads})
    body = {"name": "Spring", "call": {"task": TASK}, "list_ids": [listed]}
    return api.post("/v1/campaigns", json=body).json["id"]


def rehearse(api, campaign, body):
    return api.post(f"/v1/campaigns/{campaign}/rehearsal", json=body)


def test_a_campaign_is_rehearsed_as_the_examples_say(api, campaign):
    for example in examples.BODIES.values():
        report = rehearse(api, campaign, example["value"])
        assert report.status_code == 200
        assert report.json["people"] == 3
        assert report.json["campaign"]["id"] == campaign
    again = rehearse(api, campaign, examples.BODIES["own"]["value"])
    assert again.data == report.data
    assert report.json["wishes"]["callees"]["human_percent"] == 42
    assert len(report.json["dials"]) == 1


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"sead": 1}, {"sead"}),
        ({"seed": "1", "days": "2"}, {"seed", "days"}),
        ({"starts_at": "2026-12-01T09:00:00"}, {"starts_at"}),
        ({"days": 0, "dials": 200_001}, {"days", "dials"}),
        ({"callees": {"human": 1, "busy_percent": "9"}}, {"callees.human", "callees.busy_percent"}),
        ({"callees": 3}, {"callees"}),
    ],
)
def test_what_is_wrong_is_told_by_its_name(api, campaign, body, paths):
    refused = rehearse(api, campaign, body)
    assert refused.status_code == 400
    assert set(fault_paths(refused)) == paths


def test_what_cannot_be_rehearsed(api, campaign):
    assert rehearse(api, MISSING, {}).status_code == 404
    empty = api.post("/v1/campaigns", json={"name": "Empty", "call": {}}).json["id"]
    refused = rehearse(api, empty, {})
    assert (refused.status_code, refused.json["reason"]) == (409, "not_ready")
    assert [one["path"] for one in refused.json["problems"]] == ["call.task", "list_ids"]


def test_a_server_that_rehearses_another_says_when_to_come_back(api, campaign, monkeypatch):
    def busy(*_):
        raise NoCapacity("Busy.", retry_after=60)

    monkeypatch.setattr(api.services.rehearsals._child, "rehearse", busy, raising=False)
    refused = rehearse(api, campaign, {})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
