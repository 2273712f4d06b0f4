"""Request, consent, help, proposal, approval, end: a homeowner is helped and stays in charge.

Two browsers at once, the homeowner's and the installer's; what one does, the other sees.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.looking import DESKTOP, PHONE, check, look_at
from tests.journeys.somebody import Somebody, connect, wait_for_home

pytestmark = pytest.mark.browser

WHY = "The battery stays empty, says the homeowner."
OF_SUPPORT = ["", "?show=closed", "homes/", "search/?q=home", "requests/", "digest/"]
OF_THE_HOME = ["", "topology/", "calendar/", "answers/"]
AS_ITS_OWNER = ["", "history/", "devices/", "control/", "activity/", "proposals/"]
OF_THE_OWNER = ["", "access/", "proposals/", "activity/"]


def let_in(owner, home, slug="sunfix", right="view"):
    owner.goes_to(f"/sharing/{home}/?organization={slug}")
    owner.page.locator(f"input[name=right][value={right}]").check()
    owner.page.locator("input[name=lasts][value=day]").check()
    owner.sends("Share this home")
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
    portal, browser, browser_context_args, name, mode, size, theme
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
    check(owner.page)
    owner.page.locator("input[name=homes]").first.check()
    owner.page.locator("input[name=right][value=view]").check()
    owner.page.locator("input[name=lasts][value=day]").check()
    owner.sends("Share", exact=True)
    owner.reads("Shared with SunFix.")

    ines.goes_to(f"/homes/{home}/")
    ines.reads("Why do you open this home?")
    check(ines.page)
    say_why(ines)
    expect(ines.page.get_by_role("heading", name="Now")).to_be_visible()
    owner.goes_to(f"/homes/{home}/access/")
    owner.reads(WHY)
    owner.reads("the home’s first page")
    check(owner.page)

    ines.goes_to(f"/support/sunfix/homes/{home}/")
    check(ines.page)
    ines.goes_to(f"/homes/{home}/control/")
    ines.follows("Change mode")
    ines.page.get_by_role("radio", name=re.compile(f"^{mode}")).check()
    ines.page.locator("[name=reason]").fill("Then it fills again.")
    ines.presses("Propose to the homeowner")
    ines.reads("Waits for an answer")

    owner.goes_to(f"/homes/{home}/proposals/")
    owner.follows("Mode")
    owner.reads("Then it fills again.")
    check(owner.page)
    owner.presses("Approve")
    owner.reads(mode)
    expect(owner.page.get_by_role("main")).to_contain_text("confirmed", ignore_case=True)

    ines.goes_to(f"/homes/{home}/history/")
    owner.goes_to("/sharing/")
    owner.presses("Stop")
    expect(ines.page.get_by_role("main")).to_contain_text("There is nothing here")
    check(ines.page)
    ines.goes_to(f"/support/sunfix/homes/{home}/")
    ines.reads("There is nothing here")
    owner.leaves()
    ines.leaves()


def test_every_page_of_support_and_of_who_is_helped(portal, browser, browser_context_args):
    owner = Somebody(browser, browser_context_args, portal, "Dev")
    connect(owner.page, portal, "Dev")
    wait_for_home(owner.page)
    home = home_of(owner)
    let_in(owner, home, right="control")
    ines = Somebody(browser, browser_context_args, portal, "Ines")
    ines.goes_to(f"/homes/{home}/")
    say_why(ines)
    expect(ines.page.get_by_role("heading", name="Now")).to_be_visible()

    look_at(ines, [f"/support/sunfix/{path}" for path in OF_SUPPORT], "ines")
    look_at(ines, [f"/support/sunfix/homes/{home}/{path}" for path in OF_THE_HOME], "ines")
    look_at(ines, [f"/homes/{home}/{path}" for path in AS_ITS_OWNER], "ines")
    look_at(owner, ["/sharing/", f"/sharing/{home}/?organization=sunfix", "/share/sunfix/"], "owner")
    look_at(owner, [f"/homes/{home}/{path}" for path in OF_THE_OWNER], "owner")

    owner.leaves()
    ines.leaves()
