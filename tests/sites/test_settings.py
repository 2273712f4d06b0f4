from zoneinfo import ZoneInfo

import pytest

from gridshare_portal.lunar import connections
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import settings

pytestmark = pytest.mark.django_db


def rename(site, visitor, now, name="Casa", time_zone="Europe/Rome"):
    return settings.rename(site=site, name=name, time_zone=time_zone, now=now)


class TestRenamingAHome:
    def test_gives_it_a_name_and_a_confirmed_zone(self, homeowner, now):
        site = rename(homeowner.site, homeowner, now, name="  Casa \u202e Ada\n")

        site.refresh_from_db()
        assert (site.name, site.zone, site.zone_confirmed_at) == ("Casa Ada", ZoneInfo("Europe/Rome"), now)

    @pytest.mark.parametrize("name", ["", "   ", "\u200b\u200b", "\n", "x" * 81])
    def test_refuses_a_name_that_is_none_or_too_long(self, homeowner, now, name):
        with pytest.raises(settings.SettingRefused) as refusal:
            rename(homeowner.site, homeowner, now, name=name)

        assert refusal.value.field == "name"
        assert sites.Site.objects.get().name == "Home"

    @pytest.mark.parametrize(
        "zone", ["", "Mars/Olympus", "../../etc/passwd", "localtime", "UTC\x00", "europe/rome"]
    )
    def test_refuses_a_zone_that_is_none(self, homeowner, now, zone):
        with pytest.raises(settings.SettingRefused) as refusal:
            rename(homeowner.site, homeowner, now, time_zone=zone)

        assert refusal.value.field == "time_zone"
        assert sites.Site.objects.get().zone_confirmed_at is None

    def test_offers_zones_that_all_work(self):
        assert all(ZoneInfo(zone).key == zone for zone in settings.time_zones())
        assert {"Pacific/Kiritimati", "America/Los_Angeles", "UTC"} <= set(settings.time_zones())


class TestCorrectingARole:
    def test_goes_before_what_was_found_and_can_be_taken_back(self, homeowner, now):
        sensor = sites.Sensor.objects.get(role_found="solar")

        settings.correct_role(sensor=sensor, role="grid")
        assert sites.Sensor.objects.get(pk=sensor.pk).role == "grid"

        settings.correct_role(sensor=sensor, role="")
        assert sites.Sensor.objects.get(pk=sensor.pk).role == "solar"

    def test_knows_no_other_roles(self, homeowner, now):
        with pytest.raises(settings.SettingRefused):
            settings.correct_role(sensor=sites.Sensor.objects.first(), role="fridge")


def disconnect(visitor, now, *, forget):
    connections.disconnect(connection=visitor.connection, actor=visitor.user, forget_readings=forget, now=now)


class TestDisconnecting:
    def test_keeps_the_home_where_the_readings_stay(self, homeowner, now):
        disconnect(homeowner, now, forget=False)

        assert sites.Site.objects.count() == sites.ConnectionSite.objects.count() == 1
        assert sites.Sync.objects.get().due_at is None

    def test_deletes_the_home_where_the_readings_go(self, homeowner, neighbor, now):
        others = set(sites.Site.objects.exclude(pk=homeowner.site.pk).values_list("pk", flat=True))

        disconnect(homeowner, now, forget=True)

        assert set(sites.Site.objects.values_list("pk", flat=True)) == others
        assert not sites.ConnectionSite.objects.filter(connection=homeowner.connection).exists()
        assert set(sites.Device.objects.values_list("site_id", flat=True)) == others
        assert set(sites.Sensor.objects.values_list("site_id", flat=True)) == others

    def test_never_deletes_a_home_that_a_co_owner_reaches(self, homeowner, co_owner, now):
        disconnect(homeowner, now, forget=True)

        assert sites.Site.objects.get() == co_owner.site
        assert list(sites.ConnectionSite.objects.values_list("connection_id", flat=True)) == [
            co_owner.connection.pk
        ]

    def test_never_deletes_a_home_whose_co_owner_only_has_to_connect_again(self, homeowner, co_owner, now):
        lunar.Connection.objects.filter(pk=co_owner.connection.pk).update(status="reconnect")

        disconnect(homeowner, now, forget=True)

        assert sites.Site.objects.get() == co_owner.site

    def test_by_the_last_one_there_deletes_also_what_one_who_left_had_kept(self, homeowner, co_owner, now):
        disconnect(co_owner, now, forget=False)
        disconnect(homeowner, now, forget=True)

        assert not sites.Site.objects.exists()

    def test_by_one_who_lost_the_home_deletes_nothing_of_the_next_owner_s(self, homeowner, co_owner, now):
        sites.ConnectionSite.objects.filter(connection=homeowner.connection).update(lost_at=now)

        disconnect(homeowner, now, forget=True)

        assert sites.Site.objects.get() == co_owner.site

    def test_of_the_last_owner_deletes_what_the_first_left(self, homeowner, co_owner, now):
        disconnect(homeowner, now, forget=True)
        disconnect(co_owner, now, forget=True)

        assert not sites.Site.objects.exists() and not sites.Sensor.objects.exists()

    def test_by_deleting_the_user_leaves_no_home_that_nobody_sees(self, homeowner):
        homeowner.user.delete()

        assert not sites.Site.objects.exists() and not sites.Sync.objects.exists()
