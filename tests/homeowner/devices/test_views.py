import pytest
from django.urls import reverse

from gridshare_portal.audit import queries as record
from gridshare_portal.homeowner.devices import presenter
from gridshare_portal.sites import models as sites


def page_of(person, name="devices", **query):
    return person.get(reverse(f"homeowner:{name}", args=[person.site.synth_id]), query)


class TestWhatASensorMeasures:
    def test_is_the_owners_word_and_recorded(self, homeowner):
        sensor = sites.Sensor.objects.filter(site=homeowner.site, role_found="solar").get()

        homeowner.post(reverse("homeowner:sensor_role", args=[sensor.pk]), {"role": "relay"})

        sensor.refresh_from_db()
        assert sensor.role == "relay"
        event = record.events_of_site(homeowner.site.synth_id).get(name="role_corrected")
        assert (event.details["before"], event.details["after"]) == ("solar", "relay")

    def test_goes_back_to_what_was_found(self, homeowner):
        sensor = sites.Sensor.objects.filter(site=homeowner.site, role_found="solar").get()
        address = reverse("homeowner:sensor_role", args=[sensor.pk])
        homeowner.post(address, {"role": "relay"})

        homeowner.post(address, {"role": ""})

        sensor.refresh_from_db()
        assert sensor.role == "solar"

    @pytest.mark.parametrize("role", ["sun", "GRID", "grid\x00"])
    def test_is_none_that_nobody_knows(self, homeowner, role):
        sensor = sites.Sensor.objects.filter(site=homeowner.site, role_found="solar").get()

        page = homeowner.post(reverse("homeowner:sensor_role", args=[sensor.pk]), {"role": role}, follow=True)

        sensor.refresh_from_db()
        assert sensor.role_set == ""
        assert "Nothing was changed" in page.text

    def test_is_not_a_neighbors_to_say(self, homeowner, neighbor):
        sensor = sites.Sensor.objects.filter(site=homeowner.site).first()

        page = neighbor.post(reverse("homeowner:sensor_role", args=[sensor.pk]), {"role": "relay"})

        assert page.status_code == 404


def node(number, parent, depth):
    return {
        "synth_id": f"n{number}",
        "kind": "hub",
        "channels": [],
        "capacity_wh": None,
        "parent": parent,
        "depth": depth,
    }


class TestTheTree:
    def plant(self, homeowner, nodes):
        site = homeowner.site
        site.topology = {"nodes": nodes, "repeated": 0, "cut": False}
        site.save()

    def test_of_ten_thousand_parts_is_shown_a_window_at_a_time(self, homeowner):
        self.plant(homeowner, [node(0, None, 0), *[node(number, 0, 1) for number in range(1, 10_000)]])

        page = page_of(homeowner, "devices")
        assert page.text.count('class="part"') == presenter.LINES
        assert "Parts 1 to 200 of 10000" in page.text

        later = page_of(homeowner, "devices", **{"from": 9800})
        assert "n9999" in later.text
        assert later.text.count("<ul") == later.text.count("</ul>")

    def test_of_any_depth_is_well_formed(self, homeowner):
        self.plant(homeowner, [node(number, number - 1 if number else None, number) for number in range(500)])

        page = page_of(homeowner, "devices")

        for tag in ("ul", "li", "details"):
            opened = page.text.count(f"<{tag}>") + page.text.count(f"<{tag} ")
            assert opened == page.text.count(f"</{tag}>")

    @pytest.mark.parametrize("start", ["-1", "x", "99999999", "1e3", ""])
    def test_begins_at_the_beginning_for_a_window_that_is_none(self, homeowner, start):
        page = page_of(homeowner, "devices", **{"from": start})

        assert page.status_code == 200
        assert page.text.count('class="part"') == 5
        assert "About Lunar Energy Battery 20" in page.text
