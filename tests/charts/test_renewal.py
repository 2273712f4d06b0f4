"""What a figure keeps while its columns are renewed, its size or the page's colors change, and what it leaves behind."""

import pytest
from playwright.sync_api import expect

from tests.charts import conftest
from tests.charts.conftest import DESKTOP, MIDNIGHT, PHONE, power

pytestmark = pytest.mark.browser

KNOWN = 40
CLEARED = """
globalThis.cleared = 0;
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...box) { globalThis.cleared += 1; clear.apply(this, box); };
"""
SHIFTS = """
globalThis.shifts = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) globalThis.shifts.push(one.value);
}).observe({ type: "layout-shift", buffered: true });
"""
REPLACED = """async () => {
  const markup = document.querySelector("main").innerHTML.replace('data-started="yes"', "");
  for (let n = 0; n < 10; n += 1) {
    document.querySelector("main").innerHTML = markup;
    document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: document.querySelector("main") } }));
    await new Promise((done) => setTimeout(done, 30));
  }
}"""


def day(known, **other):
    """Return today's columns: so many buckets are known, and the rest has not come yet."""
    rest = [None] * (96 - known)
    columns = {"home_w": [500 + n for n in range(known)] + rest, "solar_w": [2000] * known + rest}
    return power(until=MIDNIGHT + 900 * known, **columns, **other)


def reading(page):
    return page.locator(".chart-when").text_content()


@pytest.fixture
def renew(portal, page):
    """Return how the columns of a figure become others, as they do on a page that renews itself."""

    def renew(data):
        before = page.locator(".chart-plot canvas").first.element_handle()
        portal.columns = data
        page.clock.run_for(61_000)
        page.wait_for_function("(canvas) => !canvas.isConnected", arg=before)

    return renew


@pytest.fixture
def renewing(portal, page):
    page.clock.install()

    def shown(data):
        page.add_init_script(SHIFTS)
        portal.show(data, every=60, around="<p>What stands below</p>")
        page.clock.run_for(100)

    return shown


class TestRenewedColumns:
    def test_are_read_at_the_newest_bucket_unless_one_was_chosen(self, renewing, renew, page):
        renewing(day(KNOWN))
        assert "09:45 to 10:00" in reading(page)
        renew(day(KNOWN + 2))

        assert "10:15 to 10:30" in reading(page)

    def test_leave_the_chosen_bucket_chosen(self, renewing, renew, page):
        renewing(day(KNOWN))
        page.locator("[data-plots]").press("Home")
        page.locator("[data-plots]").press("PageDown")
        renew(day(KNOWN + 1))

        assert "01:00 to 01:15" in reading(page)
        expect(page.locator(".chart-mark")).to_be_visible()
        page.keyboard.press("ArrowRight")
        assert "01:15 to 01:30" in reading(page)

    def test_let_go_of_a_bucket_that_is_no_longer_there(self, renewing, renew, page):
        renewing(day(KNOWN))
        page.locator("[data-plots]").press("Home")
        renew({**day(KNOWN), "start": MIDNIGHT + 86_400, "until": MIDNIGHT + 86_400 + 900 * KNOWN})

        assert "Fri 2 Jan, 09:45 to 10:00" in reading(page)
        expect(page.locator(".chart-mark")).to_be_hidden()

    def test_are_not_spoken_to_whoever_did_nothing(self, renewing, renew, page):
        renewing(day(KNOWN))
        renew(day(KNOWN + 1))
        page.clock.run_for(1000)

        assert page.locator("[data-heard]").text_content() == ""

    def test_move_nothing_on_the_page(self, renewing, renew, page):
        renewing(day(KNOWN))
        below = page.get_by_text("What stands below").bounding_box()
        page.evaluate("shifts.length = 0")
        renew(day(KNOWN + 1))

        assert page.evaluate("shifts") == []
        assert page.get_by_text("What stands below").bounding_box() == below

    def test_that_say_the_same_are_not_drawn_again(self, portal, page):
        page.clock.install()
        page.add_init_script(CLEARED)
        portal.show(day(KNOWN), every=60)
        with page.expect_response("**/columns.json"):
            page.clock.run_for(61_000)
        page.wait_for_timeout(200)

        assert page.evaluate("cleared") == 1


