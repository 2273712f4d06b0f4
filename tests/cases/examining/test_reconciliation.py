"""What becomes of a case when its home is examined again."""

from datetime import timedelta

import pytest

from gridshare_portal.access import models as access
from gridshare_portal.cases import handling
from gridshare_portal.cases.models import Case, Examination
from gridshare_portal.lunar import models as lunar
from gridshare_portal.telemetry.models import Collection
from tests.cases.open import actions, open_cases

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class TestACase:
    @pytest.fixture
    def ended(self, home, examined, afternoon):
        lunar.Connection.objects.update(status="reconnect", status_since_at=afternoon - HOUR)
        examined(afternoon)
        return Case.objects.get()

    def test_is_opened_once_however_often_it_is_found(self, ended, examined, afternoon):
        examined(afternoon + HOUR)

        again = Case.objects.get()
        assert (again.pk, again.seen_at, again.since_at) == (ended.pk, afternoon + HOUR, ended.since_at)
        assert actions(again) == ["opened"]

    def test_of_a_home_that_is_no_longer_shared_closes_and_the_home_leaves_the_queue(
        self, ended, examined, afternoon
    ):
        access.Consent.objects.update(ended_at=afternoon)
        examined(afternoon + HOUR)

        ended.refresh_from_db()
        assert ended.closed_how == "unshared"
        assert not Examination.objects.exists()

    def test_that_was_resolved_stays_closed_for_a_day_and_then_says_so(
        self, ended, installer, examined, afternoon
    ):
        handling.resolve(case=ended, actor=installer.user, words="Wrote to them.", now=afternoon)
        for hours in (1, 23):
            examined(afternoon + hours * HOUR)
            assert not open_cases(ended.site)
        examined(afternoon + 25 * HOUR)

        (again,) = open_cases(ended.site).values()
        assert again.again and actions(again) == ["reopened"]

    def test_that_begins_anew_after_it_was_resolved_opens_at_once(
        self, ended, installer, examined, afternoon
    ):
        handling.resolve(case=ended, actor=installer.user, words="They connected again.", now=afternoon)
        lunar.Connection.objects.update(status_since_at=afternoon + HOUR)
        examined(afternoon + 2 * HOUR)

        (new,) = open_cases(ended.site).values()
        assert not new.again and actions(new) == ["opened"]

    def test_that_is_set_aside_comes_back_when_it_gets_worse(
        self, home, sunfix, installer, examined, afternoon
    ):
        silent = afternoon - 5 * HOUR
        Collection.objects.update(last_ok_at=afternoon)
        home.sensors.first().latest.__class__.objects.update(at=silent, read_at=silent)
        examined(afternoon)
        case = Case.objects.get(cause="site_silent")
        handling.snooze(case=case, actor=installer.user, until_at=afternoon + 7 * DAY, now=afternoon)
        Collection.objects.update(last_ok_at=afternoon + DAY)
        examined(afternoon + DAY)

        case.refresh_from_db()
        assert (case.severity, case.snoozed_until_at) == (1, None)
        assert "worse" in actions(case)

    def test_belongs_to_each_organization_by_itself(self, ended, homeowner, retailer, examined, afternoon):
        access.Consent.objects.update(from_at=afternoon - DAY)
        examined(afternoon + HOUR)

        assert Case.objects.filter(closed_at=None).count() == 2
        cases_of_brightgrid = Case.objects.get(organization=retailer.organization)
        assert cases_of_brightgrid.pk != ended.pk
