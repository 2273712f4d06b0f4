"""Values that are known and may still change look different from those that are final, and a word says so."""

import re

import pytest
from playwright.sync_api import expect

from tests.charts.conftest import DESKTOP, MIDNIGHT, PHONE, energy, power

pytestmark = pytest.mark.browser

SAYS = "may still change"
KNOWN = 72
COLORS = """(plot) => {
  const canvas = document.querySelector(`.chart-plot-${plot} canvas`);
  const over = document.querySelector(`.chart-plot-${plot} .chart-over`);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const columns = [];
  for (let n = 0; n < 96; n += 1) {
    const x = Math.round(over.offsetLeft + ((n + 0.5) / 96) * over.clientWidth);
    const pixels = [];
    for (let y = 0; y < canvas.height; y += 1) pixels.push(data.slice(4 * (y * canvas.width + x), 4 * (y * canvas.width + x) + 4).join());
    columns.push(pixels.join(";"));
  }
  return columns;
}"""


def day(**other):
    """Return today's columns at 18:00, alike in every bucket that is known."""
    rest = [None] * (96 - KNOWN)
    columns = {
        "solar_w": [4000] * KNOWN + rest,
        "charging_w": [1500] * KNOWN + rest,
        "home_w": [2500] * KNOWN + rest,
    }
    return power(until=MIDNIGHT + 900 * KNOWN, charge_pct=[60] * KNOWN + rest, **columns, **other)


def week(**other):
    return energy(solar_wh=[20_000] * 5 + [None] * 2, home_wh=[9000] * 5 + [None] * 2, **other)


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def size(page, request):
    page.set_viewport_size(request.param)
    return request.param


class TestWhatMayStillChange:
    @pytest.mark.parametrize("plot", ["power", "charge"])
    def test_is_drawn_otherwise_than_what_is_final(self, show, page, size, plot):
        show(day())
        final = page.evaluate(COLORS, plot)
        show(day(final_steps=60))
        both = page.evaluate(COLORS, plot)

        changed = [n for n, (a, b) in enumerate(zip(final, both, strict=True)) if a != b]
        assert set(range(62, KNOWN - 1)) <= set(changed)
        labels = [n for n in changed if n < 59]  # a name may have moved aside
        assert len(labels) < 30
        assert not [n for n in changed if n > KNOWN]

    def test_is_drawn_paler(self, show, page, painted, size):
        show(day(final_steps=48))
        over = page.locator(".chart-over").first.bounding_box()
        left = over["x"] - page.locator(".chart-plot").first.bounding_box()["x"]
        columns = painted("power", "solar")

        full = [count for x, (*_, count) in columns.items() if x < left + over["width"] * 0.45]
        pale = [count for x, (*_, count) in columns.items() if x > left + over["width"] * 0.52]
        assert max(full) > 60
        assert not pale or max(pale) < 10

    def test_is_drawn_paler_bar_by_bar(self, show, page, painted, size):
        show(week(final_steps=3))
        over = page.locator(".chart-over").bounding_box()
        left = over["x"] - page.locator(".chart-plot").bounding_box()["x"]

        full = [x for x, (*_, count) in painted("energy", "solar").items() if count > 40]
        assert left < min(full) and max(full) < left + over["width"] * 3 / 7

    def test_is_said_below_the_picture_and_of_each_such_bucket(self, show, page, size):
        show(day(final_steps=60))
        expect(page.locator("[data-unsettled]")).to_contain_text(SAYS)
        page.locator("[data-plots]").press("End")
        assert SAYS not in page.locator(".chart-when").text_content().lower()
        for key, said in [("Home", False), ("ArrowRight", False)]:
            page.keyboard.press(key)
            assert (SAYS in page.locator(".chart-when").text_content().lower()) is said
        for _ in range(15):
            page.keyboard.press("PageDown")

        expect(page.locator(".chart-when")).to_have_text(re.compile(r"15:15 to 15:30 · May still change\."))
        expect(page.locator("[data-heard]")).to_contain_text("May still change.")

    @pytest.mark.parametrize(
        "final", [{}, {"final_steps": KNOWN}, {"final_steps": 96}], ids=["absent", "known", "all"]
    )
    def test_is_not_mentioned_where_all_that_is_known_is_final(self, show, page, final):
        show(day())
        plain = page.evaluate(COLORS, "power")
        show(day(**final))

        expect(page.locator("[data-unsettled]")).to_have_count(0)
        assert page.evaluate(COLORS, "power") == plain

    def test_is_not_mentioned_where_nothing_is_known(self, show, page):
        show(power(final_steps=0))

        expect(page.locator("[data-unsettled]")).to_have_count(0)

    def test_is_all_there_is_where_nothing_is_final(self, show, page, painted):
        show(day(final_steps=0))

        expect(page.locator("[data-unsettled]")).to_have_count(1)
        assert all(count < 10 for *_, count in painted("power", "solar").values())

    def test_is_no_longer_mentioned_once_it_is_final(self, portal, page):
        page.clock.install()
        portal.show(day(final_steps=60), every=60)
        portal.columns = day(final_steps=KNOWN)
        expect(page.locator("[data-unsettled]")).to_have_count(1)
        page.clock.run_for(61_000)

        expect(page.locator("[data-unsettled]")).to_have_count(0)
