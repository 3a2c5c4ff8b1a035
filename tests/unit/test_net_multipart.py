"""Forms with files, read by a parser that is not ours."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.formparser import parse_form_data

from topcalls.net.multipart import FormFile, encoded

pytestmark = pytest.mark.unit


def read(fields, files):
    content_type, body = encoded(fields, files)
    environ = {
        "wsgi.input": io.BytesIO(body),
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "REQUEST_METHOD": "POST",
    }
    _, form, found = parse_form_data(environ)
    taken = [
        (file.name, file.filename, file.content_type, dict(file.headers), file.read())
        for _, file in found.items(multi=True)
    ]
    for _, file in found.items(multi=True):
        file.close()
    return form.to_dict(), taken


NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)


@given(st.dictionaries(NAMES, st.text(max_size=50)), st.lists(st.binary(max_size=200), max_size=4))
def test_what_goes_in_comes_out(fields, contents):
    files = [FormFile("samples", "a.wav", content, "audio/wav") for content in contents]
    form, found = read(fields.items(), files)
    assert form == fields
    assert [content for *_, content in found] == contents


def test_contents_that_look_like_parts():
    tricky = b'\r\n--x--\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    form, found = read([], [FormFile("samples", "a.wav", tricky, "audio/wav")])
    assert form == {}
    assert [content for *_, content in found] == [tricky]


def test_names_cannot_end_their_line():
    name = 'a"\r\nX-Injected: 1\r\n.wav'
    _, [(field, filename, kind, headers, _)] = read([], [FormFile("s", name, b"1", "audio/wav")])
    assert (field, kind) == ("s", "audio/wav")
    assert set(headers) == {"Content-Disposition", "Content-Type"}
    assert "\n" not in filename


def test_every_form_has_a_boundary_of_its_own():
    assert encoded([], [])[0] != encoded([], [])[0]
