from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from gridshare_portal.gridshare import types
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sandbox import wsgi
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries, signals, sync
from gridshare_portal.sites.reading import requests
from tests.people import connect, person, with_home
from tests.sites.synced import read, row

pytestmark = pytest.mark.django_db


class TestReadingAHome:
    def test_brings_the_home_its_devices_and_its_sensors_with_their_roles(self, connected, now):
        connection = connected("ada")

        read(connection, now)

        site = sites.Site.objects.get()
        device = sites.Device.objects.get()
        assert (site.name, site.time_zone, site.zone_confirmed_at) == ("Home", "America/Los_Angeles", None)
        assert (device.site, device.kind, device.manufacturer) == (site, "battery_pack", "Lunar Energy")
        assert (device.capacity_wh, device.power_limit_w) == (20_000, 9_600)
        assert {sensor.role: sensor.device for sensor in queries.sensors_of(site)} == {
            "grid": device,
            "battery": device,
            "solar": device,
        }

    def test_gives_several_homes_names_of_their_own(self, connected, now):
        connection = connected("ben")

        read(connection, now)

        assert sorted(queries.sites_of(connection).values_list("name", flat=True)) == ["Home", "Home 2"]
        roles = {sensor.role for site in queries.sites_of(connection) for sensor in queries.sensors_of(site)}
        assert roles == {"grid", "battery", "solar", "ev", "relay"}

    def test_costs_two_round_trips_however_many_devices_there_are(self, connected, now, sandbox):
        read(connected("finn"), now)

        assert (
            sandbox.calls("listSites")
            == sandbox.calls("listDevices")
            == sandbox.calls("getSiteTopology")
            == 1
        )
        assert sandbox.calls("getDevice") == sites.Device.objects.count() == 4
        assert sites.Sensor.objects.count() == 60

    def test_writes_a_home_with_60_sensors_in_as_many_queries_as_one_with_3(self, connected, now):
        small, large = connected("ada"), connected("finn")

        with CaptureQueriesContext(
            database,
        ) as for_small:
            read(small, now)
        with CaptureQueriesContext(database) as for_large:
            read(large, now)

        assert abs(len(for_large) - len(for_small)) <= 1

    def test_of_a_customer_without_one_is_done_and_says_so(self, connected, now):
        connection = connected("eve")

        read(connection, now)

        progress = queries.progress_of(connection)
        assert progress.empty and not progress.ready and progress.state == "done"
        assert row(connection).due_at < now + timedelta(hours=2)

    def test_takes_the_portal_s_zone_where_the_browser_named_none(self, connected, now, settings):
        read(connected("ada", time_zone="Not/AZone"), now)

        assert sites.Site.objects.get().time_zone == settings.TIME_ZONE

    def test_tells_the_other_rooms_once_for_each_home(self, connected, now):
        heard = []
        listener = lambda site, connection, **_: heard.append((site.synth_id, connection.pk))  # noqa: E731
        signals.synced.connect(listener)

        connection = connected("ben")
        read(connection, now)

        signals.synced.disconnect(listener)
        assert sorted(heard) == sorted((site.synth_id, connection.pk) for site in sites.Site.objects.all())

    def test_marks_the_connection_as_read(self, connected, now):
        connection = connected("ada")

        read(connection, now)

        assert lunar.Connection.objects.get(pk=connection.pk).last_read_at == now

    def test_works_in_the_live_dialect(self, now, settings):
        with wsgi.running(homes=6, dialect="live") as live:
            settings.GRIDSHARE_URL, settings.LUNAR_ISSUER, settings.GRIDSHARE_DIALECT = (
                live.url,
                live.issuer,
                "live",
            )
            settings.LUNAR_LOGIN_URL = live.url
            connection = connect(person("ben@portal.example"), "ben", sandbox=live, now=now)
            sync.request(connection=connection, now=now)
            read(connection, now)

        assert set(sites.Sensor.objects.values_list("role_found", flat=True)) == {
            "grid", "battery", "solar", "ev", "relay",
        }  # fmt: skip


