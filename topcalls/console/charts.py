"""Charts as SVG. They are shown as pictures, which a browser lets neither load nor run anything."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pygal
from pygal import PluginImportFixer
from pygal.style import Style

from topcalls.console.wording import words

# It hooks itself into every import of this process, to find its plug-ins, by a protocol that Python
# 3.12 no longer has and 3.11 warns of. We use none of them.
sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, PluginImportFixer)]

_INK: Final = "#7a828e"
"""Is read on white and on black."""

_COLOURS: Final = ("#3b82f6", "#10b981", "#f59e0b", "#ef4444")


def calls_by_day(days: Sequence[str], by_day: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Calls, and those that were answered, for each day."""
    chart = _bars(days)
    counted = [(_of(by_day, day, "calls"), _of(by_day, day, "answered")) for day in days]
    return _answered_of(chart, counted)


def latency_by_day(days: Sequence[str], by_day: Mapping[str, Mapping[str, Any]]) -> bytes:
    """How long people waited for an answer, at the ear: half of them, and 95 of 100, in ms."""
    chart = _lines(days)
    for name in ("p50", "p95"):
        chart.add(name, [_ear(by_day.get(day), name) for day in days])
    return _drawn(chart)


def calls_by_group(labels: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Calls, and those that were answered, of each group."""
    chart = pygal.Bar(_settings(), x_labels=labels)
    return _answered_of(chart, [(row["calls"], row["answered"]) for row in rows])


def calls_over_time(by_time: Mapping[str, tuple[int, int]]) -> bytes:
    """Calls, and those that were answered, by the name of their time."""
    chart = pygal.Bar(_settings(), x_labels=list(by_time), show_minor_x_labels=False)
    chart.x_labels_major_every = max(1, len(by_time) // 8)
    chart.truncate_label = 12
    return _answered_of(chart, list(by_time.values()))


def counts(by_name: Mapping[str, int]) -> bytes:
    """How many of each, the most first."""
    rows = sorted(by_name.items(), key=lambda row: row[1])
    chart = pygal.HorizontalBar(_settings(), x_labels=[words(name) for name, _ in rows])
    chart.show_legend = False
    chart.truncate_label = 24
    chart.add("Calls", [number for _, number in rows])
    return _drawn(chart)


def _answered_of(chart: Any, counted: Sequence[tuple[int, int]]) -> bytes:
    """Calls, and how many of them were answered."""
    chart.add("Calls", [calls for calls, _ in counted])
    chart.add("Answered", [answered for _, answered in counted])
    return _drawn(chart)


def _of(by_day: Mapping[str, Mapping[str, Any]], day: str, name: str) -> int:
    return int(by_day.get(day, {}).get(name) or 0)


def _ear(row: Mapping[str, Any] | None, name: str) -> int | None:
    ear = (row or {}).get("latency", {}).get("ear")
    return ear[name] if ear else None


def _bars(days: Sequence[str]) -> Any:
    return pygal.Bar(_settings(), x_labels=[day[5:] for day in days])


def _lines(days: Sequence[str]) -> Any:
    return pygal.Line(_settings(), x_labels=[day[5:] for day in days], allow_interruptions=True)


def _settings() -> Any:
    config = pygal.Config()
    config.js = []
    config.width, config.height = 640, 260
    config.legend_at_bottom = True
    config.legend_at_bottom_columns = 2
    config.show_y_guides = True
    config.min_scale, config.max_scale = 3, 6
    config.order_min = 0  # no parts of a call, nor of a millisecond
    config.no_data_text = "Nothing yet"
    config.style = Style(
        background="transparent",
        plot_background="transparent",
        foreground=_INK,
        foreground_strong=_INK,
        foreground_subtle=_INK,
        guide_stroke_color=_INK,
        major_guide_stroke_color=_INK,
        colors=_COLOURS,
        font_family="system-ui, sans-serif",
        label_font_size=11,
        major_label_font_size=11,
        legend_font_size=12,
        no_data_font_size=14,
    )
    return config


def _without_scripts(picture: Any) -> Any:
    for defs in picture.iter("{*}defs", "defs"):
        for script in [one for one in defs if str(one.tag).endswith("script")]:
            defs.remove(script)
    return picture


def _drawn(chart: Any) -> bytes:
    chart.add_xml_filter(_without_scripts)
    picture: bytes = chart.render()
    return picture
