"""What is kept of the way from a link to a consent: counts, and none about few."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.campaigns import funnel
from gridshare_portal.campaigns import models as campaigns


class TestTheFunnel:
    def test_keeps_nothing_about_who_it_was(self):
        kept = {field.name for field in campaigns.CampaignWeek._meta.get_fields()}

        assert kept == {"id", "campaign", "begins", "opened", "connected", "consented"}

    @given(
        st.lists(
            st.lists(st.integers(0, 12), min_size=3, max_size=3).map(lambda n: sorted(n, reverse=True)),
            max_size=6,
        )
    )
    def test_lets_no_figure_about_few_follow(self, weeks):
        first = date(2026, 1, 5)
        total, found = funnel.shown([(first + timedelta(weeks=n), *one) for n, one in enumerate(weeks)])
        for step in (1, 2):
            name = funnel.STEPS[step]
            told = [getattr(one, name) for one in found]
            assert all(value is None or value == 0 or value >= 5 for value in told)
            whole, known = getattr(total, name), sum(week[step] for week in weeks)
            hidden = known - sum(value or 0 for value in told)
            if name in total.least:
                assert whole is None or whole == known - hidden
            elif whole is not None:
                assert whole == known and (hidden == 0 or hidden >= 5)
