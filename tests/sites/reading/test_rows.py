"""The rows of a home of any shape."""

from datetime import timedelta

import pytest

from gridshare_portal.gridshare import types
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries, sync
from gridshare_portal.sites.reading import fetching, handover

pytestmark = pytest.mark.django_db


class TestADevice:
    def test_is_never_taken_from_another_home_by_guessing(self, homeowner, connected, now, sandbox):
        connection = connected("cleo")
        sandbox_device = sites.Device.objects.get(site=homeowner.site)
        sites.Device.objects.create(synth_id="elsewhere", site=homeowner.site, kind="EV")

        listed = fetching.Listed(site_ids=("cleo-home",), device_ids=("elsewhere", "new"))
        mine = sites.Sync.objects.filter(connection=connection)
        sync._store(mine, connection, listed, fetching.Parts(), now)

        assert sites.Device.objects.get(synth_id="elsewhere").site == homeowner.site
        assert sites.Device.objects.get(synth_id="new").site.synth_id == "cleo-home"
        assert sandbox_device.site == homeowner.site

    def test_that_two_customers_trees_show_stays_where_it_is(self, homeowner, connected, now):
        held = sites.Device.objects.get(site=homeowner.site)
        tree = node("strange", node(held.synth_id, node("s1"), kind="device"), kind="site")

        other = store(connected("cleo"), now, topology=tree)

        held.refresh_from_db()
        assert held.site == homeowner.site
        assert other.sensors.get().device is None

    def test_of_a_home_that_was_lost_waits_for_those_who_had_it_to_be_asked(self, homeowner, connected, now):
        held = sites.Device.objects.get(site=homeowner.site)
        sites.ConnectionSite.objects.filter(site=homeowner.site).update(lost_at=now)
        tree = node("strange", node(held.synth_id, node("s1"), kind="device"), kind="site")

        with pytest.raises(handover.Undecided):
            store(connected("cleo"), now, topology=tree)

        held.refresh_from_db()
        assert held.site == homeowner.site


class TestAListThatIsNotWhole:
    """An entry without an id may be any: nothing is missing from such a list for certain."""

    def test_loses_no_home_and_no_device(self, connected, now):
        connection = connected("ada")
        mine = sites.Sync.objects.filter(connection=connection)
        both = fetching.Listed(site_ids=("one", "two"), device_ids=("d1", "d2"))
        details = {name: types.Device(synth_id=name, site_id="one") for name in ("d1", "d2")}
        sync._store(mine, connection, both, fetching.Parts(devices=details), now)

        for whole, left in ((False, 2), (True, 1)):
            listed = fetching.Listed(
                site_ids=("one",), device_ids=("d1",), whole_sites=whole, whole_devices=whole
            )
            sync._store(mine, connection, listed, fetching.Parts(), now)

            assert queries.sites_of(connection).count() == left
            assert queries.devices_of(sites.Site.objects.get(synth_id="one")).count() == left

    def test_loses_no_sensor_of_a_tree_either(self, connected, now):
        connection = connected("ada")
        store(connection, now, topology=node("strange", node("s1"), node("s2"), kind="site"))
        nameless = types.Unusable(where="nodes[2].id", why="is missing", nameless=True)

        for unusable, left in (((nameless,), 2), ((), 1)):
            tree = node("strange", node("s1"), kind="site")
            site = store(connection, now, topology=tree, unusable=unusable)

            assert queries.sensors_of(site).count() == left


def node(synth_id, *children, kind="sensor", **rest):
    return types.Node(
        synth_id=synth_id, kind=kind, children=children, channels=("power_W",) if not children else (), **rest
    )


def store(connection, now, *, topology, devices=(), unusable=()):
    """Write what an API might answer that the pretended one never does."""
    listed = fetching.Listed(site_ids=("strange",), device_ids=tuple(device.synth_id for device in devices))
    parts = fetching.Parts(
        topologies={"strange": types.Topology(root=topology, unusable=unusable)},
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