class TestASheet:
    def test_is_cleared_once_to_be_drawn(self, show, page):
        page.add_init_script(CLEARED)
        show(power(home_w=[500] * 96, charge_pct=[50] * 96))
        page.wait_for_timeout(300)

        assert page.evaluate("cleared") == 2

    def test_follows_its_place_from_a_desktop_to_a_phone_and_back(self, show, page, painted):
        page.set_viewport_size(DESKTOP)
        show(power(solar_w=[3000] * 96))
        whole = painted("power", "solar")
        for size in (PHONE, DESKTOP):
            page.set_viewport_size(size)
            page.wait_for_function(
                "() => document.querySelector('canvas').clientWidth === document.querySelector('.chart-plot').clientWidth"
            )
            over = page.locator(".chart-over").bounding_box()
            assert abs(len(painted("power", "solar")) - over["width"]) <= 2

        assert painted("power", "solar") == whole

    def test_keeps_the_mark_over_its_bucket_when_the_size_changes(self, show, page):
        page.set_viewport_size(DESKTOP)
        show(power(home_w=[500] * 96))
        page.locator("[data-plots]").press("Home")
        for _ in range(12):
            page.keyboard.press("PageDown")
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)
            over, mark = (page.locator(name).bounding_box() for name in (".chart-over", ".chart-mark"))
            assert abs(mark["x"] - over["x"] - over["width"] / 2) <= 1

    def test_is_sharp_when_the_page_is_zoomed(self, show, page):
        page.set_viewport_size(DESKTOP)
        show(power(home_w=[500] * 96))
        zoomed = {"width": 640, "height": 450, "deviceScaleFactor": 2, "mobile": False}
        page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", zoomed)

        page.wait_for_function(
            "() => document.querySelector('canvas').width === 2 * document.querySelector('.chart-plot').clientWidth"
        )

    @pytest.mark.parametrize("ratio", [1.25, 1.5, 3])
    def test_puts_both_plots_on_one_axis_at_any_zoom(self, browser, ratio):
        context = browser.new_context(viewport=DESKTOP, device_scale_factor=ratio)
        page = context.new_page()
        half = [None] * 48
        conftest.Portal(page).show(power(solar_w=half + [12_500] * 48, charge_pct=half + [100] * 48))
        pairs = [("power", "solar"), ("charge", "battery")]
        lefts = [min(conftest.painted_on(page, *one)) for one in pairs]
        context.close()

        assert abs(lefts[0] - lefts[1]) <= 2


class TestColors:
    @pytest.mark.parametrize("way", ["system", "switch"])
    def test_are_those_of_the_theme(self, show, page, painted, way):
        page.emulate_media(color_scheme="light")
        show(power(solar_w=[3000] * 96, charge_pct=[60] * 96))
        before = painted("power", "solar")
        if way == "system":
            page.emulate_media(color_scheme="dark")
        else:
            page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.wait_for_timeout(200)

        assert len(before) > 300
        assert painted("power", "solar").keys() == before.keys()
        assert len(painted("charge", "battery")) > 300


class TestAFigureThatIsReplaced:
    def test_leaves_no_listener_behind(self, show, page):
        show(power(home_w=[500] * 96, charge_pct=[50] * 96))
        told = page.context.new_cdp_session(page)
        told.send("Performance.enable")

        def counted():
            told.send("HeapProfiler.collectGarbage")
            page.wait_for_timeout(100)
            metrics = {one["name"]: one["value"] for one in told.send("Performance.getMetrics")["metrics"]}
            return metrics["JSEventListeners"], metrics["Nodes"]

        page.evaluate(REPLACED)
        listeners, nodes = counted()
        page.evaluate(REPLACED)
        more_listeners, more_nodes = counted()

        expect(page.locator(".chart-plot canvas")).to_have_count(2)
        assert more_listeners <= listeners + 2
        assert more_nodes <= nodes + 40
