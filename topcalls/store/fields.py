"""Columns that mean the same on SQLite and PostgreSQL.

Time is a count of microseconds since 1970 UTC: it compares, indexes and comes back exactly alike
on both, with no time zone to get wrong. JSON is text, written and read by orjson: nothing is
queried inside it, and unlike `jsonb` it holds every character a caller may say.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import peewee

from topcalls.store.current import current

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware `moment`."""
    if moment.tzinfo is None:
        raise ValueError("A time without time zone cannot be stored.")
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """The inverse of `to_microseconds`."""
    return _EPOCH + timedelta(microseconds=count)


def storable(text: str) -> str:
    """`text` without what a database or UTF-8 refuses: NUL, and halves of surrogate pairs."""
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text


def plain(value: Any) -> Any:
    """`value` as it would come back from a `JsonField`; raises TypeError if it is no JSON."""
    try:
        return orjson.loads(orjson.dumps(value))
    except TypeError:
        return orjson.loads(storable(json.dumps(value, ensure_ascii=False)))


class InstantField(peewee.BigIntegerField):
    """An aware UTC `datetime`, exact to the microsecond."""

    def db_value(self, value: Any) -> Any:
        return to_microseconds(value) if isinstance(value, datetime) else value

    def python_value(self, value: Any) -> Any:
        return None if value is None else from_microseconds(value)


class SpeechField(peewee.TextField):
    """Text from outside that may hold anything."""

    def db_value(self, value: Any) -> Any:
        return storable(value) if isinstance(value, str) else value


class BytesField(peewee.Field):
    """Any bytes."""

    field_type = "BLOB"

    def python_value(self, value: Any) -> Any:
        return None if value is None else bytes(value)


class JsonField(peewee.TextField):
    """Any JSON value."""

    def db_value(self, value: Any) -> Any:
        if value is None or isinstance(value, peewee.Node):
            return value
        try:
            return orjson.dumps(value).decode()
        except TypeError:
            return orjson.dumps(plain(value)).decode()

    def python_value(self, value: Any) -> Any:
        return None if value is None else orjson.loads(value)


class SecretField(peewee.TextField):
    """Text that is encrypted at rest, with the key of the database it is stored in.

    A row whose secret was encrypted with another key cannot be read whole: whoever reads many rows
    leaves their secrets out (`open_fields`), and reads these by `store.secrets.of_rows`.
    """

    def db_value(self, value: Any) -> Any:
        return current().cipher.encrypt(value) if isinstance(value, str) else value

    def python_value(self, value: Any) -> Any:
        return None if value is None else current().cipher.decrypt(value)


def open_fields(model: type[peewee.Model]) -> list[peewee.Field]:
    """The fields of a table that hold no secret."""
    fields: list[peewee.Field] = model._meta.sorted_fields
    return [field for field in fields if not isinstance(field, SecretField)]
