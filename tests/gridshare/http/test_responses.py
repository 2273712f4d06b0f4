import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.gridshare import errors
from gridshare_portal.gridshare.http import deep_json, responses

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
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

    def test_may_be_nested_to_any_depth(self):
        value, depth = read(b'{"children":[' * 10_000 + b"7" + b"]}" * 10_000), 0
        while isinstance(value, dict):
            (value,), depth = value["children"], depth + 1

        assert (value, depth) == (7, 10_000)

    def test_that_is_deep_and_wrong_is_no_json_either(self):
        with pytest.raises(errors.NotJson):
            read(b"[" * 100_000 + b"}" * 100_000)


class TestDeepJson:
    @given(JSON, st.sampled_from([None, 1]))
    def test_reads_as_the_standard_reader_does(self, value, indent):
        assert deep_json.loads(json.dumps(value, indent=indent)) == value

    @given(st.text(alphabet='{}[]":,0123456789.eE-+ truefalsn\\', max_size=20))
    def test_refuses_what_the_standard_reader_refuses(self, text):
        assert outcome(deep_json.loads, text) == outcome(json.loads, text)


def outcome(loads, text):
    try:
        return repr(loads(text))
    except ValueError:
        return "refused"
