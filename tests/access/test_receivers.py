"""What ends with a connection and with an account, and what does not."""

from datetime import timedelta

import pytest

from gridshare_portal.access import models
from gridshare_portal.lunar import connections
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites
from tests import people
from tests.access.held import holding, told

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def sunfix(db):
    """SunFix, before anybody shared anything."""
    return people.organization("installer", "SunFix")


class TestDisconnecting:
    def disconnect(self, person, now, forget=False):
        connections.disconnect(
            connection=person.connection, actor=person.user, forget_readings=forget, now=now
        )

    @pytest.mark.parametrize("forget", [False, True])
    def test_ends_what_was_shared_by_that_connection(self, give, homeowner, co_owner, now, forget):
        consent = give(lasts="open")

        self.disconnect(homeowner, now, forget)

        consent.refresh_from_db()
        assert (consent.ended_how, consent.ended_by) == ("disconnected", None)
        assert [event.details["how"] for event in told("consent_ended")] == ["disconnected"]

    @pytest.mark.parametrize("forget", [False, True])
    def test_and_connecting_again_does_not_share_again(self, give, homeowner, co_owner, sandbox, now, forget):
        give(lasts="open")
        self.disconnect(homeowner, now, forget)

        again = people.connect(homeowner.user, "ada", sandbox=sandbox)
        sites.ConnectionSite.objects.update_or_create(
            site=co_owner.site, connection=again, defaults={"seen_at": now, "lost_at": None}
        )

        assert homeowner.site == co_owner.site
        assert holding(now + HOUR) == set()

    def test_leaves_what_the_other_homeowner_shared(self, give, homeowner, co_owner, now):
        give()
        theirs = give(given_by=co_owner.user)

        self.disconnect(homeowner, now)

        assert holding(now) == {theirs}

    def test_leaves_what_another_connection_of_the_same_person_reaches(self, give, homeowner, sandbox, now):
        consent = give()
        second = people.connect(homeowner.user, "cora", sandbox=sandbox)
        homeowner.site.connection_sites.create(connection=second, seen_at=now)
        first = lunar.Connection.objects.exclude(pk=second.pk).get(user=homeowner.user)

        connections.disconnect(connection=first, actor=homeowner.user, forget_readings=False, now=now)

        assert holding(now) == {consent}

    def test_ends_it_also_when_the_connection_itself_is_deleted(self, give, homeowner, co_owner):
        consent = give(lasts="open")

        homeowner.connection.delete()

        consent.refresh_from_db()
        assert consent.ended_how == "disconnected"

    def test_takes_the_consent_along_with_a_home_that_is_forgotten(self, give, homeowner, now):
        give()

        self.disconnect(homeowner, now, forget=True)

        assert not models.Consent.objects.exists()
        assert [event.details for event in told("consent_ended")] == [{}]  # the home is nameless by then


class TestAConnectionThatLunarEnded:
    def test_keeps_what_is_shared_until_it_is_renewed(self, give, homeowner, now):
        consent = give()
        connection = homeowner.connection
        lunar.Connection.objects.filter(pk=connection.pk).update(lease_owner="me")

        assert connections.lose(connection=connection, lease_owner="me", reason="expired", now=now)
        assert holding(now) == {consent}


class TestDeletingTheAccount:
    def test_ends_and_records_it_once(self, give, homeowner, co_owner, now):
        give()
        theirs = give(given_by=co_owner.user)

        homeowner.user.delete()

        assert holding(now) == {theirs}
        assert len(told("consent_ended")) == 1
