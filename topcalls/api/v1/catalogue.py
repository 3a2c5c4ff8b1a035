"""`/v1/models`, `/v1/voices/builtin`, `/v1/languages`."""

from __future__ import annotations

from typing import Any

from topcalls.api.auth import requires
from topcalls.api.blueprint import ApiBlueprint
from topcalls.api.context import services
from topcalls.api.schemas.catalogue import (
    LanguagesSchema,
    ModelQuerySchema,
    ModelsSchema,
    ModeQuerySchema,
    VoicePageSchema,
    VoiceQuerySchema,
)
from topcalls.services.voices import VoicePage

catalogue = ApiBlueprint("catalogue", __name__, description="What a call may choose from.")


@catalogue.route("/v1/models")
@requires("calls:read")
@catalogue.arguments(ModelQuerySchema, location="query")
@catalogue.response(200, ModelsSchema)
def list_models(query: dict[str, Any]) -> dict[str, Any]:
    """List models.

    Those that are shut down are left out, unless this installation still uses them. A model that is
    not listed may be named as well: vendors are quicker than lists.
    """
    return {"data": services().catalogue.models(**query)}


@catalogue.route("/v1/voices/builtin")
@requires("calls:read")
@catalogue.arguments(VoiceQuerySchema, location="query")
@catalogue.response(200, VoicePageSchema)
def list_voices(query: dict[str, Any]) -> VoicePage:
    """List built-in voices.

    Of every provider that speaks in this installation. Those of ElevenLabs are read from its
    account every 15 minutes.
    """
    return services().voices.page(**query)


@catalogue.route("/v1/languages")
@requires("calls:read")
@catalogue.arguments(ModeQuerySchema, location="query")
@catalogue.response(200, LanguagesSchema)
def list_languages(query: dict[str, Any]) -> dict[str, Any]:
    """List languages, with their dialects and who serves them."""
    return {"data": services().catalogue.languages(**query)}
