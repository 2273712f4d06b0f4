"""Sensors without a device, devices of two homes, and kinds that nobody heard of."""

import copy

import pytest
from django.urls import reverse

from gridshare_portal.sandbox.api import topology as sandbox_topology
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries, structure
from tests import people
from tests.ids.shown import ALL, DEVICES, DIAGNOSIS, SENSORS, TREE, again, spoiled, tree_of
from tests.installer.diagnosis.visiting import visit

pytestmark = pytest.mark.django_db


class TestASensorWithoutADevice:
    @pytest.fixture
    def loose(self, answer, read):
        answer("getSiteTopology", spoiled(tree_of(*SENSORS)))
        return read()

    def test_stands_on_the_page_of_devices_and_can_be_given_a_role(self, loose):
        text = loose.text(DEVICES)
        sensor = loose.site.sensors.get(synth_id="s1")
        assert "Sensors of no device" in text and sensor.device is None
        address = reverse("homeowner:sensor_role", args=[sensor.pk])
        assert f'action="{address}"' in text

        page = loose.owner.post(address, {"role": "grid"}, follow=True)

        sensor.refresh_from_db()
        assert sensor.role == "grid" and "now counts as grid" in page.text
        assert structure.gap_of(structure.known_of(loose.site), has_readings=True) is None

    def test_is_seen_by_staff_who_cannot_say_what_it_measures(self, loose):
        text = loose.got(loose.installer, reverse("homeowner:devices", args=[loose.site.synth_id]))

        assert "Sensors of no device" in text and "sensor_role" not in text and "/role/" not in text

    def test_is_not_named_where_all_have_one(self, read):
        assert "Sensors of no device" not in read().text(DEVICES)


class TestADeviceOfTwoHomes:
    @pytest.fixture
    def shared(self, answer, read, sandbox):
        """Two homes of one customer, whose trees show one device; its details name the first."""
        first, second = sandbox.world.customer("ben").homes
        answer("getSiteTopology", spoiled(sandbox_topology.tree(first, dialect="published")))
        shown = read("ben")
        shown.site, shown.first = (sites.Site.objects.get(synth_id=one.site_id) for one in (second, first))
        people.share(shown.site, shown.installer.organization, shown.owner.user)
        visit(shown.installer, shown.site)
        return shown

    @pytest.mark.parametrize("where", [DEVICES, DIAGNOSIS, TREE])
    def test_is_named_where_it_does_not_stand(self, shared, where):
        assert "of this home’s tree" in shared.text(where)
        assert "in another home too, and can be changed only there." in shared.text(where)
        shared.site = shared.first
        assert "in another home too" not in shared.text(where)

    def test_keeps_its_sensors_in_both(self, shared):
        here, there = (
            {one.synth_id for one in queries.sensors_of(site)} for site in (shared.site, shared.first)
        )
        assert here == there and here
        assert "Sensors of no device" in shared.text(DEVICES)

    def test_does_not_move_with_every_reading(self, shared):
        before = dict(sites.Device.objects.values_list("synth_id", "site_id"))
        again(shared)
        assert dict(sites.Device.objects.values_list("synth_id", "site_id")) == before


class TestAKindNobodyHeardOf:
    @pytest.fixture
    def unheard(self, answer, read, sandbox):
        home = sandbox.world.customer("ada").homes[0]
        answer("getDevice", spoiled({"kind": "flux_capacitor", "siteId": home.site_id}))
        tree = copy.deepcopy(sandbox_topology.tree(home, dialect="published"))
        tree["root"]["kind"] = "estate"
        tree["root"]["children"][0]["kind"] = "flux_capacitor"
        answer("getSiteTopology", spoiled(tree))
        return read()

    def test_is_shown_as_it_came_with_what_it_means(self, unheard):
        device = unheard.site.devices.get()
        address = reverse("homeowner:device", args=[device.synth_id])
        for text in (unheard.text(DEVICES), unheard.got(unheard.owner, address)):
            assert "flux_capacitor: a kind that the portal does not know" in text
        assert "flux_capacitor" in unheard.text(TREE)

    def test_costs_no_other_part_its_place(self, unheard):
        roles = {one.role for one in queries.sensors_of(unheard.site)}
        assert roles == {"grid", "battery", "solar"}
        for where in ALL:
            text = unheard.text(where)
            assert "no sensor among them" not in text and "nothing says what" not in text, where
