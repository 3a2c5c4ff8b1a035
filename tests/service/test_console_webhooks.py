"""The console: webhooks subscribed to, tested, delivered, sent again."""

import re

import pytest
from console_rig import ON_SQLITE, Reader

pytest_plugins = ("api_fixtures", "console_fixtures")
pytestmark = [pytest.mark.service, ON_SQLITE]
FORM = {
    "event": "call.completed",
    "url": "https://hooks.example.com/calls",
    "filters": '{"answered_by": ["human"]}',
}


@pytest.fixture
def webhook_id(reader):
    answer = reader.send("/webhooks", FORM, since="/webhooks")
    assert answer.status_code == 303
    return answer.headers["Location"][-36:]


def test_without_subscriptions_it_says_what_to_do(reader):
    assert "Nobody is told of calls yet" in reader.read("/webhooks")
    assert "Nothing was sent yet." in reader.read("/webhooks/deliveries")


def test_a_subscription_is_made_changed_and_ended(api, reader, webhook_id):
    page = f"/webhooks/{webhook_id}"
    made = api.get(f"/v1/webhooks/{webhook_id}").json
    assert made["filters"] == {"answered_by": ["human"]}
    assert FORM["url"] in reader.read("/webhooks")
    reader.send(page, {**FORM, "filters": ""}, since=page)
    assert api.get(f"/v1/webhooks/{webhook_id}").json["filters"] is None
    reader.send(f"{page}/off", since=page)
    assert api.get(f"/v1/webhooks/{webhook_id}").json["enabled"] is False
    reader.send(f"{page}/on", since=page)
    assert api.get(f"/v1/webhooks/{webhook_id}").json["enabled"] is True
    reader.send(f"{page}/delete", since=page)
    assert api.get("/v1/webhooks").json["data"] == []


def test_a_refused_subscription_keeps_what_was_written(api, reader):
    form = {**FORM, "url": "http://localhost/hook"}
    answer = reader.send("/webhooks", form, since="/webhooks")
    assert answer.status_code == 400
    assert "url-fault" in answer.text
    assert 'value="http://localhost/hook"' in answer.text
    assert api.get("/v1/webhooks").json["data"] == []


def test_a_test_is_among_the_deliveries_with_what_is_posted(api, reader, webhook_id):
    page = f"/webhooks/{webhook_id}"
    reader.send(f"{page}/test", since=page)
    (delivery,) = api.get("/v1/webhooks/deliveries").json["data"]
    link = f"/webhooks/deliveries/{delivery['id']}"
    assert link in reader.read(page)
    assert link in reader.read("/webhooks/deliveries")
    assert link not in reader.read("/webhooks/deliveries?status=dead")
    assert "webhook.test" in reader.read(link)


def test_a_delivery_on_its_way_is_not_doubled(api, reader, webhook_id):
    page = f"/webhooks/{webhook_id}"
    reader.send(f"{page}/test", since=page)
    (delivery,) = api.get("/v1/webhooks/deliveries").json["data"]
    link = f"/webhooks/deliveries/{delivery['id']}"
    assert reader.send(f"{link}/replay", since=link).status_code == 303
    assert len(api.get("/v1/webhooks/deliveries").json["data"]) == 1


def test_a_new_secret_is_shown_once(api, reader):
    answer = reader.send("/webhooks/secret", {"overlap_hours": "2"}, since="/webhooks")
    assert answer.status_code == 200
    secret = re.search(r'readonly value="([^"]+)"', answer.text).group(1)
    assert secret == api.services.accounts.webhook_secret(api.owner.account_id)
    assert secret not in reader.read("/webhooks")


def test_a_wrong_overlap_is_told(api, reader):
    before = api.services.accounts.webhook_secret(api.owner.account_id)
    answer = reader.send("/webhooks/secret", {"overlap_hours": "soon"}, since="/webhooks")
    assert answer.status_code == 400
    assert "overlap_hours-fault" in answer.text
    assert api.services.accounts.webhook_secret(api.owner.account_id) == before


def test_who_may_only_read_is_offered_no_change(api, webhook_id):
    reader = Reader(api)
    reader.sign_in(api.key("webhooks:read"))
    assert "Subscribe<" not in reader.read("/webhooks")
    assert "Send a test<" not in reader.read(f"/webhooks/{webhook_id}")
    reader.send(f"/webhooks/{webhook_id}/delete", since="/webhooks")
    assert len(api.get("/v1/webhooks").json["data"]) == 1