class TestReadingAgain:
    def test_changes_nothing_but_the_moments(self, connected, now):
        connection = connected("ben")
        read(connection, now)
        before = (
            list(sites.Sensor.objects.order_by("pk").values()),
            list(
                sites.Device.objects.order_by("pk").values(
                    "pk", "site_id", "kind", "power_limit_w", "capacity_wh"
                )
            ),
        )

        later = now + timedelta(hours=7)
        read(connection, later)

        assert before == (
            list(sites.Sensor.objects.order_by("pk").values()),
            list(
                sites.Device.objects.order_by("pk").values(
                    "pk", "site_id", "kind", "power_limit_w", "capacity_wh"
                )
            ),
        )
        assert set(sites.Device.objects.values_list("details_read_at", flat=True)) == {later}

    def test_writes_no_sensor_that_did_not_change(self, connected, now):
        connection = connected("finn")
        read(connection, now)
        sites.Sensor.objects.filter(synth_id__endswith="BREAKER_07").update(role_found="home")

        with CaptureQueriesContext(database) as queries_made:
            read(connection, now + timedelta(hours=7))

        written = [
            query["sql"] for query in queries_made if query["sql"].startswith('INSERT INTO "sites_sensor"')
        ]
        assert len(written) == 1 and written[0].count("BREAKER") == 1
        assert sites.Sensor.objects.get(synth_id__endswith="BREAKER_07").role_found == "relay"

    def test_finds_a_sensor_again_that_was_gone(self, connected, now):
        connection = connected("ada")
        read(connection, now)
        sites.Sensor.objects.update(gone_at=now)

        read(connection, now + timedelta(hours=7))

        assert queries.sensors_of(sites.Site.objects.get()).count() == 3

    def test_keeps_what_the_homeowner_said(self, connected, now):
        connection = connected("ada")
        read(connection, now)
        sites.Site.objects.update(name="Casa Ada", time_zone="Europe/Rome")
        sites.Sensor.objects.filter(role_found="solar").update(role_set="ev", position=99)

        read(connection, now + timedelta(hours=7))

        assert list(sites.Site.objects.values_list("name", "time_zone")) == [("Casa Ada", "Europe/Rome")]
        assert list(queries.sensors_of(sites.Site.objects.get(), "ev").values_list("role_found")) == [
            ("solar",)
        ]

    def test_is_not_done_before_it_is_due(self, connected, now, sandbox):
        connection = connected("ada")
        read(connection, now)

        read(connection, now + timedelta(minutes=5))

        assert sandbox.calls("listSites") == 1
        assert row(connection).due_at > now + timedelta(hours=5)

    def test_marks_a_home_that_is_no_longer_listed_and_keeps_it(self, connected, now):
        connection = connected("ben")
        read(connection, now)
        sites.Site.objects.create(synth_id="sold", name="Old", time_zone="UTC", created_at=now)
        sites.ConnectionSite.objects.create(
            site=sites.Site.objects.get(synth_id="sold"), connection=connection, seen_at=now
        )

        later = now + timedelta(hours=7)
        read(connection, later)

        assert sites.ConnectionSite.objects.get(site__synth_id="sold").lost_at == later
        assert sites.ConnectionSite.objects.filter(lost_at=None).count() == 2
        assert not queries.sites_of(connection).filter(synth_id="sold").exists()
        assert sites.Site.objects.filter(synth_id="sold").exists()

    def test_marks_devices_and_sensors_that_are_gone_and_keeps_their_rows(self, connected, now):
        connection = connected("ada")
        read(connection, now)
        site = sites.Site.objects.get()
        sites.Device.objects.create(synth_id="removed", site=site, kind="EV")
        sites.Sensor.objects.create(synth_id="removed__1", site=site, role_found="ev")

        later = now + timedelta(hours=7)
        read(connection, later)

        assert sites.Device.objects.get(synth_id="removed").gone_at == later
        assert sites.Sensor.objects.get(synth_id="removed__1").gone_at == later
        assert not queries.devices_of(site).filter(synth_id="removed").exists()
        assert not queries.sensors_of(site, "ev").exists()

    def test_through_a_second_owner_shares_the_home(self, homeowner, co_owner):
        assert homeowner.site == co_owner.site
        assert sites.Site.objects.count() == 1
        assert set(queries.connections_of(homeowner.site)) == {homeowner.connection, co_owner.connection}


