"""Answers made up from JSON Schemas fit them; strict mode refuses what the service refuses."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.sandbox.openai.schemas import example, strict_problem

NODE = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
    },
    "required": ["name", "next"],
    "additionalProperties": False,
}
SCHEMAS = [
    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"enum": ["x", "y"]}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"const": 5}}, "required": ["a"]},
    {"type": "integer", "minimum": 4, "maximum": 5},
    {"type": "integer", "exclusiveMinimum": 4},
    {"type": "number", "minimum": 0.5},
    {"type": "boolean"},
    {"type": "null"},
    {"type": "array", "items": {"type": "string"}, "minItems": 3},
    {"type": "string", "minLength": 40, "maxLength": 41},
    {"type": "string", "maxLength": 3},
    {"type": "string", "format": "date"},
    {"anyOf": [{"type": "null"}, {"type": "integer"}]},
    {"$defs": {"node": NODE}, **NODE},
    {"$ref": "#/$defs/x", "$defs": {"x": {"type": "integer"}}},
    {"properties": {"a": {"type": "string"}}},
    {},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_example_fits_its_schema(schema):
    jsonschema.validate(example(schema), schema)


def test_optional_value_is_filled_in_and_hints_are_used():
    schema = {
        "type": "object",
        "properties": {"a": {"type": ["null", "string"]}, "summary": {"type": "string"}},
    }
    assert example(schema, hints={"summary": "short"}) == {"a": "sandbox a", "summary": "short"}


def test_hopeless_schemas_still_give_something():
    assert example({"$ref": "#/missing"}) == "sandbox answer"
    assert example("nonsense") == "sandbox answer"
    assert example({"$ref": "#"}) == "sandbox answer"


GOOD = {
    "type": "object",
    "properties": {"a": {"type": "array", "items": NODE}, "b": {"anyOf": [{"type": "null"}, NODE]}},
    "required": ["a", "b"],
    "additionalProperties": False,
    "$defs": {"node": NODE},
}


def test_strict_accepts_its_subset():
    assert strict_problem(GOOD) is None


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        (None, "JSON Schema"),
        ({"type": "array"}, "array"),
        ({"anyOf": [GOOD]}, "None"),
        ({**GOOD, "additionalProperties": True}, "additionalProperties"),
        ({**GOOD, "required": ["a"]}, "Missing 'b'"),
        ({**GOOD, "allOf": []}, "allOf"),
        ({**GOOD, "$defs": {"x": {**NODE, "default": {}}}}, "'$defs', 'x'"),
        (
            {**GOOD, "properties": {"a": {"type": "array", "items": {"type": "object"}}, "b": {}}},
            "'items'",
        ),
        ({**GOOD, "properties": {"a": {"anyOf": [{"not": {}}]}, "b": {}}}, "'anyOf', '0'"),
    ],
)
def test_strict_refuses(schema, word):
    assert word in strict_problem(schema)


NESTED = st.recursive(
    st.sampled_from([{"type": kind} for kind in ("string", "integer", "boolean", "null")]),
    lambda inner: st.one_of(
        st.builds(lambda item: {"type": "array", "items": item}, inner),
        st.builds(
            lambda items: {"type": "object", "properties": items, "required": list(items)},
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        ),
        st.builds(lambda item: {"anyOf": [{"type": "null"}, item]}, inner),
    ),
    max_leaves=8,
)


@given(NESTED)
def test_any_schema_gets_an_example_that_fits(schema):
    jsonschema.validate(example(schema), schema)
