"""Numbers and carriers. The rules are in `core/trunk_rules.py` and `services/phone_numbers.py` and
judge a body before its schema does; the schema is the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.costs import RateSchema
from topcalls.core.carrier_status import Health
from topcalls.core.number_orders import Kind
from topcalls.core.phone_numbers import E164_PATTERN
from topcalls.core.trunk_presets import PRESETS
from topcalls.core.trunks import (
    CALLER_ID_HEADERS,
    DEFAULT_PRIORITY,
    NUMBER_FORMATS,
    SRTP,
    TRANSPORTS,
    TRUNK_TYPES,
)
from topcalls.services.phone_numbers import MAX_LABEL, PROVISIONING_STATES, SOURCES, STATUSES
from topcalls.services.provisioning import PROVIDERS


def _about(text: str, **more: Any) -> dict[str, Any]:
    return {"description": text, **more}


def _said(text: str, **more: Any) -> fields.Text:
    return fields.Text(allow_none=True, metadata=_about(text, **more))


def _id(text: str, *, nullable: bool = False) -> fields.Text:
    metadata = _about(text, format="uuid")
    return fields.Text(required=not nullable, allow_none=nullable, metadata=metadata)


def _moment(text: str, *, nullable: bool = False) -> fields.Timestamp:
    return fields.Timestamp(required=not nullable, allow_none=nullable, metadata=_about(text))


class Judged(ma.Schema):
    """Judged as a whole by the rules, so that every fault is told at once: the body passes as it
    came."""

    @ma.post_load(pass_original=True)
    def _as_it_came(self, _: Any, body: Mapping[str, Any], **__: Any) -> dict[str, Any]:
        return dict(body)

    def load(self, data: Any, **options: Any) -> Any:
        """Of a JSON object, whatever it holds; anything else is refused here."""
        if isinstance(data, Mapping):
            return dict(data)
        return super().load(data, **options)


# --- carriers


class SipGatewaySchema(ma.Schema):
    """Where the carrier is."""

    ipv4 = fields.Text(
        required=True,
        metadata=_about(
            "IPv4 address or host name. With `inbound` true it must be an address, because calls "
            "are recognised by where they come from, unless `inbound_addresses` lists those. "
            "Private addresses are allowed."
        ),
    )
    port = fields.Whole(
        allow_none=True, metadata=_about("5060, with `tls` 5061.", minimum=1, maximum=65535)
    )
    inbound = fields.Flag(
        allow_none=True, metadata=_about("The carrier may send calls.", default=False)
    )
    outbound = fields.Flag(
        allow_none=True, metadata=_about("Calls may leave by this carrier.", default=True)
    )
    transport = fields.Choice(*TRANSPORTS, allow_none=True, metadata=_about("", default="udp"))
    srtp = fields.Choice(
        *SRTP, allow_none=True, metadata=_about("Encryption of the audio.", default="off")
    )
    ping = fields.Flag(
        allow_none=True,
        metadata=_about(
            "Ask by OPTIONS every half minute whether it is there. A carrier that misses three is "
            "not used, so leave it off where OPTIONS are never answered.",
            default=False,
        ),
    )
    inbound_addresses = fields.ListOf(
        fields.Text(),
        allow_none=True,
        metadata=_about("IPv4 addresses and networks (/16 or narrower) that calls come from."),
    )


class LoginSchema(ma.Schema):
    """A user name as the carrier gave it. Its password never shows."""

    username = fields.Text(required=True)
    sip_realm = _said("Where the carrier names one.")
    from_user = _said("User part of From, where it is not the username.")
    from_domain = _said("Host part of From, where it is not the carrier's host.")


class LoginBodySchema(LoginSchema):
    """A user name and password as the carrier gave them."""

    password = fields.Text(
        required=True, metadata=_about("Stored encrypted, and never shown again.")
    )


class InboundAuthSchema(ma.Schema):
    """The user name by which the carrier proves itself. Its password never shows."""

    username = fields.Text(required=True)


class InboundAuthBodySchema(InboundAuthSchema):
    """By what the carrier proves itself on calls to us."""

    password = fields.Text(
        required=True, metadata=_about("Stored encrypted, and never shown again.")
    )


class SipGatewayChangeSchema(SipGatewaySchema):
    """What to change of where the carrier is."""

    ipv4 = _said("IPv4 address or host name.")


class LoginChangeSchema(LoginSchema):
    """What to change of a user name and password; a password left out stays."""

    username = _said("As the carrier gave it.")
    password = _said("Stored encrypted, and never shown again.")


class InboundAuthChangeSchema(ma.Schema):
    """What to change of what the carrier proves itself by."""

    username = _said("By which it proves itself.")
    password = _said("Stored encrypted, and never shown again.")


class _CarrierFields(ma.Schema):
    trunk_type = fields.Choice(
        *TRUNK_TYPES,
        allow_none=True,
        metadata=_about(
            "`static_ip`: both sides know each other by address. `auth`: the carrier proves itself "
            "by `inbound_auth` when it calls. `reg`: we register with `registration`.",
            default="static_ip",
        ),
    )
    preset = fields.Choice(
        *(preset.id for preset in PRESETS),
        allow_none=True,
        metadata=_about("A carrier we know; gives defaults."),
    )
    priority = fields.Whole(
        allow_none=True,
        metadata=_about(
            "The account's carriers are tried from the lowest on.",
            default=DEFAULT_PRIORITY,
            minimum=0,
            maximum=99,
        ),
    )
    number_format = fields.Choice(
        *NUMBER_FORMATS,
        allow_none=True,
        metadata=_about(
            "How the carrier wants numbers: with `+`, without, or as ten digits of North America.",
            default="+e164",
        ),
    )
    number_prefix = _said("Dialled before the number, as a technical prefix.", maxLength=16)
    caller_id_header = fields.Choice(
        *CALLER_ID_HEADERS,
        allow_none=True,
        metadata=_about("Where the carrier reads the caller ID.", default="from"),
    )
    provider_trunk_id = _said(
        "What the carrier's own API calls this trunk (Telnyx's connection id, Twilio's trunk SID): "
        "numbers bought for it are bound to that.",
        pattern="^[A-Za-z0-9_-]{1,64}$",
    )
    rate = ma.fields.Nested(
        RateSchema,
        allow_none=True,
        metadata=_about("What the carrier charges: calls have a cost then. Replaced as a whole."),
    )


class CarrierCreateSchema(Judged, _CarrierFields):
    """A carrier to add."""

    carrier_name = fields.Text(required=True, metadata=_about("", minLength=1, maxLength=100))
    sip_gateway = ma.fields.Nested(SipGatewaySchema, required=True)
    registration = ma.fields.Nested(
        LoginBodySchema, allow_none=True, metadata=_about("Needed for `reg`.")
    )
    inbound_auth = ma.fields.Nested(
        InboundAuthBodySchema, allow_none=True, metadata=_about("Needed for `auth`.")
    )
    outbound_auth = ma.fields.Nested(
        LoginBodySchema,
        allow_none=True,
        metadata=_about("For carriers that ask for a password on each call. Not with `reg`."),
    )


class CarrierChangeSchema(Judged, _CarrierFields):
    """What to change. Sections are changed part by part; a password left out stays."""

    carrier_name = _said("", minLength=1, maxLength=100)
    sip_gateway = ma.fields.Nested(SipGatewayChangeSchema)
    registration = ma.fields.Nested(LoginChangeSchema, allow_none=True)
    inbound_auth = ma.fields.Nested(InboundAuthChangeSchema, allow_none=True)
    outbound_auth = ma.fields.Nested(LoginChangeSchema, allow_none=True)


class NodeStatusSchema(ma.Schema):
    """The carrier on one node."""

    node = fields.Text(required=True)
    state = fields.Choice(*Health, required=True, attribute="health")
    registered = fields.Flag(
        allow_none=True, metadata=_about("null for a carrier that needs no registration.")
    )
    reachable = fields.Flag(
        allow_none=True, metadata=_about("null where it is neither pinged nor registered.")
    )
    sip_status = fields.Whole(allow_none=True, metadata=_about("The carrier's last word."))
    found = fields.Text(required=True, metadata=_about("What is so, in words."))
    remedy = _said("What to do about it.")
    since = _moment("Since when it is in this state.", nullable=True)
    checked_at = _moment("When the node's controller looked last.", nullable=True)


class RefusedCallSchema(ma.Schema):
    """The last call that the carrier itself refused."""

    at = _moment("When it was dialled.")
    sip_status = fields.Whole(required=True)
    found = fields.Text(required=True)
    remedy = _said("What to do about it.")


class CarrierStatusSchema(ma.Schema):
    """How the carrier is now."""

    state = fields.Choice(
        *Health,
        required=True,
        metadata=_about(
            "The worst of all nodes. `up` and `registered` are good; `pending`: not told to the "
            "switch yet; `missing`: the switch did not take it."
        ),
    )
    registered = fields.Flag(allow_none=True)
    reachable = fields.Flag(allow_none=True)
    nodes = fields.ListOf(ma.fields.Nested(NodeStatusSchema), required=True)
    last_refused_call = ma.fields.Nested(RefusedCallSchema, allow_none=True)


class CarrierSchema(_CarrierFields):
    """A carrier of the account."""

    id = _id("Names the carrier.")
    account_id = _id("Whose it is.")
    voip_carrier_sid = _id("The same as `id`: use it when adding numbers.")
    sip_gateway_sid = _id("The same as `id`.")
    carrier_name = fields.Text(required=True)
    sip_gateway = ma.fields.Nested(SipGatewaySchema, required=True)
    registration = ma.fields.Nested(LoginSchema, allow_none=True)
    inbound_auth = ma.fields.Nested(InboundAuthSchema, allow_none=True)
    outbound_auth = ma.fields.Nested(LoginSchema, allow_none=True)
    status = ma.fields.Nested(CarrierStatusSchema, required=True)
    created_at = _moment("When it was added.")
    updated_at = _moment("When it was changed last.")


class CarrierListSchema(ma.Schema):
    """The account's carriers, in the order in which they are tried."""

    data = fields.ListOf(ma.fields.Nested(CarrierSchema), required=True)


