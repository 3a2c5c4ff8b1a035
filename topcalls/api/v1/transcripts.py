"""`/v1/calls/{id}/transcript`: what was said, for programs, for people and for players."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from topcalls.api import examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint
from topcalls.api.context import services
from topcalls.api.schemas.transcripts import FORMATS, TranscriptQuerySchema, TranscriptSchema
from topcalls.core.transcript_export import as_srt, as_text
from topcalls.services.transcripts import TranscriptView

transcripts = ApiBlueprint("transcripts", __name__, description="What was said in calls.")
_WRITERS = {"text": as_text, "srt": as_srt}
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
    the agent only what was heard is in it.
    """
    view = services().calls.transcripts.get(principal().account_id, str(call_id))
    wanted = query.get("format") or _accepted()
    return view if wanted == "json" else _written(view, wanted)


def _accepted() -> str:
    kinds = {kind: name for name, kind in FORMATS.items()}
    return kinds.get(request.accept_mimetypes.best_match(list(kinds)) or "", "json")


def _written(view: TranscriptView, wanted: str) -> Response:
    text = _WRITERS[wanted](view.spoken)
    return Response(text, content_type=f"{FORMATS[wanted]}; charset=utf-8")
