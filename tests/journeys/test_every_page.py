"""Every page, on a phone and a desktop, light and dark: no fault that axe knows, nothing scrolls sideways.

With SCREENSHOTS naming a folder, each page is kept there as a picture.
"""

import os
import re
from pathlib import Path

import pytest

from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.test_a_homeowner_begins import connect, sign_in, wait_for_home

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
]
OF_A_VISITOR = ["/", "/accounts/login/", "/accounts/signup/", "/connect/", "/nowhere/"]
NARROWEST = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def ada(portal, browser, browser_context_args):
    """A browser in which Ada is signed in and connected, with the addresses of her pages."""
    context = browser.new_context(**browser_context_args)
    page = context.new_page()
    sign_in(page, portal, "Ada")
    connect(page, portal, "Ada")
    wait_for_home(page)
    home = page.url
    page.goto(home + "devices/")
    device = page.get_by_role("main").locator("a[href^='/devices/']").first.get_attribute("href")
    pages = [home + path for path in OF_A_HOME]
    pages += [portal.url + device + path for path in OF_A_DEVICE] + [
        portal.url + path for path in OF_A_PERSON
    ]
    yield context.storage_state(), pages
    context.close()


def look(page, address, check_axe, name):
    page.goto(address)
    page.wait_for_load_state("networkidle")
    keep(page, address, name)
    check_axe(page)
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def keep(page, address, name):
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        words = re.sub(r"https?://[^/]+|[0-9a-f-]{20,}", "", address)
        file = Path(folder) / f"{name}-{re.sub(r'[^a-z0-9]+', '-', words)}.png"
        page.screenshot(path=file, full_page=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP, NARROWEST], ids=["phone", "desktop", "narrowest"])
class TestEveryPage:
    def test_of_a_homeowner(self, browser, browser_context_args, ada, check_axe, size, theme):
        state, pages = ada
        options = {**browser_context_args, "viewport": size, "color_scheme": theme, "storage_state": state}
        context = browser.new_context(**options)
        page = context.new_page()
        complaints = []
        page.on(
            "console", lambda said: complaints.append((page.url, said.text)) if said.type == "error" else None
        )
        for address in pages:
            look(page, address, check_axe, f"{size['width']}-{theme}")
        context.close()
        assert complaints == []

    def test_of_a_visitor(self, browser, browser_context_args, portal, check_axe, size, theme):
        context = browser.new_context(**{**browser_context_args, "viewport": size, "color_scheme": theme})
        page = context.new_page()
        for path in OF_A_VISITOR:
            look(page, portal.url + path, check_axe, f"{size['width']}-{theme}-visitor")
        context.close()
