"""Files of leads: what is read, and every way in which a file or a row can be wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topcalls.core import lead_csv
from topcalls.core.lead_csv import Row
from topcalls.errors import InvalidRequest

pytestmark = pytest.mark.unit
HEADER = ("phone_number", "name", "tags", "metadata.order_number")
NUMBER = "+12025550112"


def read(text, size=None):
    data = text if isinstance(text, bytes) else text.encode()
    size = size or max(len(data), 1)
    return list(lead_csv.rows(data[at : at + size] for at in range(0, len(data), size)))


def refused(text, size=None):
    with pytest.raises(InvalidRequest) as refusal:
        read(text, size)
    ((path, _, code),) = refusal.value.errors
    return path, code


def judge(*cells, columns=HEADER, region=None):
    row = lead_csv.judged(Row(7, cells), columns, region)
    return row.body, [(fault.path, fault.code) for fault in row.errors]


# --- the file


@pytest.mark.parametrize("size", [1, 2, 3, 7, None])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_rows_are_read_from_pieces_of_any_size(size, end, mark):
    text = mark + end.join(["phone_number,name", "1,Jörg", "", '2,"a, ""b"""', " , ", "3,x\u2028y"])
    assert read(text, size) == [
        Row(1, ["phone_number", "name"]),
        Row(2, ["1", "Jörg"]),
        Row(4, ["2", 'a, "b"']),
        Row(6, ["3", "x\u2028y"]),
    ]


def test_a_row_over_several_lines_has_the_line_it_begins_on():
    assert read('phone_number,notes\n1,"a\nb\nc"\n2,d\n')[1:] == [
        Row(2, ["1", "a\nb\nc"]),
        Row(5, ["2", "d"]),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_first_line_tells_the_separator(separator):
    assert read(separator.join(["phone_number", "name"]))[0].cells == ["phone_number", "name"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", ("line 1", "invalid")),
        ("\n\n", ("line 1", "invalid")),
        (b"phone_number,name\n1,J\xf6rg\n", ("line 2", "encoding")),
        (b"phone_number,name\n1,a\n2,b\n3,\xc3", ("line 4", "encoding")),
        ("phone_number".encode("utf-16"), ("line 1", "encoding")),
        (b"PK\x03\x04 and so on", ("line 1", "encoding")),
        (b"phone_number\n1\0\n", ("line 2", "encoding")),
        ('phone_number,name\n1,"a\n2,b\n', ("line 2", "malformed")),
        ('phone_number,name\n1,"a" b\n', ("line 2", "malformed")),
        ("phone_number\n" + "x" * 70_000, ("line 2", "too_long")),
        ('phone_number,a,b\n1,"' + "x\n" * 40_000 + '",2', ("line 2", "too_long")),
        ("phone_number\n" + "1\n" * 100_001, ("line 100002", "too_many_rows")),
    ],
)
def test_what_makes_a_file_none_is_told_with_its_line(text, where):
    assert refused(text, 4096) == where


def test_a_line_of_10_mb_is_not_read_to_its_end():
    pieces = iter([b"phone_number\n", *[b"x" * 60_000] * 170])
    with pytest.raises(InvalidRequest) as refusal:
        list(lead_csv.rows(pieces))
    assert refusal.value.errors[0].path == "line 2"
    assert len(list(pieces)) > 160


@settings(max_examples=100)
@given(st.binary(max_size=300), st.integers(1, 50))
def test_no_file_breaks_it(data, size):
    try:
        found = read(b"phone_number\n" + data, size)
    except InvalidRequest:
        return
    for row in found[1:]:
        lead_csv.judged(row, ["phone_number"], "US")


# --- the header


