"""A person at a browser of their own, and the first steps that every journey begins with."""

import re

from playwright.sync_api import expect

from tests.journeys.looking import DESKTOP, PATIENCE_MS, listen


class Somebody:
    """A person at a browser of their own, which must not complain."""

    def __init__(self, browser, options, portal, name, *, size=DESKTOP, theme="light"):
        self.context = browser.new_context(**{**options, "viewport": size, "color_scheme": theme})
        self.portal, self.page = portal, self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        # a page that does not exist any more is said by the browser, too: that is what is asked for
        self.complaints = listen(self.page, known=["404"])
        if name:
            sign_in(self.page, portal, name)

    def goes_to(self, path):
        self.page.goto(self.portal.url + path)

    def presses(self, name, **how):
        self.page.get_by_role("main").get_by_role("button", name=name, **how).first.click()

    def sends(self, name, **how):
        """Press a button that sends a form, and wait for the page that answers."""
        with self.page.expect_navigation():
            self.presses(name, **how)

    def follows(self, name):
        self.page.get_by_role("main").get_by_role("link", name=name).first.click()

    def reads(self, words):
        expect(self.page.get_by_role("main")).to_contain_text(words)

    def leaves(self):
        self.context.close()
        assert self.complaints == []


def sign_in(page, portal, name):
    page.goto(f"{portal.url}/demo/")
    page.get_by_role("button", name=f"Sign in as {name}").click()


def connect(page, portal, name, *, may_change=True):
    """Connect the Lunar account of that name, by the page that says what the portal may do."""
    page.goto(f"{portal.url}/connect/")
    for box in page.get_by_role("main").get_by_role("checkbox").all():
        box.set_checked(may_change or "Change" not in box.evaluate("box => box.labels[0].textContent"))
    page.get_by_role("button", name="Continue to Lunar").click()
    page.locator(f"button[value={name.lower()}]").click()
    page.wait_for_url(re.compile(re.escape(portal.url)))


def wait_for_home(page):
    """The page that shows the first load becomes the home page by itself, and renews itself once more."""
    page.wait_for_url(re.compile(r"/homes/[^/]+/$"))
    expect(page.locator("#filling[hx-get]")).to_have_count(0)
    expect(page.get_by_role("heading", name="Now")).to_be_visible()
