"""From the e-mail to the work list, and out again: how somebody comes to work for an organization."""

import re

import pytest
from allauth.mfa.totp.internal import auth as totp
from playwright.sync_api import expect

from tests.journeys.looking import DESKTOP, PHONE, check, look_at
from tests.journeys.somebody import Somebody

pytestmark = pytest.mark.browser

PAGES = ["", "record/", "leave/"]


@pytest.fixture(scope="module")
def igor(portal, browser, browser_context_args):
    somebody = Somebody(browser, browser_context_args, portal, "Igor")
    yield somebody
    somebody.leaves()


def newest_letter(page, portal, pattern):
    reader = page.context.new_page()
    reader.goto(f"{portal.url}/demo/")
    found = re.search(pattern, reader.locator(".letter").first.inner_text())[1]
    reader.close()
    return found


def invite(igor, email, role):
    igor.goes_to("/organizations/sunfix/")
    igor.page.get_by_label("E-mail address").fill(email)
    igor.page.get_by_label("Role", exact=True).select_option(role)
    igor.presses("Send the invitation")
    expect(igor.page.get_by_role("status")).to_contain_text(f"{email} is invited")
    return newest_letter(igor.page, igor.portal, r"(http://\S+/invitations/\S+)")


def create_account(page, portal, email):
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_role("button", name="Continue with e-mail").click()
    page.wait_for_url(re.compile("confirm-email"))
    page.get_by_label("Code").fill(newest_letter(page, portal, r"\n([A-Z0-9]{4}-[A-Z0-9]{4})\n"))
    page.get_by_role("main").get_by_role("button").first.click()


def turn_an_app_on(page):
    page.get_by_role("link", name="Turn it on").click()
    secret = page.locator("input[readonly], input[disabled]").first.input_value()
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    page.locator("input[name=code]").fill(totp.format_hotp_value(totp.hotp_value(secret, counter)))
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url(re.compile("2fa/(recovery-codes/)?$"))


@pytest.mark.parametrize(("size", "theme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone", "desktop"])
def test_invited_joined_proven_removed(page, portal, igor, size, theme):
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=theme)
    email = f"vic.{theme}@sunfix.example"
    page.goto(invite(igor, email, "viewer"))
    expect(page.get_by_role("heading", level=1)).to_have_text("SunFix invites you")
    check(page)
    invitation = page.url
    create_account(page, portal, email)
    page.wait_for_url(invitation)
    check(page)
    page.get_by_role("button", name="Join SunFix").click()

    page.wait_for_url(re.compile("/accounts/2fa/$"))
    expect(page.get_by_role("main")).to_contain_text("Before you see anything of SunFix")
    page.goto(f"{portal.url}/support/sunfix/")
    expect(page.get_by_role("status")).to_contain_text("needs to know that it is really you")
    turn_an_app_on(page)
    page.goto(f"{portal.url}/accounts/2fa/")
    check(page)
    page.get_by_role("link", name="Go on to the work list").click()
    page.wait_for_url(f"{portal.url}/support/sunfix/")
    page.get_by_role("link", name="Members").first.click()
    expect(page.get_by_role("main")).to_contain_text(email)

    igor.goes_to("/organizations/sunfix/")
    igor.page.get_by_role("row").filter(has_text=email).get_by_role("link", name="Remove").click()
    igor.presses("Remove")
    expect(igor.page.get_by_role("status")).to_contain_text("signed out everywhere")
    page.reload()
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_every_page_of_it(igor):
    look_at(igor, [f"/organizations/sunfix/{path}" for path in PAGES], "staff")
    look_at(igor, ["/organizations/rights/", "/invitations/nothing/"], "staff")
