"""The dashboard and the alert rules ask for metrics that there are, by labels that these have."""

import json
import re
from pathlib import Path

import promql_parser
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from topcalls import metrics
from topcalls.core.end_reasons import EndReason

pytestmark = pytest.mark.unit
DOCKER = Path(__file__).parents[2] / "docker"
RULES = [
    rule
    for group in yaml.safe_load((DOCKER / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = json.loads((DOCKER / "grafana" / "topcalls.json").read_text())["panels"]
QUESTIONS = [
    *((rule["alert"], rule["expr"], "") for rule in RULES),
    *(
        (panel["title"], target["expr"], target["legendFormat"])
        for panel in PANELS
        for target in panel.get("targets", ())
    ),
]
ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


def known():
    """Every series, with its labels."""
    found = {}
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            for ending in ENDINGS[metric._type]:
                labels = set(metric._labelnames) | ({"le"} if ending == "_bucket" else set())
                found[metric._name + ending] = labels
    return found


def asked(expression):
    """The series of an expression with the labels that are compared, and those it groups by."""
    series, groups = [], set()

    def look(node):
        if isinstance(node, promql_parser.VectorSelector):
            series.append((node.name, {match.name for match in node.matchers.matchers}))
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            groups.update(node.modifier.labels)

    promql_parser.walk(promql_parser.parse(expression), look)
    return series, groups


@pytest.mark.parametrize(("title", "expression", "legend"), QUESTIONS)
def test_a_question_can_be_answered(title, expression, legend):
    series, groups = asked(expression)
    assert series
    labels = known()
    for name, compared in series:
        assert name in labels, name
        assert compared <= labels[name]
        assert groups <= labels[name]
    assert set(re.findall(r"{{(\w+)}}", legend)) <= groups


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule):
    _, groups = asked(rule["expr"])
    told = " ".join(rule["annotations"].values())
    assert rule["labels"]["severity"] in ("page", "warn")
    assert set(rule["annotations"]) == {"summary", "remedy"}
    assert set(re.findall(r"\$labels\.(\w+)", told)) <= groups


def test_the_reasons_that_are_our_fault_are_reasons():
    (rule,) = (rule for rule in RULES if rule["alert"] == "TopCallsCallsFail")
    (names,) = re.findall(r'end_reason=~"([^"]+)"', rule["expr"])
    assert set(names.split("|")) <= set(EndReason)


def test_every_metric_is_on_a_panel_or_in_the_page_alone():
    """What is watched by nobody is at least written down; this keeps the parser honest."""
    names = {name for _, expression, _ in QUESTIONS for name, _ in asked(expression)[0]}
    assert names <= set(known())
    assert len(names) > 30
