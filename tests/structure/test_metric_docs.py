"""Every metric is explained to whoever runs the product."""

import re
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from topcalls import metrics

pytestmark = pytest.mark.unit
PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
ROW = re.compile(r"^\| `(topcalls_\w+)(?:\{([\w,]+)\})?` \| (.+) \| (.+) \|$", re.MULTILINE)


def test_the_table_has_every_metric_with_its_labels():
    table = PAGE.read_text().partition("## Metrics")[2].partition("\n## ")[0]
    told = {name: set(labels.split(",")) - {""} for name, labels, *_ in ROW.findall(table)}
    known = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    assert told == {_name(each): set(each._labelnames) for each in known}


def _name(metric):
    return metric._name + ("_total" if metric._type == "counter" else "")
