"""Addresses of the homeowner's pages, and staff who said why they look at the home."""

import pytest
from django.urls import reverse

from tests.homeowner.visiting import ADDRESSED, come_in


@pytest.fixture
def mode_page(battery):
    return reverse("homeowner:mode", args=[battery.synth_id])


@pytest.fixture
def at(homeowner, battery):
    """Return the address of a page of the homeowner's."""

    def address(name, **query):
        ids = {
            "device": battery.synth_id,
            "sensor": battery.sensors.first().pk,
            "connection": homeowner.connection.pk,
            "home": homeowner.site.synth_id,
        }
        return reverse(f"homeowner:{name}", args=[ids[ADDRESSED.get(name, "home")]], query=query or None)

    return address


@pytest.fixture
def inside(installer, homeowner):
    """The installer, who said why and looks at the home."""
    assert come_in(installer, homeowner, words="It does not charge").status_code == 302
    return installer


@pytest.fixture
def proposed(inside, mode_page):
    """A proposal of Smart, and its page."""
    page = inside.post(mode_page, {"mode": "Smart", "reason": "Your <i>tariff</i> changed", "propose": "yes"})
    assert page.status_code == 302, page.text
    return page.headers["Location"]
