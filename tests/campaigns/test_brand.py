"""An organization's color: nothing but a color, and never unreadable."""

import contextlib
import re

from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.campaigns import brand

colors = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


class TestTheColor:
    @given(colors)
    def test_bears_text_that_can_be_read(self, color):
        assert brand.contrast(brand.text_on(color), color) >= brand.READABLE
        assert brand.contrast(brand.ink(color), brand.WHITE) >= brand.READABLE

    @given(st.text(alphabet="#0aF9;} \n０", min_size=6, max_size=9))
    def test_is_nothing_but_a_color(self, text):
        with contextlib.suppress(brand.NotAColor):
            assert re.fullmatch("#[0-9a-f]{6}", brand.plain(text))
