from datetime import timedelta

import pytest

from gridshare_portal.access import consents, policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites
from tests import people

pytestmark = pytest.mark.django_db
WRITE = "lunar/device.write"


@pytest.fixture
def consent(sunfix):
    """What the homeowner allowed SunFix: to see and change the home."""
    return sunfix.consents.get()


def sees(staff, now):
    found = set(policy.sites_visible_to(staff.user, now=now))
    assert found == set(policy.shared_sites(staff.user, now=now))  # staff of the cast have no home
    return found


def change(consent, **how):
    type(consent).objects.filter(pk=consent.pk).update(**how)


def controls(staff, battery, now):
    return policy.may_control(staff.user, battery, now=now, scope=WRITE)


class TestStaffSee:
    def test_what_was_shared_with_their_organization(self, homeowner, installer, retailer, outsider, now):
        assert sees(installer, now) == sees(retailer, now) == {homeowner.site}
        assert sees(outsider, now) == set()

    def test_its_devices_and_sensors_and_no_other_s(self, homeowner, neighbor, installer, battery, now):
        devices = set(policy.devices_visible_to(installer.user, now=now))
        sensors = policy.sensors_visible_to(installer.user, now=now)

        assert devices == set(sites.Device.objects.filter(site=homeowner.site)) and battery in devices
        assert {sensor.site_id for sensor in sensors} == {homeowner.site.pk}

    def test_nothing_before_it_begins_and_nothing_after_its_time(self, consent, installer, now):
        change(consent, from_at=now, until_at=now + timedelta(hours=1))

        assert sees(installer, now - timedelta(microseconds=1)) == set()
        assert len(sees(installer, now)) == 1
        assert sees(installer, now + timedelta(hours=1)) == set()

    def test_nothing_from_the_moment_it_ends(self, consent, homeowner, installer, now):
        consents.end(consent=consent, by=homeowner.user, now=now)

        assert sees(installer, now) == set()
        assert policy.access_of(installer.user, homeowner.site, now=now) is None

    def test_nothing_without_a_second_factor(self, homeowner, installer, now):
        installer.user.authenticator_set.all().delete()

        assert sees(installer, now) == set()
        assert policy.access_of(installer.user, homeowner.site, now=now) is None

    def test_nothing_with_recovery_codes_alone(self, installer, now):
        installer.user.authenticator_set.update(type="recovery_codes")

        assert sees(installer, now) == set()

    def test_nothing_once_they_no_longer_work_there(self, installer, now):
        accounts.Membership.objects.filter(user=installer.user).delete()

        assert sees(installer, now) == set()

    def test_nothing_once_they_were_shut_out(self, installer, now):
        installer.user.is_active = False

        assert not policy.sites_visible_to(installer.user, now=now).exists()

    def test_nothing_once_its_giver_disconnected(self, homeowner, co_owner, installer, now):
        lunar.Connection.objects.filter(user=homeowner.user).update(status="disconnected")

        assert sees(installer, now) == set()

    def test_nothing_once_its_giver_lost_the_home(self, homeowner, co_owner, installer, now):
        sites.ConnectionSite.objects.filter(connection__user=homeowner.user).update(lost_at=now)

        assert sees(installer, now) == set()

    def test_it_while_the_connection_waits_to_be_renewed(self, homeowner, installer, now):
        lunar.Connection.objects.filter(user=homeowner.user).update(status="reconnect")

        assert sees(installer, now) == {homeowner.site}

    def test_each_home_once_however_many_let_them_in(self, homeowner, co_owner, installer, now):
        people.share(co_owner.site, installer.organization, co_owner.user, right="view")

        assert policy.sites_visible_to(installer.user, now=now).count() == 1

    def test_for_each_of_two_organizations_its_own(self, homeowner, neighbor, installer, outsider, now):
        accounts.Membership.objects.create(
            user=installer.user, organization=outsider.organization, role="viewer"
        )
        second = policy.own_sites(neighbor.user).first()
        people.share(second, outsider.organization, neighbor.user)

        assert sees(installer, now) == {homeowner.site, second}
        of_roofworks = policy.shared_sites(installer.user, now=now, organization=outsider.organization)
        assert set(of_roofworks) == {second}

    def test_beside_their_own_homes(self, homeowner, neighbor, sunfix, now):
        accounts.Membership.objects.create(user=neighbor.user, organization=sunfix, role="operator")
        staff = people.totp.TOTP.activate(neighbor.user, people.totp.generate_totp_secret())

        assert staff and len(policy.sites_visible_to(neighbor.user, now=now)) == 3
        assert homeowner.site not in policy.own_sites(neighbor.user)


class TestStaffChange:
    def test_where_the_homeowner_allowed_it(self, homeowner, installer, battery, consent, now):
        answer = controls(installer, battery, now)

        assert answer.allowed and answer.consent == consent

    def test_nothing_where_they_may_only_see(self, consent, installer, battery, now):
        change(consent, right="view")
        answer = controls(installer, battery, now)

        assert (answer.allowed, answer.can_propose) == (False, True)
        assert answer.reason == policy.ONLY_SEEN

    def test_nothing_unasked_where_the_homeowner_wants_to_be_asked(self, consent, installer, battery, now):
        change(consent, ask_first=True)
        answer = controls(installer, battery, now)

        assert (answer.allowed, answer.can_propose) == (False, True)
        assert answer.reason == policy.ASK_FIRST

    def test_nothing_as_viewers_not_even_by_proposing(self, viewer, battery, now):
        answer = controls(viewer, battery, now)

        assert (answer.allowed, answer.can_propose, answer.reason) == (False, False, policy.ONLY_LOOKING)

    def test_nothing_from_the_moment_it_ends(self, consent, homeowner, installer, battery, now):
        consents.end(consent=consent, by=homeowner.user, now=now)

        assert controls(installer, battery, now) == policy.UNSEEN

    def test_nothing_after_its_time(self, consent, installer, battery, now):
        change(consent, until_at=now)

        assert controls(installer, battery, now) == policy.UNSEEN
        assert controls(installer, battery, now - timedelta(microseconds=1)).allowed

    def test_nothing_where_another_organization_may(self, homeowner, installer, retailer, battery, now):
        assert controls(installer, battery, now).allowed
        assert not controls(retailer, battery, now).allowed

    def test_only_by_the_connection_of_who_allowed_it(self, homeowner, co_owner, installer, battery, now):
        lunar.Connection.objects.filter(user=homeowner.user).update(status="reconnect")

        assert controls(installer, battery, now).reason == policy.OWNER_ENDED.reason
        assert controls(co_owner, battery, now).allowed

    def test_only_what_the_homeowner_allowed_the_portal(self, homeowner, installer, battery, now):
        lunar.Connection.objects.filter(user=homeowner.user).update(scopes="lunar/device.read")
        answer = controls(installer, battery, now)

        assert (answer.allowed, answer.scope) == (False, WRITE)
        assert answer.reason == policy.OWNER_PERMISSION

    def test_by_the_consent_that_reaches_furthest(
        self, homeowner, co_owner, installer, battery, consent, now
    ):
        change(consent, right="view")
        further = people.share(co_owner.site, installer.organization, co_owner.user, right="control")

        assert controls(installer, battery, now).consent == further

    def test_nothing_by_a_consent_of_an_organization_where_they_only_view(
        self, homeowner, installer, outsider, battery, consent, now
    ):
        change(consent, right="view")
        people.share(homeowner.site, outsider.organization, homeowner.user, right="control")
        accounts.Membership.objects.create(
            user=installer.user, organization=outsider.organization, role="viewer"
        )

        assert not controls(installer, battery, now).allowed