class PresetSchema(ma.Schema):
    """A carrier we know."""

    id = fields.Text(required=True)
    name = fields.Text(required=True)
    host = fields.Text(required=True, metadata=_about("What to enter as `sip_gateway.ipv4`."))
    docs_url = fields.Text(required=True, metadata=_about("The carrier's own page.", format="uri"))
    addresses_url = fields.Text(
        required=True, metadata=_about("Where it lists its addresses; empty if it does not.")
    )
    notes = fields.ListOf(fields.Text(), required=True)
    defaults = fields.ObjectOf(required=True, metadata=_about("Of the carrier's body."))
    gateway_defaults = fields.ObjectOf(required=True, metadata=_about("Of its `sip_gateway`."))


class PresetListSchema(ma.Schema):
    """Carriers we know."""

    data = fields.ListOf(ma.fields.Nested(PresetSchema), required=True)


# --- numbers


class PhoneNumberCreateSchema(Judged):
    """A number to add."""

    number = fields.Text(required=True, metadata=_about("E.164.", pattern=E164_PATTERN))
    voip_carrier_sid = _id("Its carrier; without one the account's first.", nullable=True)
    label = _said("Yours.", maxLength=MAX_LABEL)
    agent_id = _id("The agent that takes calls to it.", nullable=True)


