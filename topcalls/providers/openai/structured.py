"""Answers of a given form by Chat Completions: OpenAI's own and every server that speaks like it.

Asked for by `response_format` `json_schema` with `strict`. Where a server refuses that, it is asked
for any JSON object, with the schema in words, and from then on if the schema was not to blame; what
comes is judged by whoever asked.

Only the worker imports this module: the `openai` package takes a while to load.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final

import gevent
import openai

from topcalls.core.token_usage import TokenUsage
from topcalls.errors import ProviderError
from topcalls.log import get_logger
from topcalls.providers import vendor_errors
from topcalls.providers.openai.chat import chat_headers
from topcalls.providers.openai.chat_features import ChatFeatures, features_of
from topcalls.providers.structured import StructuredAnswer, StructuredRequest

SECONDS: Final = 60.0
_VENDOR: Final = "The analysis model"
_NO_SUCH_FORM: Final = (400, 404, 415, 422)
"""How servers say that they do not know `json_schema`, or do not take this one."""

_FORMS: Final = ("json_schema", "json_object")
_IN_WORDS: Final = (
    "Answer with one JSON object and nothing else. It has to fit this JSON Schema: {}"
)
_PROBLEMS: Final = {
    "length": "the answer was cut off: it is longer than the model may write",
    "content_filter": "the answer was held back by the vendor's content filter",
}
log = get_logger(__name__)


class StructuredChat:
    """One model at one base URL. `seconds` is for one request, whatever it waits for."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        *,
        features: ChatFeatures | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.name = model
        self._features = features or features_of(base_url, model)
        self._seconds = seconds
        self._form = _FORMS[0]
        self._client = openai.OpenAI(
            api_key=api_key or "none",
            base_url=base_url,
            default_headers=chat_headers(base_url, api_key),
            max_retries=0,
            timeout=seconds,
        )

    def ask(self, request: StructuredRequest) -> StructuredAnswer:
        """See `providers.structured.StructuredModel`."""
        try:
            return self._ask(request, self._form)
        except ProviderError as error:
            if self._form == _FORMS[1] or error.extra.get("status") not in _NO_SUCH_FORM:
                raise
            log.info("The analysis model has no strict mode", model=self.name, why=str(error))
        answer = self._ask(request, _FORMS[1])
        if request.proven:
            self._form = _FORMS[1]
        return answer

    def _ask(self, request: StructuredRequest, form: str) -> StructuredAnswer:
        body = structured_body(self.name, request, self._features, form)
        try:
            with gevent.Timeout(self._seconds, TimeoutError()):
                return read_answer(self._client.chat.completions.create(**body))
        except openai.APIStatusError as error:
            raise _refused(error) from None
        except (TimeoutError, openai.APITimeoutError):
            raise ProviderError(
                f"{_VENDOR} does not answer.", retryable=True, provider_code="no_answer"
            ) from None
        except openai.APIConnectionError:
            raise vendor_errors.unreachable(_VENDOR, "no connection") from None
        except (openai.OpenAIError, ValueError):
            raise vendor_errors.out_of_step(_VENDOR) from None


def structured_body(
    model: str, request: StructuredRequest, features: ChatFeatures, form: str
) -> dict[str, Any]:
    """The request's fields. Where a model may reason, a little of it is asked for."""
    wanted: dict[str, Any] = {"type": form}
    if form == _FORMS[0]:
        wanted["json_schema"] = {
            "name": request.name,
            "schema": dict(request.schema),
            "strict": True,
        }
    messages = [
        {
            "role": features.system_role if item.role == "system" else item.role,
            "content": item.text,
        }
        for item in request.messages
    ]
    if form == _FORMS[1]:
        words = _IN_WORDS.format(json.dumps(request.schema, ensure_ascii=False))
        messages[0]["content"] += f"\n\n{words}"
    body: dict[str, Any] = {"model": model, "messages": messages, "response_format": wanted}
    if features.effort is not None:
        body["reasoning_effort"] = "low"
    if features.temperature:
        body["temperature"] = 0
    return body


def read_answer(completion: Any) -> StructuredAnswer:
    """What a completion says. Code fences around JSON are none of it."""
    usage = _usage(completion)
    choice = completion.choices[0] if getattr(completion, "choices", None) else None
    if choice is None:
        raise vendor_errors.out_of_step(_VENDOR)
    if choice.message.refusal:
        return StructuredAnswer(problem="the model refused to answer", usage=usage)
    if choice.finish_reason in _PROBLEMS:
        return StructuredAnswer(problem=_PROBLEMS[choice.finish_reason], usage=usage)
    text = (choice.message.content or "").strip()
    text = text.removeprefix("```json").removeprefix("```").removesuffix("```")
    with suppress(ValueError, RecursionError):
        return StructuredAnswer(content=json.loads(text), usage=usage)
    return StructuredAnswer(problem="the answer is no JSON", usage=usage)


def _usage(completion: Any) -> TokenUsage:
    usage = getattr(completion, "usage", None)
    details = getattr(usage, "prompt_tokens_details", None)
    return TokenUsage(
        input_text=getattr(usage, "prompt_tokens", None) or 0,
        input_cached=getattr(details, "cached_tokens", None) or 0,
        output_text=getattr(usage, "completion_tokens", None) or 0,
    )


def _refused(error: openai.APIStatusError) -> ProviderError:
    code = error.code if isinstance(error.code, str) else ""
    refused = vendor_errors.refused(_VENDOR, error.status_code, code)
    with suppress(ValueError):
        refused.extra["retry_after"] = float(error.response.headers.get("Retry-After", ""))
    if code == "insufficient_quota":  # a 429 that no waiting helps
        refused.retryable = False
    return refused
