import itertools
import string

from hypothesis import example, given
from hypothesis import strategies as st

from gridshare_portal.access.finding import words

LETTERS = st.text(alphabet="abcde", min_size=4, max_size=9)


class TestFolding:
    def test_leaves_out_case_accents_and_what_cannot_be_seen(self):
        assert words.fold("J\u202eO\u200bSÉ\x00") == "jose"

    def test_takes_wide_letters_and_ligatures_for_what_they_look_like(self):
        assert words.fold("ＡＢﬁ") == "abfi"
        assert words.fold("Straße") == "strasse"

    @given(st.text(max_size=60))
    @example("ΐ İ ǰ ß")
    def test_twice_changes_nothing_more(self, text):
        once = words.fold(text)

        assert words.words_of(once) == words.words_of(text)


class TestWords:
    def test_are_runs_of_letters_or_of_digits(self):
        assert words.words_of("Ana-Maria O'Neil, ana.84@mail.example") == (
            "ana", "maria", "o", "neil", "ana", "84", "mail", "example",
        )  # fmt: skip

    @given(st.text())
    def test_hold_letters_and_digits_only_and_never_more_than_is_looked_at(self, text):
        found = words.words_of(text)

        assert all(word.isalnum() or word.isnumeric() for word in found)

    def test_of_an_id_do_not_mind_dashes(self):
        assert "".join(words.words_of("SN-0012 34")) == "".join(words.words_of("sn001234"))


class TestASlip:
    @given(LETTERS, st.data())
    def test_is_shared_by_any_two_words_that_are_near(self, word, data):
        at = data.draw(st.integers(0, len(word) - 1))
        letter = data.draw(st.sampled_from(string.ascii_lowercase))
        for other in (
            word[:at] + letter + word[at:],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
        ):
            assert words.is_near(word, other) and words.is_near(other, word)
            assert words.slips(word) & words.slips(other)

    def test_is_one_and_not_two(self):
        near = [
            other
            for other in map("".join, itertools.product("abx", repeat=4))
            if words.is_near("abab", other)
        ]

        assert "abxb" in near and "baab" in near and "abab" in near
        assert "axxb" not in near and "baba" not in near and "xbax" not in near

    def test_is_not_forgiven_in_numbers_and_short_words(self):
        assert words.can_slip("lopez") and not words.can_slip("ana") and not words.can_slip("123456")


class TestMarking:
    def test_cuts_a_name_where_it_is_like_the_query(self):
        assert words.marked("José López", ["lope"]) == (("José ", False), ("Lópe", True), ("z", False))

    def test_reaches_over_the_dashes_of_an_id(self):
        assert words.marked("SN-12-34", ["1234"], joined=True) == (("SN-", False), ("12-34", True))

    def test_does_not_reach_over_the_space_between_names(self):
        assert words.marked("Ana Lopez", ["al"]) == (("Ana Lopez", False),)

    def test_leaves_markup_to_be_escaped_and_drops_marks_that_turn_text_around(self):
        parts = words.marked("<b>\u202eBob</b>", ["bob"])

        assert parts == (("<b>", False), ("Bob", True), ("</b>", False))

    @given(st.text(max_size=60), st.lists(st.text(max_size=4), max_size=3), st.booleans())
    def test_loses_nothing_that_can_be_seen(self, text, pieces, joined):
        parts = words.marked(text, [words.fold(piece) for piece in pieces], joined=joined)

        assert words.fold("".join(part for part, _ in parts)) == words.fold(text)
