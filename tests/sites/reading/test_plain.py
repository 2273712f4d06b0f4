import json

from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.sites.reading import plain

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


class TestWhatIsKept:
    @given(anything)
    def test_is_json_that_both_databases_take(self, value):
        stored = json.dumps(plain.tree(value), allow_nan=False)

        assert "\\u0000" not in stored
        stored.encode("utf-8")

    def test_loses_nul_and_half_characters_only(self):
        assert plain.word("Ze\x00us \ud800!", limit=80) == "Zeus ?!"
        assert plain.word(None, limit=80) == ""
        assert plain.word("abcdef", limit=3) == "abc"

    def test_ends_where_it_is_too_deep_or_too_wide(self):
        deep = []
        for _ in range(5_000):
            deep = [deep]

        assert json.dumps(plain.tree(deep)) == "[[[[[[null]]]]]]"
        assert len(plain.tree(list(range(10_000)))) == plain.WIDEST

    def test_has_no_number_that_is_none(self):
        assert [plain.tree(v) for v in (float("nan"), float("inf"), 10**400, None)] == [None] * 4
        assert plain.tree(12) == 12.0
