"""Asks the model about one conversation, and holds its answers to what was asked.

It knows no rows: the conversation may be one of a call that is over, or one that was only held
again. What the model answers wrongly is told to it once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from topcalls.core import analysis_prompts as prompts
from topcalls.core.analysis_answers import (
    ExtractionAnswer,
    evidence_problems,
    form_problems,
    read_extraction,
    read_summary,
)
from topcalls.core.analysis_prompts import Called
from topcalls.core.analysis_work import Findings, Wanted
from topcalls.core.evidence import supported
from topcalls.core.strict_schema import StrictSchema, strict_schema
from topcalls.core.token_usage import TokenUsage
from topcalls.core.transcript import Turn
from topcalls.providers.structured import StructuredAnswer, StructuredModel, StructuredRequest

_NONSENSE = "The model's answer makes no sense, even after it was told so."


class PartFailed(Exception):
    """A part of an analysis cannot be done; the message says why."""


class Analyst:
    """`used` is told what each request took, whatever was answered. Both verbs raise `PartFailed`,
    and `ProviderError` where the model is away."""

    def __init__(self, model: StructuredModel, used: Callable[[TokenUsage], None]) -> None:
        self._model = model
        self._used = used

    def summary(self, called: Called, wanted: Wanted, findings: Findings) -> Findings:
        """The findings with a summary, and what was judged with it."""
        if not called.turns:
            return findings
        messages = prompts.summary_messages(called, wanted.summary or {})
        request = StructuredRequest(
            messages, prompts.SUMMARY_NAME, prompts.SUMMARY_SCHEMA, proven=True
        )
        for _ in range(2):
            answer = self._ask(request)
            read = read_summary(answer.content, called.turns)
            if read is not None:
                return replace(
                    findings,
                    summary=read.summary,
                    language=read.language,
                    sentiment=read.sentiment,
                    success=read.success,
                )
            again = prompts.repair_messages(messages, answer.content, [_wrong(answer)])
            request = replace(request, messages=again)
        raise PartFailed(_reason(answer))

    def extraction(self, called: Called, wanted: Wanted, findings: Findings) -> Findings:
        """The findings with the wanted values. One round of repair; then values that no turn bears
        out are taken out, and an answer that does not fit the customer's schema is none."""
        schema = wanted.schema or {}
        strict = strict_schema(schema)
        if not called.turns:
            return replace(findings, data=strict.decode({}), evidence=dict.fromkeys(strict.paths))
        messages = prompts.extraction_messages(called, strict)
        request = StructuredRequest(
            messages, prompts.EXTRACTION_NAME, prompts.extraction_schema(strict)
        )
        answer = self._ask(request)
        read = read_extraction(answer.content, strict)
        problems = _problems(answer, read, schema, strict, called.turns)
        if problems:
            again = prompts.repair_messages(messages, answer.content, problems)
            second = self._ask(replace(request, messages=again))
            read_again = read_extraction(second.content, strict)
            if _is_better(read_again, read, schema):
                answer, read = second, read_again
        if read is None:
            raise PartFailed(_reason(answer))
        found = supported(read.values, read.named, strict.paths, called.turns)
        if wrong := form_problems(found.values, schema):
            raise PartFailed("The answer does not fit the schema: " + "; ".join(wrong))
        return replace(
            findings, data=found.values, evidence=found.evidence, unsupported=found.unsupported
        )

    def _ask(self, request: StructuredRequest) -> StructuredAnswer:
        answer = self._model.ask(request)
        if answer.usage != TokenUsage():
            self._used(answer.usage)
        return answer


def _problems(
    answer: StructuredAnswer,
    read: ExtractionAnswer | None,
    schema: Any,
    strict: StrictSchema,
    turns: Sequence[Turn],
) -> list[str]:
    if read is None:
        return [_wrong(answer)]
    return form_problems(read.values, schema) + evidence_problems(read, strict, turns)


def _is_better(
    second: ExtractionAnswer | None, first: ExtractionAnswer | None, schema: Any
) -> bool:
    """An answer of the right form is not given up for one of another."""
    if first is None or second is None:
        return first is None
    return not form_problems(second.values, schema) or bool(form_problems(first.values, schema))


def _wrong(answer: StructuredAnswer) -> str:
    return answer.problem or "the answer is not of the form that was asked for"


def _reason(answer: StructuredAnswer) -> str:
    """For the owner of the call."""
    return f"{answer.problem[0].upper()}{answer.problem[1:]}." if answer.problem else _NONSENSE
