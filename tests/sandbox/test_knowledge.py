"""Knowledge in a call of the whole product: read by its worker, found by its controller."""

import pytest

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

FRIENDLY = "+12025550100"
TEXT = "# Parking\n\nGuests park in Mill Lane.\n\n# Returns\n\nShoes can be returned for a month."


def test_what_fits_the_task_is_told_and_kept(product):
    scopes = "knowledge:read,knowledge:write"
    key = product.new_key(scopes)
    wish = {"type": "text", "name": "Shop", "text": TEXT}
    base = product.request("POST", "/v1/knowledge", wish, key=key)
    assert base.status == 201, base.body
    url = f"/v1/knowledge/{base.body['id']}"
    product.wait_at(url, lambda seen: seen["status"] == "ready", key=key)
    call_id = product.place(
        FRIENDLY, task="Tell the guests where to park.", knowledge_base_ids=[base.body["id"]]
    )
    call = product.wait_over(call_id, seconds=120)
    (look,) = call["knowledge_lookups"]
    assert (look["trigger"], look["passages"][0]["heading"]) == ("start", "Parking")
    assert call["call_status"] == "completed"