class TestADevice:
    def test_is_never_taken_from_another_home_by_guessing(self, homeowner, connected, now, sandbox):
        connection = connected("cleo")
        sandbox_device = sites.Device.objects.get(site=homeowner.site)
        sites.Device.objects.create(synth_id="elsewhere", site=homeowner.site, kind="EV")

        listed = requests.Listed(site_ids=("cleo-home",), device_ids=("elsewhere", "new"))
        mine = sites.Sync.objects.filter(connection=connection)
        sync._store(mine, connection, listed, requests.Parts(), now)

        assert sites.Device.objects.get(synth_id="elsewhere").site == homeowner.site
        assert sites.Device.objects.get(synth_id="new").site.synth_id == "cleo-home"
        assert sandbox_device.site == homeowner.site


def node(synth_id, *children, kind="sensor", **rest):
    return types.Node(
        synth_id=synth_id, kind=kind, children=children, channels=("power_W",) if not children else (), **rest
    )


def store(connection, now, *, topology, devices=()):
    """Write what an API might answer that the pretended one never does."""
    listed = requests.Listed(site_ids=("strange",), device_ids=tuple(device.synth_id for device in devices))
    parts = requests.Parts(
        topologies={"strange": types.Topology(root=topology)},
        devices={device.synth_id: device for device in devices},
    )
    mine = sites.Sync.objects.filter(connection=connection)
    assert sync._store(mine, connection, listed, parts, now)
    return sites.Site.objects.get(synth_id="strange")


class TestAStrangeHome:
    def test_ten_thousand_deep_is_kept(self, connected, now):
        deep = node("end")
        for number in range(9_999):
            deep = node(f"n{number}", deep, kind="device")

        site = store(connected("ada"), now, topology=deep)

        assert len(queries.tree_of(site)) == 10_000
        assert site.sensors.get().device.synth_id == "n0"

    def test_ten_thousand_sensors_wide_is_kept_in_few_queries(
        self, connected, now, django_assert_max_num_queries
    ):
        connection = connected("ada")
        wide = node("strange", *(node(f"s{number}") for number in range(10_000)), kind="site")

        with django_assert_max_num_queries(150):
            site = store(connection, now, topology=wide)

        assert queries.sensors_of(site).count() == 10_000

    def test_with_words_and_figures_that_databases_refuse_is_kept(self, connected, now):
        odd = {
            "nul": "a\x00b",
            "half": "\ud800",
            "nan": float("nan"),
            "large": 10**400,
            "list": [float("inf")],
        }
        device = types.Device(
            synth_id="d",
            kind="EV\x00",
            manufacturer="\ud800",
            model="m" * 5_000,
            serial_number="7\x007",
            extra=odd,
        )
        tree = node(
            "home",
            node("d", node("d__1", extra=odd), kind="device\x00"),
            kind="site",
            capacity_wh=float("inf"),
        )

        store(connected("ada"), now, topology=tree, devices=[device])

        kept = sites.Device.objects.get()
        assert (kept.kind, kept.manufacturer, len(kept.model), kept.serial_number) == ("EV", "?", 200, "77")
        assert kept.extra == {"nul": "ab", "half": "?", "nan": None, "large": None, "list": [None]}
        assert sites.Sensor.objects.get().role == "ev"

    def test_that_runs_in_a_circle_is_kept(self, connected, now):
        circle = node("home", node("d", node("home", node("s"), kind="site"), kind="device"), kind="site")

        site = store(connected("ada"), now, topology=circle)

        assert [branch.synth_id for branch in queries.tree_of(site)] == ["home", "d", "s"]

    def test_of_which_gridshare_forgets_the_tree_keeps_the_last_one(self, connected, now):
        connection = connected("ada")
        store(connection, now, topology=node("home", node("s"), kind="site"))
        sync.request(connection=connection, now=now)

        site = store(connection, now + timedelta(hours=7), topology=None)

        assert queries.sensors_of(site).count() == 1
        assert site.topology_read_at == now + timedelta(hours=7)


class TestDetailsReadBack:
    def test_are_kept(self, homeowner, battery, now):
        told = types.Device(
            synth_id=battery.synth_id, kind="battery_pack", model="Battery 21", extra={"note": "x"}
        )
        sync.store_device(battery, told, now)
        battery.refresh_from_db()

        assert (battery.model, battery.extra, battery.details_read_at) == ("Battery 21", {"note": "x"}, now)
        assert battery.power_limit_w == 9_600


def test_the_cast_reads_its_homes(sandbox):
    assert with_home("dev@portal.example", "dev", sandbox=sandbox).site is not None
