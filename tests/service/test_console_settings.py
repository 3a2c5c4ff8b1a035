"""The console: calls counted, usage and budgets, terms, dictionary, the installation."""

import factories
import pytest
from console_rig import ON_SQLITE, Reader

pytest_plugins = ("api_fixtures", "console_fixtures")
pytestmark = [pytest.mark.service, ON_SQLITE]


def test_analytics_without_calls_say_what_to_do(reader):
    assert "No call that is over lies in these days." in reader.read("/analytics")


@pytest.mark.parametrize("group", ["day", "hour", "campaign", "agent_version", "carrier", "number"])
def test_calls_are_counted_by_what_is_asked_for(api, reader, group):
    page = reader.read(f"/analytics?group_by={group}")
    assert f'value="{group}" selected' in page


def test_calls_that_are_over_stand_in_the_table_and_its_sum(api, reader):
    call = factories.queued_call(api.services, api.owner)
    api.services.calls.cancel(api.owner.account_id, call.id)
    api.services.clock.advance(5)
    assert api.services.statistics.count(api.services.clock.now()) == 1
    assert reader.read("/analytics").count('<td class="number">1</td>') == 2
    assert "<svg" in reader.open("/analytics/chart.svg").text


def test_the_chart_is_a_picture_and_the_table_a_file(reader):
    chart = reader.open("/analytics/chart.svg?group_by=hour")
    assert chart.mimetype == "image/svg+xml"
    assert "<script" not in chart.text
    table = reader.open("/analytics/calls.csv?group_by=hour")
    assert table.mimetype == "text/csv"
    assert "attachment" in table.headers["Content-Disposition"]


def test_days_that_are_none_are_told_at_their_field(reader):
    answer = reader.open("/analytics?from=yesterday")
    assert answer.status_code == 400
    assert "from-fault" in answer.text
    assert 'value="yesterday"' in answer.text


def test_usage_shows_limits_and_budgets_are_set(api, reader):
    assert "The account" in reader.read("/usage")
    form = {"day.minutes": "600", "day.cost": "25.00", "month.calls": "1000"}
    assert reader.send("/usage/budgets", form, since="/usage").status_code == 303
    budgets = api.get("/v1/account/budgets").json
    assert budgets["day"]["minutes"]["limit"] == 600
    assert budgets["day"]["cost"]["limit"] == "25.00"
    assert budgets["month"]["calls"]["limit"] == 1000
    assert 'value="25.00"' in reader.read("/usage")


def test_a_refused_budget_keeps_what_was_written(api, reader):
    answer = reader.send("/usage/budgets", {"day.cost": "much"}, since="/usage")
    assert answer.status_code == 400
    assert "day.cost-fault" in answer.text
    assert 'value="much"' in answer.text
    assert api.get("/v1/account/budgets").json["day"]["cost"]["limit"] is None


def test_the_dictionary_is_kept_and_told_where_it_is_wrong(api, reader):
    form = {
        "keywords": "Bright Smile\nNguyen",
        "pronunciations": '[{"word": "Nguyen", "say": "win"}]',
    }
    assert reader.send("/settings/speech", form, since="/settings").status_code == 303
    speech = api.get("/v1/account/speech").json
    assert speech["keywords"] == ["Bright Smile", "Nguyen"]
    answer = reader.send("/settings/speech", {**form, "pronunciations": "[{]"}, since="/settings")
    assert answer.status_code == 400
    assert "pronunciations-fault" in answer.text
    assert api.get("/v1/account/speech").json == speech


def test_terms_are_changed_section_by_section(api, reader):
    form = {"seller": "Bright Smile", "*": '{"policy": {"most_per_day": 1}}'}
    assert reader.send("/settings/terms", form, since="/settings").status_code == 303
    terms = api.get("/v1/account/compliance").json
    assert terms["seller"] == "Bright Smile"
    assert terms["policy"]["most_per_day"] == 1
    assert "Bright Smile" in reader.read("/settings")


def test_terms_that_are_refused_stay_written(api, reader):
    form = {"seller": "Bright Smile", "*": '{"policy": {"most_per_day": -1}}'}
    answer = reader.send("/settings/terms", form, since="/settings")
    assert answer.status_code == 400
    assert "most_per_day" in answer.text
    assert api.get("/v1/account/compliance").json["seller"] is None


def test_the_installation_is_for_an_admin(api, reader):
    page = reader.read("/status")
    assert "database" in page
    assert "What waits" in page
    other = Reader(api)
    other.sign_in(api.key("calls:read"))
    assert other.open("/status").status_code == 403
    assert "The installation" not in other.read("/settings")


def test_who_may_only_read_is_offered_no_change(api):
    reader = Reader(api)
    reader.sign_in(api.key("calls:read"))
    assert "Set them" not in reader.read("/usage")
    page = reader.read("/settings")
    assert "Words and names" in page
    assert "How calls are judged" not in page
    assert reader.send("/usage/budgets", {"day.calls": "1"}, since="/usage").status_code == 400
    assert api.get("/v1/account/budgets").json["day"]["calls"]["limit"] is None


def test_no_number_of_somebody_else_stands_on_these_pages(api, reader):
    api.create()
    for path in ("/analytics", "/usage", "/settings", "/status"):
        assert factories.NUMBER not in reader.read(path)
