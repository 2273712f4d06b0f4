"""Request, consent, help, proposal, approval, end: a homeowner is helped and stays in charge.

Two browsers at once, the homeowner's and the installer's; what one does, the other sees.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.test_a_homeowner_begins import connect, sign_in, wait_for_home
from tests.journeys.test_every_page import NARROWEST, look

pytestmark = pytest.mark.browser

WHY = "The battery stays empty, says the homeowner."
OF_SUPPORT = ["", "?show=closed", "homes/", "search/?q=home", "requests/", "digest/"]
OF_THE_HOME = ["", "topology/", "calendar/", "answers/"]
AS_ITS_OWNER = ["", "history/", "devices/", "control/", "activity/", "proposals/"]
OF_THE_OWNER = ["", "access/", "proposals/", "activity/"]


class Somebody:
    """A person at a browser of their own, which must not complain."""

    def __init__(self, browser, options, portal, name, *, size=DESKTOP, theme="light"):
        self.context = browser.new_context(**{**options, "viewport": size, "color_scheme": theme})
        self.portal, self.page, self.complaints = portal, self.context.new_page(), []
        self.page.set_default_timeout(15_000)
        self.page.on("console", lambda said: self._hear(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self._hear(str(error)))
        sign_in(self.page, portal, name)

    def _hear(self, words):
        # a page that does not exist any more is said by the browser, too: that is what is asked for
        if "404" not in words:
            self.complaints.append((self.page.url, words))

    def goes_to(self, path):
        self.page.goto(self.portal.url + path)

    def presses(self, name, **how):
        self.page.get_by_role("main").get_by_role("button", name=name, **how).first.click()

    def follows(self, name):
        self.page.get_by_role("main").get_by_role("link", name=name).first.click()

    def reads(self, words):
        expect(self.page.get_by_role("main")).to_contain_text(words)

    def leaves(self):
        self.context.close()
        assert self.complaints == []


def let_in(owner, home, slug="sunfix", right="view"):
    owner.goes_to(f"/sharing/{home}/?organization={slug}")
    owner.page.locator(f"input[name=right][value={right}]").check()
    owner.page.locator("input[name=lasts][value=day]").check()
    owner.presses("Share this home")
    owner.reads("SunFix")


def say_why(staff):
    staff.page.get_by_label("The homeowner asked for help").check()
    staff.page.locator("[name=words]").fill(WHY)
    staff.presses("Open the home")


def home_of(owner):
    return re.search(r"/homes/([^/]+)/", owner.page.url)[1]


@pytest.mark.parametrize(
    ("name", "mode", "size", "theme"),
    [("Ada", "Schedule", PHONE, "light"), ("Cleo", "Schedule", DESKTOP, "dark")],
    ids=["phone", "desktop"],
)
def test_request_consent_help_proposal_approval_end(
    portal, browser, browser_context_args, check_axe, name, mode, size, theme
):
    owner = Somebody(browser, browser_context_args, portal, name, size=size, theme=theme)
    ines = Somebody(browser, browser_context_args, portal, "Ines", size=size, theme=theme)
    connect(owner.page, portal, name)
    wait_for_home(owner.page)
    home = home_of(owner)
    ines.goes_to(f"/homes/{home}/")
    ines.reads("There is nothing here")

    ines.goes_to("/support/sunfix/requests/")
    ines.page.get_by_label("E-mail address or serial number").fill(f"{name.lower()}@demo.localhost")
    ines.page.get_by_label("Why").fill("You called us.")
    ines.presses("Ask")
    ines.reads("Sent")
    owner.goes_to("/sharing/")
    owner.follows("Look at it and answer")
    check_axe(owner.page)
    owner.page.locator("input[name=homes]").first.check()
    owner.page.locator("input[name=right][value=view]").check()
    owner.page.locator("input[name=lasts][value=day]").check()
    owner.presses("Share", exact=True)
    owner.reads("SunFix")

    ines.goes_to(f"/homes/{home}/")
    ines.reads("Why do you open this home?")
    check_axe(ines.page)
    say_why(ines)
    expect(ines.page.get_by_role("heading", name="Now")).to_be_visible()
    owner.goes_to(f"/homes/{home}/access/")
    owner.reads(WHY)
    owner.reads("the home’s first page")
    check_axe(owner.page)

    ines.goes_to(f"/support/sunfix/homes/{home}/")
    check_axe(ines.page)
    ines.goes_to(f"/homes/{home}/control/")
    ines.follows("Change mode")
    ines.page.get_by_role("radio", name=re.compile(f"^{mode}")).check()
    ines.page.locator("[name=reason]").fill("Then it fills again.")
    ines.presses("Propose to the homeowner")
    ines.reads("Waits for an answer")

    owner.goes_to(f"/homes/{home}/proposals/")
    owner.follows("Mode")
    owner.reads("Then it fills again.")
    check_axe(owner.page)
    owner.presses("Approve")
    owner.reads(mode)
    expect(owner.page.get_by_role("main")).to_contain_text("confirmed", ignore_case=True)

    ines.goes_to(f"/homes/{home}/history/")
    owner.goes_to("/sharing/")
    owner.presses("Stop")
    expect(ines.page.get_by_role("main")).to_contain_text("There is nothing here", timeout=30_000)
    check_axe(ines.page)
    ines.goes_to(f"/support/sunfix/homes/{home}/")
    ines.reads("There is nothing here")
    owner.leaves()
    ines.leaves()


@pytest.fixture(scope="module")
def shared(portal, browser, browser_context_args):
    """The addresses of a home that its owner shares, with the two who look at it."""
    owner = Somebody(browser, browser_context_args, portal, "Dev")
    connect(owner.page, portal, "Dev")
    wait_for_home(owner.page)
    home = home_of(owner)
    let_in(owner, home, right="control")
    ines = Somebody(browser, browser_context_args, portal, "Ines")
    ines.goes_to(f"/homes/{home}/")
    say_why(ines)
    expect(ines.page.get_by_role("heading", name="Now")).to_be_visible()
    yield home, owner, ines
    owner.context.close()
    ines.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP, NARROWEST], ids=["phone", "desktop", "narrowest"])
def test_every_page_of_support_and_of_who_is_helped(shared, check_axe, size, theme):
    home, owner, ines = shared
    to_ines = [f"/support/sunfix/{path}" for path in OF_SUPPORT]
    to_ines += [f"/support/sunfix/homes/{home}/{path}" for path in OF_THE_HOME]
    to_ines += [f"/homes/{home}/{path}" for path in AS_ITS_OWNER]
    to_owner = ["/sharing/", f"/sharing/{home}/?organization=sunfix", "/share/sunfix/"]
    to_owner += [f"/homes/{home}/{path}" for path in OF_THE_OWNER]
    for person, paths, word in ((ines, to_ines, "ines"), (owner, to_owner, "owner")):
        person.page.set_viewport_size(size)
        person.page.emulate_media(color_scheme=theme)
        for path in paths:
            look(person.page, person.portal.url + path, check_axe, f"{size['width']}-{theme}-{word}")
        assert person.complaints == []
