from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridshare_portal.access import models, visits
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import names
from gridshare_portal.audit import queries as record
from gridshare_portal.lunar import models as lunar
from tests import environment, people

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def begin(installer, homeowner, now):
    """Open the homeowner's home as the installer, for help, unless told otherwise."""

    def opened(**other):
        asked = {
            "user": installer.user,
            "site": homeowner.site,
            "organization": installer.organization,
            "reason": "asked",
            "now": now,
        }
        return visits.open(**(asked | other))

    return opened


def lines(site):
    """What the homeowner reads of looking, oldest first."""
    named = ("site_opened", "site_viewed", "site_exported")
    return [event for event in record.events_of_site(site.synth_id) if event.name in named][::-1]


class TestOpeningAHome:
    def test_leaves_a_line_with_who_for_whom_and_why(self, begin, homeowner, installer):
        begin(words="  The battery does not charge ")

        line = lines(homeowner.site)[-1]
        assert (line.name, line.actor_id) == ("site_opened", installer.user.pk)
        assert line.organization_id == installer.organization.pk
        assert (line.details["reason"], line.details["words"]) == ("asked", "The battery does not charge")

    def test_lasts_eight_hours(self, begin, installer, homeowner, now):
        visit = begin()

        seen = [
            visits.current(installer.user, homeowner.site, now=now + later)
            for later in (timedelta(0), 8 * HOUR - MINUTE, 8 * HOUR)
        ]
        assert seen == [visit, visit, None]

    def test_lasts_no_longer_than_the_consent(self, begin, homeowner, installer, now):
        models.Consent.objects.update(until_at=now + HOUR)

        assert begin().until_at == now + HOUR

    @pytest.mark.parametrize("reason", ["", "curious", "ASKED", "other\0"])
    def test_needs_a_reason_of_the_list(self, begin, homeowner, reason):
        with pytest.raises(visits.VisitRefused) as refused:
            begin(reason=reason)

        assert refused.value.field == "reason"
        assert not lines(homeowner.site) and not models.Visit.objects.exists()

    @pytest.mark.parametrize("words", ["", "   \n"])
    def test_for_something_else_needs_words(self, begin, words):
        with pytest.raises(visits.VisitRefused) as refused:
            begin(reason="other", words=words)

        assert refused.value.field == "words"

    def test_takes_no_more_than_500_letters(self, begin):
        assert begin(words="a" * 500)
        with pytest.raises(visits.VisitRefused) as refused:
            begin(words="a" * 10_000)

        assert refused.value.field == "words" and "10,000" in str(refused.value)

    def test_is_refused_to_whom_it_is_not_shared(self, begin, outsider, neighbor, homeowner, installer):
        for who, where in (
            (outsider.user, outsider.organization),
            (outsider.user, installer.organization),
            (neighbor.user, installer.organization),
            (installer.user, outsider.organization),
            (homeowner.user, installer.organization),
        ):
            with pytest.raises(visits.VisitRefused):
                begin(user=who, organization=where)

        assert not models.Visit.objects.exists()

    def test_is_refused_one_second_after_the_consent_ended(self, begin, now):
        models.Consent.objects.update(ended_at=now - timedelta(seconds=1))

        with pytest.raises(visits.VisitRefused):
            begin()


class TestAVisit:
    def test_is_of_one_person(self, begin, installer_admin, homeowner, now):
        begin()

        assert visits.current(installer_admin.user, homeowner.site, now=now) is None

    def test_is_of_one_home(self, begin, installer, neighbor, now):
        people.share(neighbor.site, installer.organization, neighbor.user)
        begin()

        assert visits.current(installer.user, neighbor.site, now=now) is None

    def test_is_nothing_that_a_homeowner_needs(self, homeowner, now):
        assert visits.current(homeowner.user, homeowner.site, now=now) is None

    def test_ends_with_the_consent_and_not_with_a_later_one(self, begin, installer, homeowner, now):
        begin()
        models.Consent.objects.update(ended_at=now + MINUTE)
        assert visits.current(installer.user, homeowner.site, now=now + MINUTE) is None

        people.share(homeowner.site, installer.organization, homeowner.user, now=now + 2 * MINUTE)
        assert visits.current(installer.user, homeowner.site, now=now + 3 * MINUTE) is None

    def test_ends_with_the_membership(self, begin, installer, homeowner, now):
        begin()
        accounts.Membership.objects.filter(user=installer.user).delete()

        assert visits.current(installer.user, homeowner.site, now=now) is None

    def test_ends_with_the_homeowners_connection(self, begin, installer, homeowner, now):
        begin()
        lunar.Connection.objects.update(status="disconnected")

        assert visits.current(installer.user, homeowner.site, now=now) is None

    def test_ends_when_its_visitor_leaves(self, begin, installer, homeowner, now):
        visits.leave(visit=begin(), now=now + MINUTE)

        assert visits.current(installer.user, homeowner.site, now=now + MINUTE) is None
        assert models.Visit.objects.get().until_at == now + MINUTE

    def test_of_one_organization_does_not_open_the_home_for_another(self, begin, installer, homeowner, now):
        begin()
        brightgrid = people.organization("retailer", "BrightGrid")
        accounts.Membership.objects.create(user=installer.user, organization=brightgrid, role="viewer")
        people.share(homeowner.site, brightgrid, homeowner.user, right="view")
        models.Consent.objects.exclude(organization=brightgrid).update(ended_at=now)

        assert visits.current(installer.user, homeowner.site, now=now) is None


class TestLooking:
    def test_leaves_a_line_per_page(self, begin, homeowner, now):
        visit = begin(reason="fault", words="Silent")

        visits.note(visit=visit, page="history", now=now)
        visits.note(visit=visit, page="history", now=now)
        visits.note(visit=visit, page="history", now=now, name=names.Name.SITE_EXPORTED)

        assert [line.name for line in lines(homeowner.site)] == [
            "site_opened",
            "site_viewed",
            "site_viewed",
            "site_exported",
        ]
        said = {name: lines(homeowner.site)[-1].details[name] for name in ("page", "reason", "words")}
        assert said == {"page": "history", "reason": "fault", "words": "Silent"}

    @settings(
        max_examples=environment.rounds(quick=20, long=400),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(steps=st.lists(st.integers(1, 900), max_size=12))
    def test_on_and_on_leaves_a_line_every_ten_minutes_at_most(self, begin, homeowner, steps, now):
        visit, at, noted = begin(), now, []
        for step in steps:
            at += timedelta(seconds=step)
            before = len(lines(homeowner.site))
            visits.note_renewed(visit=visit, page="home", now=at)
            noted += [at] * (len(lines(homeowner.site)) - before)

        apart = [later - earlier for earlier, later in zip(noted, noted[1:], strict=False)]
        assert all(pause >= visits.QUIET for pause in apart)
        assert not steps or noted[0] == now + timedelta(seconds=steps[0])
        assert not noted or at - noted[-1] < visits.QUIET

    def test_on_says_so_again_after_ten_minutes(self, begin, homeowner, now):
        visit = begin()
        visits.note(visit=visit, page="home", now=now)

        for minutes in (1, 9, 10, 11):
            visits.note_renewed(visit=visit, page="home", now=now + minutes * MINUTE)

        assert [line.at for line in lines(homeowner.site)[2:]] == [now + 10 * MINUTE]
