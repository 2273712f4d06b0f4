"""Pages about ids of any text and homes described oddly, in a real browser from a real server: nothing is
beside the screen, axe finds no fault, and links lead where they say."""

import pytest
from django.conf import settings
from django.urls import reverse

from gridshare_portal.sites import models as sites
from tests.ids.shown import SENSORS, spoiled, tree_of
from tests.journeys import looking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "日" * 120 + "x/" * 60 + "~\u202eevil"


class Guest:
    """A signed-in person at a browser, as `looking` wants one."""

    def __init__(self, page, visitor, origin):
        self.page, self.origin = page, origin
        visitor.sign_in()
        cookie = visitor.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": origin}])

    def goes_to(self, path):
        assert self.page.goto(self.origin + path).status == 200


class TestPagesOfAnOddHome:
    def test_fit_the_screen_and_have_no_fault_that_axe_knows(self, page, live_server, answer, read):
        answer(
            "getSiteTopology", spoiled(tree_of(*SENSORS, {"kind": "sensor"}, {"id": LONG, "kind": "sensor"}))
        )
        shown = read()
        sites.Site.objects.update(synth_id=LONG)
        sites.Device.objects.update(synth_id=LONG, manufacturer="", model="", kind="")
        sites.Sync.objects.update(unread_devices=1, unread_sites=2)
        owner, home = Guest(page, shown.owner, live_server.url), [LONG]

        looking.look_at(
            owner,
            [
                reverse("homeowner:site", args=home),
                reverse("homeowner:devices", args=home),
                reverse("homeowner:device", args=home),
                reverse("homeowner:telemetry", args=home),
                reverse("homeowner:sites"),
                reverse("homeowner:connection"),
            ],
            "odd",
        )
        guest = Guest(page, shown.installer, live_server.url)
        diagnosis = [reverse(f"installer:{one}", args=["sunfix", *home]) for one in ("home", "topology")]
        looking.look_at(guest, diagnosis, "odd")

    def test_lead_from_the_list_to_the_device_and_give_a_sensor_its_role(
        self, page, live_server, answer, read
    ):
        answer("getSiteTopology", spoiled(tree_of(*SENSORS)))
        shown = read()
        sites.Site.objects.update(synth_id="home/?#%2F +~")
        odd = sites.Site.objects.get().synth_id
        sites.Device.objects.update(synth_id="a/b?c#d%2Fe f+g~2F")
        Guest(page, shown.owner, live_server.url).goes_to(reverse("homeowner:devices", args=[odd]))

        page.get_by_role("link", name="Lunar Energy Battery 20").first.click()
        assert page.get_by_text("a/b?c#d%2Fe f+g~2F").first.is_visible()
        page.get_by_role("link", name="Plan").first.click()
        assert "Plan of" in page.get_by_role("heading", level=1).inner_text()

        Guest(page, shown.owner, live_server.url).goes_to(reverse("homeowner:devices", args=[odd]))
        page.get_by_label("Measures").first.select_option("grid")
        page.get_by_role("button", name="Save").first.click()
        page.get_by_text("now counts as grid").wait_for()
        assert sites.Sensor.objects.get(synth_id="s1").role == "grid"
