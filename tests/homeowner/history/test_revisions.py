"""What the history says of days that Lunar changed later."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from gridshare_portal.homeowner.history import range as history_range
from gridshare_portal.homeowner.history import revisions
from gridshare_portal.telemetry import stored
from gridshare_portal.telemetry.models import Revision

DAY, NOTICED = date(2026, 5, 3), datetime(2026, 5, 10, 12, tzinfo=UTC)
ONE_DAY = history_range.HistoryRange("day", DAY, DAY, "quarter")
MONTH = history_range.HistoryRange("month", date(2026, 5, 1), date(2026, 5, 31), "day")


@pytest.fixture
def home(homeowner):
    return homeowner.site


def noted(site, role, *, day=DAY, revised=8, filled=0, **energies):
    return Revision.objects.create(
        sensor=site.sensors.filter(role_found=role).first(),
        day=day,
        noticed_at=NOTICED,
        revised=revised,
        filled=filled,
        **{f"{name}_wh": value for name, value in energies.items()},
    )


def told(site, choice=ONE_DAY):
    return [text for one in revisions.of_days(stored.read(site), choice) for text in one.texts]


class TestADayThatLunarChanged:
    def test_says_what_was_known_before_and_what_is_now(self, home):
        noted(home, "solar", out_before=8200.0, out_after=15_800.0, in_before=0.0, in_after=0.0)
        noted(home, "grid", in_before=None, in_after=3000.0, out_before=100.0, out_after=120.0)

        assert told(home) == [
            "Lunar corrected this day on 10 May 2026: solar 8.2\u202fkWh → 15.8\u202fkWh, "
            "from the grid not known → 3.0\u202fkWh."
        ]

    def test_says_apart_what_was_handed_in_later(self, home):
        noted(home, "solar", revised=0, filled=21, out_before=15_800.0, out_after=15_800.0)
        noted(home, "battery", in_before=1000.0, in_after=2000.0)

        assert told(home) == [
            "Lunar corrected this day on 10 May 2026: into the battery 1.0\u202fkWh → 2.0\u202fkWh.",
            "Lunar handed in readings of this day later, on 10 May 2026: 5\u202fh 15\u202fmin of solar.",
        ]

    def test_says_that_the_energy_is_the_same_where_only_power_changed(self, home):
        noted(home, "solar", out_before=8200.0, out_after=8200.0)

        assert told(home) == ["Lunar corrected this day on 10 May 2026: solar, with the same energy."]

    def test_does_not_take_one_of_several_sensors_for_all(self, home):
        first = home.sensors.get(role_found="solar")
        home.sensors.create(synth_id="another", role_found="solar", device=first.device)
        noted(home, "solar", out_before=8200.0, out_after=15_800.0)

        assert "solar (1 of 2 sensors) 8.2" in told(home)[0]

    def test_is_not_told_of_other_days_or_of_what_is_not_counted(self, home):
        noted(home, "solar", day=DAY - timedelta(days=1))
        noted(home, "grid")
        home.sensors.filter(role_found="grid").update(role_set="unknown")

        assert told(home) == []


class TestTheHistory:
    def page(self, visitor, choice):
        return visitor.get(f"{reverse('homeowner:telemetry', args=[visitor.site.synth_id])}?{choice.query()}")

    def test_says_it_at_that_day(self, homeowner, home):
        noted(home, "solar", out_before=8200.0, out_after=15_800.0)

        assert "Lunar corrected this day on 10 May 2026: solar 8.2" in self.page(homeowner, ONE_DAY).text
        other = history_range.HistoryRange("day", date(2026, 5, 4), date(2026, 5, 4), "quarter")
        assert "corrected" not in self.page(homeowner, other).text

    def test_lists_the_days_of_a_month_with_a_way_to_each(self, homeowner, home):
        for number in range(3):
            noted(home, "solar", day=DAY + timedelta(days=number), out_before=8200.0, out_after=15_800.0)
        page = self.page(homeowner, MONTH).text

        assert "Changed later by Lunar" in page
        assert page.index("?view=day&amp;day=2026-05-05") < page.index("?view=day&amp;day=2026-05-03")

    def test_lists_a_month_s_worth_of_days_at_most(self, home):
        for number in range(40):
            noted(home, "solar", day=DAY - timedelta(days=number))
        year = history_range.HistoryRange("year", date(2026, 1, 1), date(2026, 12, 31), "month")

        assert len(revisions.of_days(stored.read(home), year)) == revisions.MOST_DAYS

    def test_says_nothing_of_what_was_read_for_people_before(self, homeowner, home, neighbor):
        noted(home, "solar", out_before=8200.0, out_after=15_800.0)

        assert told(neighbor.site) == []
