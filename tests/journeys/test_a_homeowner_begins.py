"""From the front page to a battery that charges, and back: the journey everything else rests on."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.looking import DESKTOP, PHONE, check
from tests.journeys.somebody import connect, sign_in, wait_for_home

pytestmark = pytest.mark.browser


def open_device_page(page, which):
    page.get_by_role("navigation").get_by_role("link", name="Control").first.click()
    page.get_by_role("link", name=which).first.click()


@pytest.mark.parametrize(
    ("name", "mode", "size", "theme"),
    [("Ada", "Smart", PHONE, "light"), ("Cleo", "Simple", DESKTOP, "dark")],
    ids=["phone", "desktop"],
)
def test_connect_chart_mode_plan_cancel_disconnect(page, portal, name, mode, size, theme):
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=theme)
    sign_in(page, portal, name)
    connect(page, portal, name)
    wait_for_home(page)
    check(page)

    page.get_by_role("navigation").get_by_role("link", name="History").first.click()
    expect(page.get_by_role("heading", name="Power")).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()
    check(page)

    open_device_page(page, "Change mode")
    page.get_by_role("radio", name=re.compile(f"^{mode}")).check()
    page.get_by_role("button", name="Change mode").click()
    expect(page.get_by_role("main")).to_contain_text("confirmed", ignore_case=True)
    expect(page.get_by_role("main")).to_contain_text(mode)
    check(page)

    open_device_page(page, "Plan")
    page.get_by_role("button", name="Charge", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("confirmed", ignore_case=True)
    open_device_page(page, "Plan")
    expect(page.get_by_role("button", name="Cancel the plan")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Cancel the plan").click()
    expect(page.get_by_role("main")).to_contain_text("confirmed", ignore_case=True)

    page.goto(f"{portal.url}/connection/")
    check(page)
    page.get_by_role("link", name=re.compile("^Disconnect")).click()
    check(page)
    page.get_by_role("button", name="Disconnect").click()
    page.goto(f"{portal.url}/connection/")
    expect(page.get_by_role("main")).to_contain_text("isconnected")


def test_an_account_without_a_home_is_told_so(page, portal):
    sign_in(page, portal, "Eve")
    connect(page, portal, "Eve")
    expect(page.get_by_role("main")).to_contain_text("no home", ignore_case=True)
    check(page)


def test_reading_alone_is_enough_and_says_what_is_missing(page, portal):
    sign_in(page, portal, "Dev")
    connect(page, portal, "Dev", may_change=False)
    wait_for_home(page)
    page.goto(f"{portal.url}/connection/")
    expect(page.get_by_role("link", name=re.compile("Add it")).first).to_be_visible()
    check(page)


def test_a_lunar_account_of_another_person_is_refused(page, portal):
    sign_in(page, portal, "Ben")
    connect(page, portal, "Ben")
    expect(page.get_by_role("link", name="Home 2")).to_be_visible()
    sign_in(page, portal, "Finn")
    connect(page, portal, "Ben")
    expect(page.get_by_role("main")).to_contain_text("another")


def test_signing_in_with_lunar_asks_for_the_e_mail_and_checks_it(page, portal):
    page.goto(portal.url)
    page.get_by_role("link", name="Continue with Lunar").first.click()
    check(page)
    page.get_by_role("button", name="Continue to Lunar").click()
    page.locator("button[value=cora]").click()
    page.get_by_label("E-mail").fill("someone.new@portal.localhost")
    check(page)
    page.get_by_role("main").get_by_role("button").first.click()
    page.get_by_label("Code").wait_for()
    code = newest_code(page, portal, "someone.new@portal.localhost")
    page.get_by_label("Code").fill(code)
    check(page)
    page.get_by_role("main").get_by_role("button").first.click()
    wait_for_home(page)


def newest_code(page, portal, address):
    """Read the code from the newest e-mail to this address, in another tab."""
    tab = page.context.new_page()
    tab.goto(f"{portal.url}/demo/")
    message = tab.locator("details", has_text=address).first.text_content()
    tab.close()
    return re.search(r"\b[A-Z0-9]{3,4}-[A-Z0-9]{3,4}\b", message).group()
