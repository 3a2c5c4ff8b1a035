"""Who may use the double: any key that looks like one of the vendor's, but for the bad ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from topcalls.sandbox.openai.switches import HttpFailure


def refusal_of_key(headers: Mapping[str, str], bad_keys: Collection[str]) -> HttpFailure | None:
    """Why the request's key is refused, or None. Header names are lower case."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        return HttpFailure(
            401,
            "invalid_request_error",
            None,
            "You didn't provide an API key. You need to provide your API key in an Authorization "
            "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        )
    if not key.startswith("sk-") or key in bad_keys:
        shown = f"{key[:5]}***{key[-2:]}"
        return HttpFailure(
            401,
            "invalid_request_error",
            "invalid_api_key",
            f"Incorrect API key provided: {shown}. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
        )
    return None
