import itertools

import pytest
from django.contrib.auth.models import AnonymousUser

from gridshare_portal.access import policy
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites
from gridshare_portal.sites.reading import handover
from tests import people

pytestmark = pytest.mark.django_db
WRITE = "lunar/plan.write"


def seen_by(visitor, now):
    return set(policy.sites_visible_to(visitor.user, now=now))


def become(visitor, status):
    lunar.Connection.objects.filter(user=visitor.user).update(status=status)


class TestSeeing:
    def test_is_for_those_whose_connection_reaches_the_home(
        self, homeowner, co_owner, neighbor, stranger, now
    ):
        assert homeowner.site in seen_by(homeowner, now) and homeowner.site in seen_by(co_owner, now)
        assert homeowner.site not in seen_by(neighbor, now)
        assert len(seen_by(neighbor, now)) == 2
        assert seen_by(stranger, now) == set()

    def test_is_not_for_nobody_and_not_for_who_was_shut_out(self, homeowner, now):
        homeowner.user.is_active = False

        assert not seen_by(homeowner, now)
        assert not policy.sites_visible_to(AnonymousUser(), now=now)

    def test_goes_on_while_the_connection_waits_to_be_renewed(self, homeowner, co_owner, now):
        become(homeowner, "reconnect")

        assert homeowner.site in seen_by(homeowner, now)

    def test_goes_on_after_a_disconnect_as_long_as_the_home_is_nobody_elses(self, homeowner, now):
        become(homeowner, "disconnected")

        assert homeowner.site in seen_by(homeowner, now)

    def test_ends_after_a_disconnect_when_somebody_else_reaches_the_home(self, homeowner, co_owner, now):
        become(homeowner, "disconnected")

        assert not seen_by(homeowner, now)
        assert co_owner.site in seen_by(co_owner, now)

    def test_ends_when_lunar_no_longer_lists_the_home(self, homeowner, now):
        sites.ConnectionSite.objects.filter(connection__user=homeowner.user).update(lost_at=now)

        assert not seen_by(homeowner, now)

    def test_goes_on_where_other_people_live_now_if_the_connection_had_ended(self, homeowner, now):
        handover.leave(homeowner.site, gone=[], now=now)
        become(homeowner, "disconnected")

        assert seen_by(homeowner, now) == {homeowner.site}

    def test_shows_each_home_once_however_many_connections_reach_it(self, homeowner, sandbox, now):
        second = people.connect(homeowner.user, "cora", sandbox=sandbox)
        sites.ConnectionSite.objects.create(site=homeowner.site, connection=second, seen_at=now)

        assert policy.sites_visible_to(homeowner.user, now=now).count() == 1

    def test_holds_for_devices_and_sensors_alike(self, homeowner, neighbor, battery, now):
        sensor = battery.sensors.first()

        assert battery in policy.devices_visible_to(homeowner.user, now=now)
        assert sensor in policy.sensors_visible_to(homeowner.user, now=now)
        assert battery not in policy.devices_visible_to(neighbor.user, now=now)
        assert sensor not in policy.sensors_visible_to(neighbor.user, now=now)

    def test_does_not_reach_a_device_without_a_home(self, homeowner, battery, now):
        battery.site = None
        battery.save()

        assert battery not in policy.devices_visible_to(homeowner.user, now=now)
        assert policy.may_control(homeowner.user, battery, now=now) == policy.NOWHERE

    def test_says_of_one_home_what_it_says_of_many(self, homeowner, co_owner, now):
        statuses = ("active", "reconnect", "disconnected")
        ways = ({"lost_at": None}, {"lost_at": now}, {"lost_at": now, "is_kept": True})
        for mine, its in itertools.product(itertools.product(statuses, ways), repeat=2):
            for visitor, (status, way) in zip((homeowner, co_owner), (mine, its), strict=True):
                become(visitor, status)
                links = sites.ConnectionSite.objects.filter(connection__user=visitor.user)
                links.update(**{"is_kept": False, **way})

            context = policy.access_of(homeowner.user, homeowner.site, now=now)

            assert (context is not None and context.own) == (homeowner.site in seen_by(homeowner, now))


class TestControlling:
    def test_is_for_the_homeowner(self, homeowner, battery, now):
        assert policy.may_control(homeowner.user, battery, now=now, scope=WRITE) == policy.Decision(
            allowed=True
        )

    def test_is_not_for_a_neighbor(self, neighbor, battery, now):
        assert policy.may_control(neighbor.user, battery, now=now, scope=WRITE) == policy.UNSEEN

    @pytest.mark.parametrize("status", ["reconnect", "disconnected"])
    def test_needs_a_working_connection(self, status, homeowner, battery, now):
        become(homeowner, status)

        assert policy.may_control(homeowner.user, battery, now=now, scope=WRITE) == policy.ENDED

    def test_names_the_scope_that_is_missing(self, reader, now):
        device = sites.Device.objects.filter(site=reader.site).first()

        answer = policy.may_control(reader.user, device, now=now, scope=WRITE)

        assert (answer.allowed, answer.scope) == (False, WRITE)
        assert answer.reason.endswith(".")

    def test_does_not_borrow_the_permission_of_a_co_owner(self, homeowner, co_owner, battery, now):
        lunar.Connection.objects.filter(user=homeowner.user).update(scopes="lunar/device.read")

        assert not policy.may_control(homeowner.user, battery, now=now, scope=WRITE).allowed
        assert policy.may_control(co_owner.user, battery, now=now, scope=WRITE).allowed