@pytest.mark.parametrize(
    ("cells", "columns"),
    [
        (["phone_number"], ("phone_number",)),
        (["Phone Number", " NAME "], ("phone_number", "name")),
        (["Mobile", "E-Mail", "Timezone"], ("phone_number", "email", "time_zone")),
        (["phone", "order_number"], ("phone_number", "metadata.order_number")),
        (["phone", "OrderNo"], ("phone_number", "metadata.OrderNo")),
        (["phone", "Order No."], ("phone_number", "metadata.order_no")),
    ],
)
def test_columns_are_understood(cells, columns):
    assert lead_csv.columns_of(Row(1, cells)) == columns


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        (["name"], ["no_phone_number"]),
        (["phone_number", ""], ["no_name"]),
        (["phone_number", "Phone"], ["repeated"]),
        (["phone_number", "a", "a"], ["repeated"]),
        (["phone_number", "2nd"], ["invalid_name"]),
        (["phone_number", "имя"], ["invalid_name"]),
        (["phone_number"] + [f"c{n}" for n in range(100)], ["too_many_columns"]),
        (["+12025550112", "Ann"], ["invalid_name", "no_phone_number"]),
    ],
)
def test_what_is_wrong_with_a_header_is_told(cells, codes):
    with pytest.raises(InvalidRequest) as refusal:
        lead_csv.columns_of(Row(1, cells))
    assert [fault.code for fault in refusal.value.errors] == codes


def test_a_column_that_is_almost_the_number_is_named():
    with pytest.raises(InvalidRequest) as refusal:
        lead_csv.columns_of(Row(1, ["phonenumber"]))
    assert "Is it 'phonenumber'?" in refusal.value.errors[0].message


# --- rows


def test_a_row_becomes_a_lead():
    assert judge(NUMBER, " Ann ", "a; b|c", "A-17") == (
        {
            "phone_number": NUMBER,
            "name": "Ann",
            "tags": ["a", "b", "c"],
            "metadata": {"order_number": "A-17"},
        },
        [],
    )
    assert judge(NUMBER, "", "", "") == ({"phone_number": NUMBER}, [])


@pytest.mark.parametrize(
    ("text", "region", "found"),
    [
        ("(202) 555-0112", "US", NUMBER),
        ("+1 202-555-0112", None, NUMBER),
        ("0012025550112", None, NUMBER),
        ("020 7946 0123", "GB", "+442079460123"),
    ],
)
def test_numbers_are_kept_in_one_form(text, region, found):
    assert judge(text, "", "", "", region=region)[0]["phone_number"] == found


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        (("", "Ann", "", ""), ("phone_number", "required")),
        (("2025550112", "", "", ""), ("phone_number", "no_country_code")),
        (("1.20256E+10", "", "", ""), ("phone_number", "spreadsheet_number")),
        (("+9995550112", "", "", ""), ("phone_number", "impossible_number")),
        (("=A1", "", "", ""), ("phone_number", "formula")),
        ((NUMBER, '=HYPERLINK("x")', "", ""), ("name", "formula")),
        ((NUMBER, "", "", "@SUM(1)"), ("metadata.order_number", "formula")),
        ((NUMBER, "", "", "-cmd|' /c calc'!A0"), ("metadata.order_number", "formula")),
        ((NUMBER, "#REF!", "", ""), ("name", "formula")),
        ((NUMBER, "x" * 201, "", ""), ("name", "length")),
        ((NUMBER, "", "x" * 65, ""), ("tags", "length")),
        ((NUMBER, "Ann", ""), ("row", "cells")),
        ((NUMBER, "Ann", "", "", "more"), ("row", "cells")),
    ],
)
def test_what_is_wrong_with_a_row_is_told_by_column(cells, wrong):
    assert judge(*cells)[1] == [wrong]


def test_what_only_looks_like_a_formula_is_taken():
    assert judge(NUMBER, "@ann", "", "-5")[1] == []
    assert judge(NUMBER, "- asked twice", "", "+5 %")[1] == []


def test_every_fault_of_a_row_is_told():
    columns = ("phone_number", "email", "status", "time_zone", "region")
    found = judge("x", "ann", "Sold", "Mars", "ZZ", columns=columns)[1]
    assert [path for path, _ in found] == list(columns)
