"""No text becomes a formula, a second line or a second direction in a file of rows."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.files import cells

NASTY = st.text(alphabet=st.sampled_from("=+-@|%\t\r\n '\"a1,;\u202e\u200b\ufeff＝＠\x00"), max_size=12)


class TestACell:
    @pytest.mark.parametrize(
        "value", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\r@x", "\u202e=1", "＝1", "%x", "|x"]
    )
    def test_of_a_formula_is_text(self, value):
        assert cells.text(value).startswith("'")

    @given(NASTY | st.text(max_size=40))
    def test_never_begins_a_formula(self, value):
        cell = cells.text(value)

        assert not cell.lstrip().startswith(cells.FORMULA) and cell[:1] not in ("\t", "\r", "\n")
        assert not any(unicodedata.category(one) in ("Cc", "Cf") for one in cell)

    @given(st.text(alphabet="abc äöü1", min_size=1, max_size=20))
    def test_of_a_plain_name_stays_as_it_is(self, value):
        assert cells.text(value) == value

    @given(st.lists(st.lists(NASTY, min_size=2, max_size=4), min_size=1, max_size=5))
    def test_is_read_back_as_it_was_written(self, rows):
        written = [[cells.text(value) for value in row] for row in rows]
        file = "".join(cells.lines(written))

        assert list(csv.reader(io.StringIO(file))) == written and file.count("\n") == len(rows)
