"""Who may see what by a look-up that is built once is who may see it by the rules, at every moment."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import CharField

from gridshare_portal import built
from gridshare_portal.access import consents, lookups, policy
from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites

pytestmark = pytest.mark.django_db
ID = built.Given("synth_id", CharField())
HOMES = lookups.Lookup(
    lambda user, now: policy.marked_own(policy.sites_visible_to(user, now=now), user).filter(synth_id=ID)
)


def seen(user, now):
    """Return the homes found one by one, and whether each is the person's own."""
    found = [HOMES.first(user, now=now, synth_id=one.synth_id) for one in sites.Site.objects.order_by("pk")]
    return [(one, one.is_own) for one in found if one is not None]


def by_rules(user, now):
    homes = policy.marked_own(policy.sites_visible_to(user, now=now), user).order_by("pk")
    return [(one, one.is_own) for one in homes]


def agree(users, now):
    for user in users:
        assert seen(user, now) == by_rules(user, now), user
    return [len(seen(user, now)) for user in users]


class TestALookup:
    def test_finds_what_the_rules_say_for_everybody_whatever_happens(
        self, homeowner, co_owner, neighbor, stranger, installer, viewer, retailer, outsider, now
    ):
        cast = (homeowner, co_owner, neighbor, stranger, installer, viewer, retailer, outsider)
        users = [one.user for one in cast]
        before = now - timedelta(days=1)
        assert agree(users, now) == [1, 1, 2, 0, 1, 1, 1, 0]
        assert agree(users, before) == [1, 1, 2, 0, 0, 0, 0, 0]

        access.Consent.objects.update(until_at=now + timedelta(hours=1))
        assert agree(users, now + timedelta(hours=1)) == [1, 1, 2, 0, 0, 0, 0, 0]
        lunar.Connection.objects.filter(user=homeowner.user).update(status="disconnected")
        assert agree(users, now) == [0, 1, 2, 0, 0, 0, 0, 0]
        lunar.Connection.objects.update(status="disconnected")
        assert agree(users, now) == [1, 1, 2, 0, 0, 0, 0, 0]

    def test_loses_what_ended_with_the_very_next_asking(self, homeowner, installer, sunfix, now):
        home = homeowner.site.synth_id
        assert HOMES.first(installer.user, now=now, synth_id=home) == homeowner.site

        consents.end(consent=sunfix.consents.get(), by=homeowner.user, now=now)

        assert HOMES.first(installer.user, now=now, synth_id=home) is None

    def test_asks_again_about_second_factor_and_membership(self, homeowner, installer, viewer, now):
        home = homeowner.site.synth_id
        assert all(HOMES.first(one.user, now=now, synth_id=home) for one in (installer, viewer))

        installer.user.authenticator_set.all().delete()
        accounts.Membership.objects.filter(user=viewer.user).delete()

        assert not any(HOMES.first(one.user, now=now, synth_id=home) for one in (installer, viewer))

    def test_does_not_take_one_person_for_another(self, homeowner, neighbor, now):
        for _ in range(2):
            for one, other in ((homeowner, neighbor), (neighbor, homeowner)):
                assert HOMES.first(one.user, now=now, synth_id=one.site.synth_id)
                assert HOMES.first(one.user, now=now, synth_id=other.site.synth_id) is None

    def test_finds_nothing_for_who_is_not_signed_in_or_shut_out(
        self, homeowner, now, django_assert_num_queries
    ):
        home, shut_out = homeowner.site.synth_id, homeowner.user
        shut_out.is_active = False

        with django_assert_num_queries(0):
            for user in (AnonymousUser(), shut_out):
                assert HOMES.first(user, now=now, synth_id=home) is None
