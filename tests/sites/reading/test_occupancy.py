from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.sites.reading import occupancy
from gridshare_portal.sites.reading.occupancy import Decision, Silence

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
ME = 1
ANYBODY, OTHERS = st.integers(1, 4), st.integers(2, 4)
ago = st.timedeltas(timedelta(0), timedelta(days=40)).map(lambda length: NOW - length)
answers = st.dictionaries(
    st.integers(1, 6),
    st.sampled_from(Silence) | st.frozensets(st.sampled_from(["home", "other"]), max_size=2),
    max_size=6,
)


@st.composite
def links(draw, people):
    """Some connections, each with a number of its own."""
    count = draw(st.integers(0, 5))
    return [
        occupancy.Link(
            connection=number,
            person=draw(people),
            is_active=draw(st.booleans()),
            seen_at=draw(ago),
            lost_at=draw(st.none() | ago),
        )
        for number in range(1, count + 1)
    ]


def decided(known, heard):
    return occupancy.decide(known, "home", person=ME, heard=heard, now=NOW)


def lists(known, heard):
    return any(one.is_active and "home" in occupancy.lists(heard, one.connection) for one in known)


class TestADecision:
    @given(links(ANYBODY), answers)
    def test_lets_somebody_in_only_who_lived_there_or_lives_there_with_others_now(self, known, heard):
        decision = decided(known, heard)

        assert (decision is Decision.CONTINUE) == any(one.person == ME for one in known)
        if decision is Decision.JOIN:
            assert lists(known, heard)

    @given(links(OTHERS), answers)
    def test_takes_nobody_s_home_whose_account_lists_it_or_could_not_be_asked(self, known, heard):
        decision = decided(known, heard)

        if decision is Decision.BEGIN:
            assert not lists(known, heard)
            for one in known:
                if one.is_active:
                    assert one.connection in heard
                    fresh = NOW - one.seen_at <= occupancy.LISTED_FOR and one.lost_at is None
                    assert heard[one.connection] is not Silence.LATER
                    assert heard[one.connection] is not Silence.UNKNOWN or not fresh

    @given(links(ANYBODY), answers)
    def test_asks_whom_it_has_not_heard_and_nobody_twice(self, known, heard):
        if decided(known, heard) is Decision.ASK:
            asked = occupancy.unasked(known, heard)
            assert asked and not {*asked} & {*heard}
            assert decided(known, {**heard, **dict.fromkeys(asked, Silence.UNKNOWN)}) is not Decision.ASK

    @given(links(OTHERS), answers)
    def test_waits_a_day_at_most(self, known, heard):
        heard = {number: said for number, said in heard.items() if said is not Silence.LATER}
        heard = dict.fromkeys((one.connection for one in known), Silence.UNKNOWN) | heard
        later = NOW + occupancy.LISTED_FOR + timedelta(seconds=1)

        found = occupancy.decide(known, "home", person=ME, heard=heard, now=later)

        assert found in (Decision.BEGIN, Decision.JOIN)

    @given(links(OTHERS))
    def test_of_a_home_that_nobody_has_any_more_is_to_begin(self, known):
        nobody = dict.fromkeys((one.connection for one in known), frozenset[str]())

        assert decided(known, nobody) is Decision.BEGIN
