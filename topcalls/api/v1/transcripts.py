"""`/v1/calls/{id}/transcript`: what was said, for programs, for people and for players."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from topcalls.api import examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint
from topcalls.api.call_details import with_citations
from topcalls.api.context import services
from topcalls.api.schemas.call_views import shown
from topcalls.api.schemas.transcripts import FORMATS, TranscriptQuerySchema, TranscriptSchema
from topcalls.core.knowledge_citations import described
from topcalls.core.transcript_export import as_srt, as_text
from topcalls.services.transcripts import TranscriptView

transcripts = ApiBlueprint("transcripts", __name__, description="What was said in calls.")
_TEXT = {"type": "string"}


@transcripts.route("/v1/calls/<uuid:call_id>/transcript")
@requires("calls:read")
@transcripts.arguments(TranscriptQuerySchema, location="query")
@transcripts.response(200, TranscriptSchema, example=examples.TRANSCRIPT)
@transcripts.alt_response(200, schema=_TEXT, content_type=FORMATS["text"], success=True)
@transcripts.alt_response(200, schema=_TEXT, content_type=FORMATS["srt"], success=True)
def get_transcript(query: dict[str, str], call_id: UUID) -> Any:
    """Get the transcript of a call as JSON, text or subtitles.

    Times count from the answer, like the recording. Turns that the caller cut off are marked. Of
    the agent only what was heard is in it. JSON and text name the passages of knowledge bases that
    its turns rest on.
    """
    view = services().calls.transcripts.get(principal().account_id, str(call_id))
    wanted = query.get("format") or _accepted()
    return _shown(view) if wanted == "json" else _written(view, wanted)


def _accepted() -> str:
    kinds = {kind: name for name, kind in FORMATS.items()}
    return kinds.get(request.accept_mimetypes.best_match(list(kinds)) or "", "json")


def _shown(view: TranscriptView) -> dict[str, Any]:
    return shown(view) | {"turns": with_citations(view.turns, view.citations)}


def _written(view: TranscriptView, wanted: str) -> Response:
    text = as_srt(view.spoken) if wanted == "srt" else as_text(view.spoken, _sources(view))
    return Response(text, content_type=f"{FORMATS[wanted]}; charset=utf-8")


def _sources(view: TranscriptView) -> dict[int, list[str]]:
    return {turn: [described(one) for one in cited] for turn, cited in view.citations.items()}
