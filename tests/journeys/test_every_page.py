"""Every page, on a phone and a desktop, light and dark: no fault that axe knows, nothing scrolls sideways."""

import pytest

from tests.journeys.looking import look_at
from tests.journeys.somebody import Somebody, connect, wait_for_home

pytestmark = pytest.mark.browser

OF_A_HOME = ["", "devices/", "control/", "activity/", "settings/"]
OF_A_HOME += ["history/", "history/?view=month", "history/?view=year"]
OF_A_DEVICE = ["", "mode/", "plan/", "details/"]
OF_A_PERSON = [
    "/homes/",
    "/connection/",
    "/connect/",
    "/accounts/email/",
    "/accounts/2fa/",
    "/accounts/sessions/",
    "/account/data/",
    "/account/delete/",
]
OF_A_VISITOR = ["/", "/accounts/login/", "/accounts/signup/", "/connect/", "/nowhere/", "/what-we-keep/"]


class TestEveryPage:
    def test_of_a_homeowner(self, portal, browser, browser_context_args):
        ada = Somebody(browser, browser_context_args, portal, "Ada")
        connect(ada.page, portal, "Ada")
        wait_for_home(ada.page)
        home = ada.page.url.removeprefix(portal.url)
        ada.goes_to(f"{home}devices/")
        device = ada.page.get_by_role("main").locator("a[href^='/devices/']").first.get_attribute("href")

        look_at(ada, [home + path for path in OF_A_HOME], "homeowner")
        look_at(ada, [device + path for path in OF_A_DEVICE], "homeowner")
        look_at(ada, OF_A_PERSON, "homeowner")

        ada.leaves()

    def test_of_a_visitor(self, portal, browser, browser_context_args):
        visitor = Somebody(browser, browser_context_args, portal, None)

        look_at(visitor, OF_A_VISITOR, "visitor")

        visitor.leaves()
