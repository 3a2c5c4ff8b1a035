"""JSON Schemas that customers bring: which are taken, and what is told of a value that misses."""

import pytest

from topcalls.core.json_schema import MAX_STEPS, Checker, schema_faults

pytestmark = pytest.mark.unit

ORDER = {
    "type": "object",
    "properties": {
        "order": {"type": "integer", "minimum": 1},
        "code": {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
    },
    "required": ["order"],
    "additionalProperties": False,
    "$defs": {"item": {"type": "object", "properties": {"count": {"type": "integer"}}}},
}


def codes(schema):
    return {fault.path: fault.code for fault in schema_faults(schema, "parameters")}


def problems(value, schema=None):
    return {problem.path: problem.message for problem in Checker(schema or ORDER).problems(value)}


@pytest.mark.parametrize(
    "schema",
    [
        ORDER,
        {"type": "object"},
        {"type": "object", "properties": {"next": {"$ref": "#"}}},
        {"type": "object", "properties": {"$ref": {"type": "string"}, "pattern": {}}},
        {"type": "object", "properties": {"a/b": {}, "c": {"$ref": "#/properties/a~1b"}}},
        {"type": "object", "properties": {"a": {"anyOf": [{"type": "null"}, True]}}},
    ],
)
def test_a_schema_of_an_object_is_taken(schema):
    assert codes(schema) == {}


@pytest.mark.parametrize(
    ("properties", "path", "code"),
    [
        ({"a": {"$ref": "#/$defs/none"}}, "a.$ref", "unknown_reference"),
        ({"a": {"$ref": "#none"}}, "a.$ref", "unknown_reference"),
        ({"a": {"default": {"x": {}}, "$ref": "#/properties/a/default/x"}}, "a.$ref", None),
        ({"a": {"$ref": "https://example.com/s"}}, "a.$ref", "remote_reference"),
        ({"a": {"items": {"$ref": "file:///etc/passwd"}}}, "a.items.$ref", "remote_reference"),
        ({"a": {"$id": "x"}}, "a.$id", "unsupported_keyword"),
        ({"a": {"unevaluatedProperties": False}}, "a.unevaluatedProperties", None),
    ],
)
def test_a_reference_must_lead_to_a_part_of_the_same_schema(properties, path, code):
    found = codes({"type": "object", "properties": properties})
    assert list(found) == [f"parameters.properties.{path}"]
    assert code is None or list(found.values()) == [code]


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        (True, "parameters"),
        ({"type": "objekt"}, "parameters.type"),
        ({"type": "array"}, "parameters.type"),
        ({}, "parameters.type"),
        ({"type": "object", "properties": {"a": {"pattern": "("}}}, "parameters.properties.a"),
        ({"type": "object", "definitions": 5}, "parameters.definitions"),
        ({"type": "object", "required": "order"}, "parameters.required"),
        ({"type": "object", "description": "x" * 40_000}, "parameters"),
    ],
)
def test_what_is_no_schema_is_refused_where_it_is_wrong(schema, path):
    (found,) = codes(schema)
    assert found.startswith(path)


def test_what_fits_has_no_problems():
    assert problems({"order": 7, "code": "AB1", "items": [{"count": 2}]}) == {}


def test_every_problem_is_told_with_its_place():
    told = problems({"order": 0, "code": "ab", "items": [{"count": "2"}], "other": 1})
    assert told.keys() == {"order", "code", "items.0.count", ""}
    assert "minimum" in told["order"]
    assert "'other' is not expected here" in told[""]
    assert "does not match" in told["code"]


def test_so_many_problems_are_told_and_no_more():
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    found = Checker(schema).problems({str(index): "x" for index in range(20)})
    assert len(found) == 5


def test_names_by_pattern_are_known_names():
    schema = {
        "type": "object",
        "patternProperties": {"^x-": {"type": "integer"}},
        "additionalProperties": False,
    }
    assert problems({"x-a": 1}, schema) == {}
    assert problems({"x-a": "1", "y": 1}, schema).keys() == {"x-a", ""}


def _doubling(depth):
    parts = {f"p{i}": {"allOf": [{"$ref": f"#/$defs/p{i + 1}"}] * 2} for i in range(depth)}
    return {
        "type": "object",
        "$defs": {**parts, f"p{depth}": {}},
        "properties": {"a": {"$ref": "#/$defs/p0"}},
    }


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (_doubling(60), {"a": 1}),
        ({"type": "object", "$ref": "#"}, {"a": 1}),
        ({"type": "object", "properties": {"a": {"pattern": "(a+)+$"}}}, {"a": "a" * 5000 + "b"}),
        (
            {
                "type": "object",
                "patternProperties": {"(a+)+$": {}},
                "additionalProperties": False,
            },
            {"a" * 5000 + "b": 1},
        ),
    ],
    ids=["doubles at each step", "refers to itself", "evil pattern", "evil name"],
)
def test_a_schema_that_would_take_for_ever_is_given_up(schema, value):
    assert codes(schema) == {}
    told = problems(value, schema)
    assert "too complicated" in told[""]
    assert MAX_STEPS < 2**60


def test_one_look_takes_nothing_from_the_next():
    checker = Checker(_doubling(10))
    for _ in range(20):
        assert checker.problems({"a": 1}) == []
