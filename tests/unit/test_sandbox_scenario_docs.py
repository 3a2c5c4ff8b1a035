"""docs/sandbox.md says what the scenario language is."""

import re
from pathlib import Path

from topcalls.sandbox import scenario_docs
from topcalls.sandbox.scenario import builtin_scenarios, parse_scenario
from topcalls.sandbox.scenario_steps import FAULTS, STEPS

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_the_tables_are_up_to_date():
    """If this fails: python -m topcalls.sandbox.scenario_docs docs/sandbox.md."""
    assert scenario_docs.updated(PAGE) == PAGE


def test_nothing_is_missing():
    for kind in (*STEPS, *FAULTS):
        assert f"| `{kind.keyword}` |" in PAGE
    for scenario in builtin_scenarios():
        assert f"| `{scenario.number}` | {scenario.name} |" in PAGE


def test_the_example_is_a_scenario():
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert parse_scenario(example).number == "+12025550150"


def test_defaults_are_named():
    assert "`silence`: silence of the agent that ends the step (default 0.8)" in PAGE
    assert "`prompt`: said once if the agent says nothing (optional)" in PAGE
