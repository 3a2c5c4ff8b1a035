"""Guides are short and each block in them is run or says why not; migration pages name fields of
ours that exist."""

import json
import re
import sys
from pathlib import Path

import api_contract
import pytest

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "guides"
sys.path.insert(0, str(ROOT / "tests" / "sandbox"))

import guides  # noqa: E402
import test_guides  # noqa: E402

MIGRATIONS = ("from_bland", "from_retell", "from_vapi")
HOSTED = "from_hosted_topcalls"
LINES = 130
SHOWN = ("sh", "python", "text", "json")
NOT_RUN = {
    "connect_a_trunk": ["a switch, a carrier and a key of OpenAI"],
    "scaling_out": ["PostgreSQL and several machines"],
}
"""Blocks that no test runs, by what they need."""

TABLE = re.compile(
    r"^<!-- (?P<kind>fields|values): (?P<of>[\w., ]+) -->\n(?P<rows>(?:\|.*\n)+)", re.MULTILINE
)
BODY = re.compile(r"<!-- body: (?P<of>\w+) -->\n```json\n(?P<text>.*?)```", re.DOTALL)
OPERATION = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/v1/\S+)")


def page(name):
    return (GUIDES / f"{name}.md").read_text()


def test_every_guide_is_run():
    names = {path.stem for path in GUIDES.glob("*.md")}
    assert names - {*MIGRATIONS, HOSTED} == {*test_guides.TASKS, *test_guides.ALONE}


@pytest.mark.parametrize("name", sorted({*test_guides.TASKS, *test_guides.ALONE}))
def test_a_guide_is_short_and_its_blocks_are_run(name):
    text = page(name)
    assert len(text.splitlines()) <= LINES
    found = guides.blocks(text)
    assert text.count("```") == 2 * len(found)
    assert {block.language for block in found} <= set(SHOWN)
    assert {block.mark for block in found} <= {"", *guides.MARKS}
    assert [block.why for block in found if block.mark == "not run"] == NOT_RUN.get(name, [])
    assert any(block.is_run for block in found)


@pytest.mark.parametrize("name", MIGRATIONS)
def test_a_migration_page_names_fields_that_exist(name):
    tables = list(TABLE.finditer(page(name)))
    assert len(tables) >= 5
    assert len(tables) == page(name).count("\n| --- |")
    unknown = [
        told
        for table in tables
        for told in told_in(table["rows"])
        if not exists(told, table["kind"], [of.strip() for of in table["of"].split(",")])
    ]
    assert unknown == []


@pytest.mark.parametrize("name", MIGRATIONS)
def test_a_body_of_a_migration_page_is_accepted(name):
    bodies = list(BODY.finditer(page(name)))
    assert bodies
    for body in bodies:
        assert api_contract.faults(json.loads(body["text"]), schema(body["of"])) == []


def test_a_field_that_does_not_exist_is_found():
    assert exists("voicemail.action", "fields", ["CallCreate"])
    assert exists("transfer.destinations.number", "fields", ["CallCreate"])
    assert exists("POST /v1/calls/{call_id}/stop", "fields", ["CallCreate"])
    assert exists("silence", "values", ["CallDetails.end_reason"])
    assert not exists("voicemail.beep", "fields", ["CallCreate"])
    assert not exists("first_message", "fields", ["CallCreate"])
    assert not exists("POST /v1/call", "fields", ["CallCreate"])
    assert not exists("bored", "values", ["CallDetails.end_reason"])


def told_in(rows):
    """What the second column of a table names in code."""
    for row in rows.splitlines()[2:]:
        yield from re.findall(r"`([^`]+)`", row.replace(r"\|", "").split("|")[2])


def exists(told, kind, of):
    if operation := OPERATION.fullmatch(told):
        path = re.sub(r"\{\w+\}", "{}", operation[2].partition("?")[0])
        return (operation[1].lower(), path) in operations()
    if kind == "values":
        schema_name, _, field = of[0].partition(".")
        return told in property_of(schema(schema_name), field)["enum"]
    return any(has(schema(name), told.split(".")) for name in of)


def operations():
    return {
        (method, re.sub(r"\{\w+\}", "{}", path)) for path, method, _ in api_contract.operations()
    }


def has(described, names):
    """Whether an object so described has a field of this path."""
    for name in names:
        described = property_of(described, name)
        if described is None:
            return False
    return True


def property_of(described, name):
    """The field `name` of an object so described: behind references, lists and what is joined."""
    if "$ref" in described:
        return property_of(schema(described["$ref"].rsplit("/", 1)[1]), name)
    if name in described.get("properties", {}):
        return described["properties"][name]
    parts = [*described.get("allOf", []), *described.get("oneOf", []), *described.get("anyOf", [])]
    parts += [described["items"]] if "items" in described else []
    return next((found for part in parts if (found := property_of(part, name)) is not None), None)


def schema(name):
    return api_contract.document()["components"]["schemas"][name]
