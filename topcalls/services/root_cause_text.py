"""The report on why a call ended, as text for a terminal or a file."""

from __future__ import annotations

from datetime import UTC, datetime

from topcalls.services.root_causes import RootCause

_SOURCE_WIDTH = 13


def as_lines(report: RootCause) -> list[str]:
    """The report as text. What strangers sent is shown without characters that move a terminal."""
    finding, blame = report.finding, report.finding.blame
    status = report.call_status or report.status
    lines = [f"Call {report.call_id}, {report.direction}: {status}", ""]
    lines += [_step(step.at, step.source, step.text) for step in report.steps]
    lines += ["", f"{'Cause' if report.over else 'It is not over'}: {finding.cause}"]
    lines += [f"Rule: {finding.rule}", *([f"Blame: {blame}"] if blame else [])]
    lines += [f"Evidence: {plain(text)}" for text in finding.evidence]
    lines += [f"Remedy: {finding.remedy}"] if finding.remedy else []
    for remark in report.remarks:
        lines += [f"Also: {plain(remark.found)} {remark.remedy} ({remark.name})"]
    return lines


def _step(at: datetime, source: str, text: str) -> str:
    moment = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return f"{moment}  {source:<{_SOURCE_WIDTH}} {plain(text)}"


def plain(text: str) -> str:
    """The text on one line, without control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
