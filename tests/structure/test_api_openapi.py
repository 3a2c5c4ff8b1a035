"""The reference: its examples are true, its limits are the rules', and it hides nothing."""

from dataclasses import fields
from datetime import UTC, datetime

import api_contract
import pytest

from topcalls.core import call_rules
from topcalls.core.call_request import OF_THE_INSTALLATION, CallRequest
from topcalls.core.call_rules import CallRules

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def media():
    """Every (name, schema, example) in the document."""
    for path, method, operation in api_contract.operations():
        bodies = [operation.get("requestBody", {})]
        bodies += [api_contract.resolved(answer) for answer in operation["responses"].values()]
        for body in bodies:
            for kind in body.get("content", {}).values():
                examples = [example["value"] for example in kind.get("examples", {}).values()]
                examples += [kind["example"]] if "example" in kind else []
                for number, example in enumerate(examples):
                    name = f"{method} {path} {number}"
                    yield pytest.param(kind["schema"], example, id=name)


@pytest.mark.parametrize(("schema", "example"), list(media()))
def test_an_example_is_what_the_schema_says(schema, example):
    assert api_contract.faults(example, schema) == []


def bodies():
    content = api_contract.document()["paths"]["/v1/calls"]["post"]["requestBody"]["content"]
    for name, example in content["application/json"]["examples"].items():
        yield pytest.param(example["value"], id=name)


@pytest.mark.parametrize("body", list(bodies()))
def test_an_example_body_can_be_sent_as_it_is(body):
    rules = CallRules(default_from_number="+12025550199")
    assert call_rules.violations(body, rules, NOW) == []


def properties():
    return api_contract.document()["components"]["schemas"]["CallCreate"]["properties"]


def test_every_field_of_a_call_is_documented_and_no_other():
    given = {field.name for field in fields(CallRequest)} - OF_THE_INSTALLATION
    assert set(properties()) == given


def patterns(part):
    """Every regular expression below a part of the document."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "pattern" and isinstance(value, str):
                yield value
            yield from patterns(value)
    elif isinstance(part, list):
        for value in part:
            yield from patterns(value)


def test_patterns_hold_for_clients_in_any_language():
    python_only = [pattern for pattern in patterns(api_contract.document()) if r"\Z" in pattern]
    assert python_only == []


def test_limits_are_those_of_the_rules():
    for name, (least, most) in call_rules.NUMBER_RANGES.items():
        assert (properties()[name]["minimum"], properties()[name]["maximum"]) == (least, most)
    for name, (least, most) in call_rules.TEXT_LENGTHS.items():
        assert (properties()[name]["minLength"], properties()[name]["maxLength"]) == (least, most)
