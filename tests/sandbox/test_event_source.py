"""Event streams of the running product, read by a library that does what browsers do.

It comes again by itself where it was cut off, with the id of the last event that it has.
"""

import json
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
import requests
from product import Product
from requests_sse import EventSource, InvalidStatusCodeError
from scenarios import NUMBERS

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
SCOPES = "calls:read,calls:write,leads:read,leads:write,campaigns:read,campaigns:write"
LIMIT = 90


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """A product whose API may die."""
    product = Product(tmp_path_factory.mktemp("apart")).start()
    yield product
    assert product.stop() == 0


class Connections(requests.Session):
    """Closes what the library leaves open of connections that broke or were refused."""

    def __init__(self):
        super().__init__()
        self.answers = []

    def request(self, *args, **options):
        self.answers.append(super().request(*args, **options))
        return self.answers[-1]

    def close(self):
        for answer in self.answers:
            answer.close()
        super().close()


@contextmanager
def source(product, path, key=None, **more):
    """Events of an address, opened."""
    with (
        closing(Connections()) as connections,
        EventSource(
            product.url + path,
            headers={"Authorization": f"Bearer {key or product.key}"},
            timeout=LIMIT,
            reconnection_time=timedelta(seconds=0.2),
            session=connections,
            **more,
        ) as stream,
    ):
        yield stream


def told_by(stream, until=None):
    """Events (id, name, data) up to the first of a name, or to the end of it all: 204."""
    found = []
    try:
        for event in stream:
            found.append((event.last_event_id, event.type, json.loads(event.data)))
            if event.type == until:
                return found
    except InvalidStatusCodeError as over:
        assert over.status_code == 204
    return found


def lasting(found):
    """Without partial words, which are told to whoever is there, and without ids."""
    return [(name, data) for _, name, data in found if name != "partial"]


def test_a_call_is_followed_across_the_death_of_an_api_process(apart):
    call_id = apart.place(NUMBERS["talk"])
    path = f"/v1/calls/{call_id}/events"
    opened = []
    with source(apart, path, on_open=lambda: opened.append(1)) as stream:
        found = told_by(stream, "turn")
        apart.kill_child("api")
        found += told_by(stream)
    assert len(opened) == 2
    assert [name for _, name, _ in found].count("end") == 1
    assert found[-1][1] == "end"
    apart.wait_until(call_id, lambda call: call["completed"])
    with source(apart, path) as again:
        whole = told_by(again, "end")
    # A turn that grew is told with each change to whoever was there, and as it is now afterwards.
    states = [data for name, data in lasting(found) if name == "state"]
    assert states == [data for name, data in lasting(whole) if name == "state"]
    turns = {data["id"]: data for name, data in lasting(found) if name == "turn"}
    assert turns == {data["id"]: data for name, data in lasting(whole) if name == "turn"}


def test_who_comes_again_with_the_id_of_any_event_misses_nothing(apart):
    call_id = apart.place(NUMBERS["hangs up"])
    apart.wait_over(call_id)
    path = f"/v1/calls/{call_id}/events"
    with source(apart, path) as stream:
        whole = told_by(stream, "end")
    assert len(whole) > 5
    for at, (last, _, _) in enumerate(whole[:-1]):
        with source(apart, path, latest_event_id=last) as again:
            assert told_by(again, "end") == whole[at + 1 :]
    with (
        pytest.raises(InvalidStatusCodeError) as over,
        source(apart, path, latest_event_id=whole[-1][0]),
    ):
        raise AssertionError("it goes on behind its end")
    assert over.value.status_code == 204


def test_a_campaign_is_followed_to_its_end(apart):
    key = apart.new_key(SCOPES)
    list_id = apart.request("POST", "/v1/lists", {"name": "Patients"}, key).body["id"]
    people = {"list_id": list_id, "leads": [{"phone_number": NUMBERS["busy"], "name": "Ben"}]}
    assert apart.request("POST", "/v1/leads/bulk", people, key).status == 200
    call = {"task": "Remind them of the appointment.", "first_sentence": "Hello."}
    retry = {"outcomes": {"busy": {"max": 0}}}
    body = {"name": "Reminders", "call": call, "retry": retry, "list_ids": [list_id]}
    path = f"/v1/campaigns/{apart.request('POST', '/v1/campaigns', body, key).body['id']}"
    assert apart.request("POST", f"{path}/start", None, key).status == 200
    with source(apart, f"{path}/statistics", key) as stream:
        found = told_by(stream)
    assert {name for _, name, _ in found} == {"statistics", "end"}
    assert found[-1][1] == "end"
    assert found[-1][2]["status"] == "completed"