class PhoneNumberChangeSchema(Judged):
    """What to change; null unbinds."""

    voip_carrier_sid = _id("Its carrier.", nullable=True)
    label = _said("Yours.", maxLength=MAX_LABEL)
    agent_id = _id("The agent that takes calls to it.", nullable=True)
    status = fields.Choice(*STATUSES, metadata=_about("Calls to an inactive number are not taken."))


class ProvisioningSchema(ma.Schema):
    """A purchase or a release at the carrier."""

    kind = fields.Choice(*Kind, required=True)
    state = fields.Choice(
        *PROVISIONING_STATES,
        required=True,
        metadata=_about(
            "`confirming`: the carrier was asked, and its answer was lost; it is looked up. "
            "`unknown`: given up; look in the carrier's console."
        ),
    )
    provider = fields.Choice(*PROVIDERS, required=True)
    monthly_price = _said("What it costs a month, as in 1.00.")
    max_monthly_price = _said("The limit of the purchase.")
    currency = _said("ISO 4217.")
    requested_at = _moment("When it was asked for.")
    finished_at = _moment("When it ended.", nullable=True)


class PhoneNumberSchema(ma.Schema):
    """A number of the account."""

    id = _id("Names the number.")
    account_id = _id("Whose it is.")
    number = fields.Text(required=True)
    voip_carrier_sid = _id("Its carrier; null: the installation's own trunk.", nullable=True)
    carrier_name = _said("Its carrier's name.")
    agent_id = _id("The agent that takes calls to it.", nullable=True)
    source = fields.Choice(
        *SOURCES,
        required=True,
        metadata=_about("`byoc`: by a carrier of yours; `topcalls`: by the installation's."),
    )
    phone_number_sid = _id("The same as `id`.")
    status = fields.Choice("active", "inactive", "pending", "failed", required=True)
    label = _said("Yours.")
    error_message = _said("Why it is `failed`, or what its purchase or release waits for.")
    provisioning = ma.fields.Nested(
        ProvisioningSchema,
        allow_none=True,
        metadata=_about("Its last purchase or release; null for one that was not bought here."),
    )
    created_by_user_id = _id("Always null: keys are of accounts.", nullable=True)
    created_at = _moment("When it was added.")
    updated_at = _moment("When it was changed last.")


class PhoneNumberListSchema(ma.Schema):
    """The account's numbers, oldest first."""

    data = fields.ListOf(ma.fields.Nested(PhoneNumberSchema), required=True)
