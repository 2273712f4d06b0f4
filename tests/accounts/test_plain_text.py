"""What is left of a text that a person gave."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.accounts import plain_text


class TestAPlainText:
    @pytest.mark.parametrize(
        ("given_text", "left"),
        [
            ("  Sun   Fix ", "Sun Fix"),
            ("Sun\r\nFix\t2", "Sun Fix 2"),
            ("Sun\u202eFix\u200f", "SunFix"),
            ("\x00\x07\u200b\ufeff", ""),
            ("Müller & Söhne 太陽", "Müller & Söhne 太陽"),
            ("=1+1", "=1+1"),
        ],
    )
    def test_is_what_can_be_seen(self, given_text, left):
        assert plain_text.plain(given_text) == left

    @given(st.text(max_size=60))
    def test_has_no_control_no_turn_and_no_space_to_spare(self, text):
        plain = plain_text.plain(text)

        assert not any(unicodedata.category(one)[0] == "C" for one in plain)
        assert plain == plain.strip() and "  " not in plain and plain_text.plain(plain) == plain
