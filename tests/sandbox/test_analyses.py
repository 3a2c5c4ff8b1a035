"""What remains of calls of the whole product: read by the sandbox's model, in the worker."""

import pytest

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

FRIENDLY = "+12025550100"
BUSY = "+12025550101"
SCHEMA = {
    "type": "object",
    "properties": {
        "minute": {"type": "boolean", "description": "The person has a minute."},
        "passport": {"type": "string", "description": "Passport."},
    },
    "required": ["minute", "passport"],
}
MAPPING = [
    {"when": {"field": "call.call_status", "op": "eq", "value": "busy"}, "outcome": "later"},
    {"when": {"field": "call.status", "op": "eq", "value": "completed"}, "outcome": "talked"},
]
WISHES = {
    "summary": {},
    "analysis_schema": SCHEMA,
    "outcome_mapping": MAPPING,
    "redaction": {"names": ["Rachel"], "audio": "silence"},
}


@pytest.fixture(scope="module")
def placed(product):
    """Both calls at once."""
    return {number: product.place(number, **WISHES) for number in (FRIENDLY, BUSY)}


def test_a_talk_is_summed_up_and_read(product, placed):
    call = product.wait_over(placed[FRIENDLY], seconds=120)
    assert call["call_summary"].startswith("A rehearsed conversation of")
    assert call["analysis"].keys() == {"minute", "passport"}
    assert call["analysis"]["passport"] is None
    assert (call["disposition"], call["analysis_status"]) == ("talked", "done")
    report = call["analysis_report"]
    assert report["errors"] == {}
    turns = {turn["id"] for turn in call["transcript"]}
    found = report["evidence"]["minute"] or []
    assert {one["turn"] for one in found} <= turns
    assert call["transcript"][0]["text"].startswith("Hi, this is [name] from")
    assert call["recording_url"]
    text = product.request("GET", f"/v1/calls/{call['id']}/transcript?format=text")
    assert len(text.body.splitlines()) == len(turns)


def test_a_line_that_is_busy_has_a_disposition_too(product, placed):
    call = product.wait_over(placed[BUSY], seconds=120)
    assert (call["disposition"], call["analysis"]) == ("later", None)
