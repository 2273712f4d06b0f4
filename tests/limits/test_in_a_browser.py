"""A list that follows what is typed, when that was too often: it says so in its own place, and goes on."""

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from gridshare_portal.limits import acts
from gridshare_portal.limits.windows import HOUR

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class TestASearch:
    def test_that_is_refused_says_so_in_its_place_and_finds_again_later(
        self, page, live_server, homeowner, monkeypatch
    ):
        few = acts.Act(often=acts.ACTS["search"].often, limits=(acts._by(acts.Per.PERSON, (1, HOUR)),))
        homeowner.sign_in()
        cookie = homeowner.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
        )
        page.goto(live_server.url + reverse("homeowner:sharing"))
        with monkeypatch.context() as patch:
            patch.setitem(acts.ACTS, "search", few)
            page.get_by_label("Installer or energy retailer").press_sequentially("nobody")
            expect(page.locator("#found")).to_contain_text("You have searched very often")
        page.get_by_label("Installer or energy retailer").fill("nobody at all")

        expect(page.locator("#found")).not_to_contain_text("You have searched very often")
