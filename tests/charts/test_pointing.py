"""Reading a chart by finger, mouse and arrow keys; fingers are real touches of the browser, not made-up events."""

import pytest
from playwright.sync_api import expect

from tests.charts.conftest import DESKTOP, PHONE, energy, power

pytestmark = pytest.mark.browser

LONG = '<div style="height:3000px"></div>'
WATTS = [100 * n for n in range(96)]


class Finger:
    """A finger on the screen of a page."""

    def __init__(self, page):
        self.page, self.session = page, page.context.new_cdp_session(page)

    def _touch(self, kind, *points):
        told = [{"x": x, "y": y} for x, y in points]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})
        self.page.wait_for_timeout(20)

    def draw(self, begin, end, steps=12):
        """Put it down, draw it in a straight line, and lift it."""
        self._touch("touchStart", begin)
        for n in range(1, steps + 1):
            at = tuple(a + (b - a) * n / steps for a, b in zip(begin, end, strict=True))
            self._touch("touchMove", at)
        self._touch("touchEnd")

    def tap(self, at):
        """Touch and lift at once."""
        self._touch("touchStart", at)
        self._touch("touchEnd")


@pytest.fixture
def browser_context_args(browser_context_args):
    return {**browser_context_args, "viewport": PHONE, "has_touch": True, "is_mobile": True}


@pytest.fixture
def plot(show, page):
    """Return the place of a plot of a day on a phone, and the reading that stands below it."""
    show(power(home_w=WATTS), around=LONG)
    return page.locator(".chart-plot-power .chart-over").bounding_box()


@pytest.fixture
def finger(page):
    return Finger(page)


def reading(page):
    return page.locator(".chart-when").text_content()


class TestAFinger:
    @pytest.mark.parametrize("to", [-160, 160], ids=["up", "down"])
    def test_that_scrolls_leaves_the_reading_as_it_was(self, plot, page, finger, to):
        page.evaluate("scrollTo(0, 60)")
        x, y = plot["x"] + plot["width"] * 0.3, plot["y"] + plot["height"] / 2 - 60
        finger.tap((x + 40, y))
        before, at = reading(page), page.evaluate("scrollY")
        finger.draw((x, y), (x + 6, y + to))

        page.wait_for_timeout(300)
        assert page.evaluate("scrollY") != at
        assert reading(page) == before

    def test_that_goes_sideways_draws_the_reading_along(self, plot, page, finger):
        y = plot["y"] + 100
        finger.draw((plot["x"] + 20, y), (plot["x"] + plot["width"] / 2 + 1, y + 10))

        assert "12:00 to 12:15" in reading(page)
        assert page.evaluate("scrollY") == 0

    def test_that_taps_chooses_what_it_touches(self, plot, page, finger):
        finger.tap((plot["x"] + plot["width"] / 4 + 1, plot["y"] + 50))

        expect(page.locator(".chart-when")).to_contain_text("06:00 to 06:15")
        expect(page.locator(".chart-mark")).to_be_visible()

    def test_that_scrolled_taps_again(self, plot, page, finger):
        x, y = plot["x"] + 30, plot["y"] + 200
        finger.draw((x, y), (x, y - 150))
        page.wait_for_timeout(300)
        page.evaluate("scrollTo(0, 0)")
        finger.tap((plot["x"] + plot["width"] * 0.75 + 1, plot["y"] + 50))

        expect(page.locator(".chart-when")).to_contain_text("18:00 to 18:15")

    def test_that_scrolls_over_bars_does_not_lead_away(self, show, page, finger):
        show(energy(home_wh=[9000] * 7), around=LONG)
        place = page.locator(".chart-over").bounding_box()
        x, y = place["x"] + 40, place["y"] + 200
        finger.draw((x, y), (x + 5, y - 150))
        page.wait_for_timeout(300)

        assert page.url.endswith("/")
        assert "7 Jan" in reading(page)


class TestArrowKeys:
    def test_begin_at_the_newest_reading(self, show, page):
        show(power(home_w=[500] * 40 + [None] * 56))
        page.locator("[data-plots]").focus()
        assert "09:45 to 10:00" in reading(page)
        page.keyboard.press("ArrowLeft")

        assert "09:30 to 09:45" in reading(page)
        expect(page.locator("[data-heard]")).to_contain_text("09:30 to 09:45")

    def test_stop_at_both_ends(self, show, page):
        show(power(home_w=WATTS))
        page.locator("[data-plots]").focus()
        for key, said in [("End", "23:45 to 00:00"), ("ArrowRight", "23:45"), ("Home", "00:00 to 00:15")]:
            page.keyboard.press(key)
            assert said in reading(page)
        page.keyboard.press("PageUp")

        assert "00:00 to 00:15" in reading(page)


class TestAMouse:
    def test_is_followed_over_every_plot_of_the_figure(self, show, page):
        page.set_viewport_size(DESKTOP)
        show(power(home_w=WATTS, charge_pct=[50] * 96))
        place = page.locator(".chart-plot-charge .chart-over").bounding_box()
        page.mouse.move(place["x"] + place["width"] / 3 + 1, place["y"] + 10)

        expect(page.locator(".chart-mark:visible")).to_have_count(2)
        assert "08:00 to 08:15" in reading(page)
