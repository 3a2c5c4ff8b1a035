"""What a vendor's refusal to clone a voice means to the customer, each by a name of its own."""

from __future__ import annotations

from topcalls.errors import Conflict, FieldError, InvalidRequest, ProviderError, TopCallsError

_VOICE_LIMIT = ("voice_limit_reached", "voice_add_edit_limit_reached")
_NOT_ALLOWED = (
    "can_not_use_instant_voice_cloning",
    "paid_plan_required",
    "missing_permissions",
)
_SAMPLES = (400, 413, 422)


def refused(error: ProviderError) -> TopCallsError:
    """The error to answer with; the vendor's own where nobody but the operator can do anything."""
    code = error.extra.get("provider_code")
    if code in _VOICE_LIMIT:
        return Conflict(
            "The vendor's account has as many cloned voices as its plan allows.",
            remedy="Delete one that is not needed, or have the operator change the plan.",
            reason="vendor_voice_limit",
        )
    if code in _NOT_ALLOWED:
        return Conflict(
            "The vendor's plan, or the permissions of its key, do not allow to clone voices.",
            remedy="Have the operator look at the plan and the key.",
            reason="cloning_not_allowed",
        )
    if error.extra.get("status") in _SAMPLES:
        message = f"Were refused by the vendor ({code}). Send clear speech of one person."
        fault = FieldError("samples", message, "samples_refused")
        return InvalidRequest("The voice cannot be cloned of these samples.", [fault])
    return error
