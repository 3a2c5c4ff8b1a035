"""Numbers that can be bought. The rules of a purchase are in `services/provisioning.py` and judge a
body before its schema does; the schema is the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.phone_numbers import Judged
from topcalls.core.phone_numbers import E164_PATTERN
from topcalls.services.phone_numbers import MAX_LABEL
from topcalls.services.provisioning import FEATURES, HIGHEST_PRICE, PROVIDERS

_MAX_LOCALITY = 60


def _about(text: str, **more: Any) -> dict[str, Any]:
    return {"description": text, **more}


def _matching(pattern: str, words: str, **more: Any) -> fields.Text:
    check = ma.validate.Regexp(pattern + r"\Z", error=words)
    return fields.Text(validate=check, **more)


class AvailableQuerySchema(ma.Schema):
    """Which numbers are wanted."""

    provider = fields.Choice(
        *PROVIDERS, metadata=_about("Whose numbers; without it the first that is configured.")
    )
    country = _matching(
        "^[A-Z]{2}",
        "Must be two capitals (ISO 3166-1), as in US.",
        load_default="US",
        metadata=_about("ISO 3166-1 alpha-2."),
    )
    area_code = _matching(
        "^[0-9]{1,6}",
        "Must be 1 to 6 digits.",
        metadata=_about("Without the country code.", example="312"),
    )
    contains = _matching(
        "^[0-9]{3,12}", "Must be 3 to 12 digits.", metadata=_about("Digits that follow each other.")
    )
    locality = fields.Text(
        validate=ma.validate.Length(1, _MAX_LOCALITY, error="Must be 1 to 60 characters."),
        metadata=_about("A city, as the carrier spells it.", example="Chicago"),
    )
    features = fields.Text(
        load_default="voice",
        metadata=_about(f"Of {', '.join(FEATURES)}, with commas between.", example="voice,sms"),
    )
    limit = fields.QueryWhole(
        load_default=20,
        validate=ma.validate.Range(1, 100, error="Must be from 1 to 100."),
    )

    @ma.validates("features")
    def _known(self, value: str, **_: Any) -> None:
        if not value or set(value.split(",")) - set(FEATURES):
            raise ma.ValidationError(f"Must be of {', '.join(FEATURES)}, with commas between.")

    @ma.post_load
    def _split(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "features": tuple(dict.fromkeys(data["features"].split(",")))}


class OfferSchema(ma.Schema):
    """A number that can be bought."""

    number = fields.Text(required=True)
    provider = fields.Choice(*PROVIDERS, required=True)
    country = fields.Text(required=True)
    region = fields.Text(allow_none=True)
    locality = fields.Text(allow_none=True)
    monthly_price = fields.Text(allow_none=True, metadata=_about("As in 1.00."))
    upfront_price = fields.Text(allow_none=True, metadata=_about("To set it up, once."))
    currency = fields.Text(required=True, metadata=_about("ISO 4217."))
    features = fields.ListOf(fields.Text(), required=True)
    requirements = fields.ListOf(
        fields.Text(),
        allow_none=True,
        metadata=_about(
            "What has to be proven to the carrier before; null where only an order tells."
        ),
    )


class OfferListSchema(ma.Schema):
    """Numbers that can be bought."""

    data = fields.ListOf(ma.fields.Nested(OfferSchema), required=True)


class PurchaseSchema(Judged):
    """A number to buy."""

    number = fields.Text(required=True, metadata=_about("E.164.", pattern=E164_PATTERN))
    max_monthly_price = fields.Number(
        required=True,
        metadata=_about(
            "A number that costs more a month, or more to set up, is not bought.",
            maximum=HIGHEST_PRICE,
        ),
    )
    currency = fields.Text(
        allow_none=True, metadata=_about("Of the limit; ISO 4217.", default="USD")
    )
    provider = fields.Choice(
        *PROVIDERS,
        allow_none=True,
        metadata=_about("Where to buy; without it the carrier's preset tells."),
    )
    voip_carrier_sid = fields.Text(
        allow_none=True,
        metadata=_about(
            "The carrier it is bound to; without one the account's first of this provider, or the "
            "installation's own trunk.",
            format="uuid",
        ),
    )
    label = fields.Text(allow_none=True, metadata=_about("Yours.", maxLength=MAX_LABEL))
    agent_id = fields.Text(
        allow_none=True, metadata=_about("The agent that takes calls to it.", format="uuid")
    )


class RemovalQuerySchema(ma.Schema):
    """How to remove a number."""

    release = fields.Choice(
        "true",
        "false",
        load_default="false",
        metadata=_about(
            "`true` also gives a number that was bought here back to its carrier: then the answer "
            "is 202, and the number goes when the carrier has taken it."
        ),
    )
