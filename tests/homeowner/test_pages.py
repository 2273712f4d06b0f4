import pytest
from django.urls import reverse

from tests.readings import begin

PAGES = ("site", "now", "progress", "devices", "settings", "activity", "control")
DEVICE_PAGES = ("device", "mode", "plan", "state", "details")


@pytest.fixture
def read(homeowner):
    """The homeowner's readings, as far as one run of the worker brings them."""
    site = homeowner.site
    begin(site, seconds=1)
    return site


class TestEveryPage:
    @pytest.mark.parametrize("name", PAGES)
    def test_of_a_home_is_there_for_its_owner(self, name, homeowner, read):
        page = homeowner.get(reverse(f"homeowner:{name}", args=[homeowner.site.synth_id]))

        assert page.status_code == 200

    @pytest.mark.parametrize("name", PAGES)
    def test_of_a_home_does_not_exist_for_a_neighbor(self, name, homeowner, neighbor):
        page = neighbor.get(reverse(f"homeowner:{name}", args=[homeowner.site.synth_id]))

        assert page.status_code == 404

    @pytest.mark.parametrize("name", DEVICE_PAGES)
    def test_of_a_device_is_there_for_its_owner(self, name, homeowner, battery):
        page = homeowner.get(reverse(f"homeowner:{name}", args=[battery.synth_id]))

        assert page.status_code == 200

    @pytest.mark.parametrize("name", DEVICE_PAGES)
    def test_of_a_device_does_not_exist_for_a_neighbor(self, name, battery, neighbor):
        page = neighbor.get(reverse(f"homeowner:{name}", args=[battery.synth_id]))

        assert page.status_code == 404

    @pytest.mark.parametrize("name", PAGES)
    def test_sends_whoever_is_not_signed_in_to_sign_in(self, name, homeowner, visitor):
        page = visitor.get(reverse(f"homeowner:{name}", args=[homeowner.site.synth_id]))

        assert page.status_code == 302
        assert page.url.startswith(reverse("account_login"))

    @pytest.mark.parametrize("name", ["now", "progress"])
    def test_renews_itself_whole_when_nobody_is_signed_in_any_more(self, name, homeowner, visitor):
        address = reverse(f"homeowner:{name}", args=[homeowner.site.synth_id])

        page = visitor.get(address, headers={"HX-Request": "true"})

        assert (page.status_code, page["HX-Refresh"]) == (401, "true")
