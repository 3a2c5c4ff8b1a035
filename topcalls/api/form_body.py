"""Reading a form with files (`multipart/form-data`), and saying where it is wrong."""

from __future__ import annotations

from contextlib import closing
from typing import Any, NamedTuple

import marshmallow as ma
from flask import Request
from flask_smorest.fields import Upload
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import UnsupportedMediaType

from topcalls.api import fields
from topcalls.errors import FieldError, InvalidRequest

CONTENT_TYPE = "multipart/form-data"
_FLAGS = {"true": True, "false": False}


class File(NamedTuple):
    """A file of a form; its name is whatever the client says."""

    name: str
    content: bytes


def load(request: Request, schema: ma.Schema) -> dict[str, Any]:
    """The fields of the form: lists of `File` where the schema has uploads, truth values where it
    has flags, else text.

    Raises:
        InvalidRequest: a field is given twice, or is a file where text belongs or the reverse.
        UnsupportedMediaType: the body is not declared as such a form.
    """
    if request.mimetype != CONTENT_TYPE:
        what = f"'{request.mimetype[:80]}'" if request.mimetype else "nothing"
        raise UnsupportedMediaType(
            f"The body is declared as {what}. Send a form with files: '{CONTENT_TYPE}'."
        )
    uploads = {name for name, field in schema.fields.items() if _is_upload(field)}
    faults = _misplaced(request, uploads)
    if faults:
        raise InvalidRequest("The form of this request is not right: see 'errors'.", faults)
    form: dict[str, Any] = {
        name: _value(text, schema.fields.get(name)) for name, text in request.form.items()
    }
    for name, files in request.files.lists():
        form[name] = [_read(file) for file in files]
    return form


def _read(file: FileStorage) -> File:
    with closing(file):  # a large one lies on the disk
        return File(file.filename or "", file.read())


def _is_upload(field: ma.fields.Field[Any]) -> bool:
    return isinstance(field, ma.fields.List) and isinstance(field.inner, Upload)


def _misplaced(request: Request, uploads: set[str]) -> list[FieldError]:
    faults = []
    for name, values in request.form.lists():
        if name in uploads:
            faults.append(FieldError(name, "Must be a file.", "invalid_type"))
        elif len(values) > 1:
            faults.append(FieldError(name, "Is given more than once.", "repeated"))
    for name in request.files.keys() - uploads:
        faults.append(FieldError(name, "Takes no file.", "invalid_type"))
    return faults


def _value(text: str, field: ma.fields.Field[Any] | None) -> str | bool:
    return _FLAGS.get(text, text) if isinstance(field, fields.Flag) else text
