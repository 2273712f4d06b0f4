"""A spreadsheet that is sent while it is written, read back by a reader of its own."""

import io
import warnings
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.files import workbooks

# What cells.text lets through: printable, on one line.
texts = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=40)
numbers = st.integers(-(10**12), 10**12) | st.floats(-1e12, 1e12).map(lambda one: round(one, 3))
rows = st.lists(st.lists(st.none() | texts | numbers, min_size=3, max_size=3), max_size=20)


def book(rows, heads=("Home", "Id", "Charge (%)")):
    return b"".join(workbooks.xlsx(rows, title="Homes", heads=heads, wide=2))


def read(file):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sheet = openpyxl.load_workbook(io.BytesIO(file)).active
    return sheet, [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2, max_col=3)]


@given(rows)
def test_what_is_written_is_what_is_read(written):
    _sheet, found = read(book(written))
    found += [[None] * 3] * (len(written) - len(found))  # rows of nothing at the end have no cell

    assert found == [[None if value == "" else value for value in row] for row in written]


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "@SUM(A1)", "http://a.b", "007", "1e5", "<b>&amp;</b>", " a ", "\u202eb"],
)
def test_a_text_stays_a_text(name):
    sheet, _rows = read(book([[name, "", None]]))

    assert (sheet["A2"].value, sheet["A2"].data_type) == (name, "s")
    assert sheet["A2"].hyperlink is None


def test_a_text_is_no_letter_by_its_number():
    rows = zipfile.ZipFile(io.BytesIO(book([["_x003D_1+1", "_x", None]]))).read(workbooks.ROWS)

    assert b">_x005F_x003D_1+1<" in rows and b">_x<" in rows  # ECMA-376, part 1, 22.9.2.19


def test_it_says_neither_a_wrong_size_nor_that_spaces_do_not_count():
    rows = zipfile.ZipFile(io.BytesIO(book([[" a ", "b", 1]]))).read(workbooks.ROWS)

    assert b"<dimension" not in rows  # nobody knows before the last row
    assert rows.count(b'<t xml:space="preserve">') == 5  # three heads, two texts


@pytest.mark.parametrize("unknown", [None, "", float("nan"), float("inf")])
def test_the_unknown_is_no_zero(unknown):
    sheet, _rows = read(book([["House", unknown, 0]]))

    assert (sheet["B2"].value, sheet["C2"].value) == (None, 0)


def test_head_and_first_column_stay_in_sight():
    sheet, _rows = read(book([]))

    assert [cell.value for cell in sheet[1]] == ["Home", "Id", "Charge (%)"]
    assert sheet.freeze_panes == "B2" and sheet.title == "Homes"
    assert sheet.column_dimensions["A"].width > 20


def test_columns_go_on_behind_the_alphabet():
    file = book([list(range(30))], heads=[f"Column {number}" for number in range(30)])

    assert openpyxl.load_workbook(io.BytesIO(file)).active["AD2"].value == 29


def test_it_is_sent_while_it_is_written():
    asked = []

    def rows():
        for number in range(20_000):
            asked.append(number)
            yield [f"Home {number * 7919 % 20_011}", f"{number:x}" * 5, number / 7]

    pieces = workbooks.xlsx(rows(), title="Homes", heads=("Home", "Id", "Charge (%)"))
    first, so_far = next(pieces), len(asked)
    rest = b"".join(pieces)

    assert 0 < so_far < len(asked) == 20_000 and len(first) < len(rest)
    assert zipfile.ZipFile(io.BytesIO(first + rest)).testzip() is None


def test_one_who_goes_away_ends_it():
    pieces = workbooks.xlsx(
        ([f"{number * 7919:x}" * 9, "", None] for number in range(50_000)), title="Homes", heads=("Home",)
    )
    next(pieces)

    pieces.close()
    assert list(pieces) == []
