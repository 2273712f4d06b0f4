import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.gridshare import errors
from gridshare_portal.gridshare.http import responses

texts = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=30,
)


def read(raw):
    return responses.content("listSites", 200, raw)


class TestContent:
    @pytest.mark.parametrize(
        ("raw", "value"),
        [
            (b"", None),
            (b" \r\n", None),
            (b"\xef\xbb\xbf[1]", [1]),
            (b'{"a": 1, "a": 2}', {"a": 2}),
            (b"[NaN, Infinity, -Infinity]", [None, None, None]),
            (b'["\\u0000", "\\ud800", "\\ud83d\\ude00", "\\\\u0000"]', ["\ufffd", "\ufffd", "😀", "\\u0000"]),
            (b'["\xff"]', ["\ufffd"]),
        ],
    )
    def test_is_read_as_far_as_it_can_be(self, raw, value):
        assert read(raw) == value

    def test_takes_no_harm_from_numbers_without_end(self):
        huge, negative, power = read(b"[" + b"9" * 5000 + b", -" + b"9" * 5000 + b", 1e309]")

        assert (huge, negative, power) == (float("inf"), float("-inf"), float("inf"))

    @pytest.mark.parametrize("raw", [b'{"entries":[{"a"', b"[1, 2", b'{"a": "b'])
    def test_that_breaks_off_is_truncated(self, raw):
        with pytest.raises(errors.Truncated):
            read(raw)

    @pytest.mark.parametrize("raw", [b"<html></html>", b"nothing", b"[1] ]", b"{1: 2}", b'["\n"]'])
    def test_that_is_no_json_says_so(self, raw):
        with pytest.raises(errors.NotJson):
            read(raw)

    @given(JSON, st.sampled_from([None, 1]))
    def test_is_what_was_sent(self, value, indent):
        assert read(json.dumps(value, indent=indent).encode()) == value

    def test_may_be_nested_as_deep_as_any_home(self):
        value, depth = read(b'{"children":[' * 200 + b"7" + b"]}" * 200), 0
        while isinstance(value, dict):
            (value,), depth = value["children"], depth + 1

        assert (value, depth) == (7, 200)

    @pytest.mark.parametrize("close", [b"]", b"}"])
    def test_that_nobody_can_read_to_its_depth_is_no_json_either(self, close):
        with pytest.raises(errors.NotJson):
            read(b"[" * 1_000_000 + close * 1_000_000)
