"""The pictures themselves, in a browser: what a test of the server cannot see."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from gridshare_portal.telemetry import receivers
from gridshare_portal.templatetags import energy
from tests.readings import begin

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
DRAWN = """() => [...document.querySelectorAll(".chart-plot canvas")].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
})"""


# Whether any pixel of the columns between two buckets has a color that is close to solar's.
SHINES = """([first, last, count]) => {
  const probe = document.createElement("span");
  probe.style.color = "var(--solar)";
  document.body.append(probe);
  const solar = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
  const plot = document.querySelector(".chart-plot-power");
  const canvas = plot.querySelector("canvas");
  const over = plot.querySelector(".chart-over");
  const at = (i) => (over.offsetLeft + ((i + 0.5) / count) * over.offsetWidth) * devicePixelRatio;
  const wide = Math.max(1, at(last) - at(first));
  const { data } = canvas.getContext("2d").getImageData(at(first), 0, wide, canvas.height);
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 200 && solar.every((part, n) => Math.abs(data[i + n] - part) < 40)) return true;
  }
  return false;
}"""


@pytest.fixture
def no_worker(monkeypatch):
    """Nobody fetches 400 days in place when the home becomes known: two days are enough to draw."""
    monkeypatch.setattr(receivers, "wake", lambda *_task: None)


@pytest.fixture
def site(no_worker, transactional_db, homeowner):
    found = homeowner.site
    begin(found, seconds=0.5)
    return found


@pytest.fixture
def complaints():
    return []


COLUMNS = re.compile(r'<script type="application/json">(.*?)</script>', re.DOTALL)


@pytest.fixture
def open_history(site, homeowner, live_server, page, complaints):
    """Return how the homeowner opens the History page in a browser."""
    cookies = [
        {"name": key, "value": one.value, "url": live_server.url} for key, one in homeowner.cookies.items()
    ]
    page.context.add_cookies(cookies)
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def opened(query=""):
        page.goto(f"{live_server.url}{reverse('homeowner:telemetry', args=[site.synth_id])}?{query}")
        return page

    return opened


@pytest.fixture
def yesterday(site):
    return timezone.now().astimezone(site.zone).date() - timedelta(days=1)


class TestAPicture:
    @pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
    def test_is_drawn_without_a_complaint_and_without_scrolling_sideways(
        self, open_history, page, complaints, yesterday, size
    ):
        page.set_viewport_size(size)
        for view, plots in [("day", 2), ("week", 1), ("year", 1)]:
            open_history(f"view={view}&day={yesterday}")
            expect(page.locator(".chart-plot canvas")).to_have_count(plots)

            assert min(page.evaluate(DRAWN)) > 3
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert complaints == []

    def test_takes_other_colors_with_the_theme(self, open_history, page, yesterday):
        open_history(f"day={yesterday}")
        canvas = page.locator(".chart-plot-power canvas")
        light = canvas.evaluate("(canvas) => canvas.toDataURL()")
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.wait_for_timeout(200)

        assert canvas.evaluate("(canvas) => canvas.toDataURL()") != light

    def test_leaves_a_gap_where_nothing_is_known(self, open_history, page, yesterday):
        def with_a_gap(route):
            answer = route.fetch()
            data = json.loads(COLUMNS.search(answer.text())[1])
            data["solar_w"] = [2000] * 40 + [None] * 16 + [2000] * (data["count"] - 56)
            data["gaps"] = [{"first": 40, "last": 56, "cause": "No readings from solar"}]
            route.fulfill(
                response=answer,
                body=answer.text().replace(COLUMNS.search(answer.text())[1], json.dumps(data)),
            )

        page.route("**/history/**", with_a_gap)
        open_history(f"day={yesterday}")
        expect(page.locator(".chart-plot canvas")).to_have_count(2)
        count = page.locator("[data-plots]").get_attribute("aria-valuemax")

        shines = [
            page.evaluate(SHINES, [first, last, int(count) + 1])
            for first, last in [(30, 36), (42, 54), (60, 66)]
        ]
        assert shines == [True, False, True]

    def test_gives_way_to_the_table_when_it_cannot_be_drawn(self, open_history, page, yesterday):
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        open_history(f"day={yesterday}")

        expect(page.locator("[data-words]")).to_contain_text("The same numbers are in the table below")
        expect(page.locator(".chart-table tbody tr").first).to_be_visible()


class TestReadingAPicture:
    def test_by_arrow_keys_says_what_the_table_says(self, open_history, page, yesterday):
        open_history(f"day={yesterday}")
        home_w = json.loads(page.locator(".chart script").text_content())["home_w"][5]
        expect(page.locator(".chart-plot canvas")).to_have_count(2)
        page.locator("[data-plots]").focus()
        page.keyboard.press("Home")
        for _ in range(5):
            page.keyboard.press("ArrowRight")

        expect(page.locator("[data-heard]")).to_contain_text("01:15 to 01:30")
        expect(page.locator(".chart-word", has_text="Home")).to_have_text(f"Home {energy.power(home_w)}")
        page.get_by_text("Show as table").click()
        row = page.locator(".chart-table tbody tr").nth(5)
        expect(row).to_be_visible()
        assert row.locator("td").nth(5).text_content() == energy.kilo(home_w)

    def test_with_the_mouse_points_at_both_plots(self, open_history, page, yesterday):
        open_history(f"day={yesterday}")
        expect(page.locator(".chart-plot canvas")).to_have_count(2)
        page.locator(".chart-plot-power .chart-over").hover(position={"x": 200, "y": 80})

        expect(page.locator(".chart-mark:visible")).to_have_count(2)
        expect(page.locator(".chart-when")).to_contain_text(f"{yesterday:%a} {yesterday.day} {yesterday:%b}")

    def test_is_a_page_with_its_table_where_no_script_runs(self, open_history, browser, page, yesterday):
        open_history(f"day={yesterday}")
        plain = browser.new_context(java_script_enabled=False)
        plain.add_cookies(page.context.cookies())
        still = plain.new_page()
        still.goto(page.url)
        still.get_by_text("Show as table").click()
        still.get_by_role("link", name="The same numbers as a table").click()

        expect(still.locator(".chart-table tbody tr").nth(5)).to_be_visible()
        plain.close()

    def test_leads_from_a_bar_to_its_day(self, open_history, page, yesterday):
        open_history(f"view=range&from={yesterday - timedelta(days=3)}&to={yesterday}")
        expect(page.locator(".chart-plot canvas")).to_have_count(1)
        page.locator("[data-plots]").focus()
        page.keyboard.press("End")
        page.keyboard.press("Enter")

        page.wait_for_url(f"**view=day&day={yesterday}")


class TestWordsInTheBrowser:
    def test_are_those_of_the_server(self, open_history, page):
        open_history()
        watts = [0, 0.4, 12, 999, 999.6, 1000, 1250, 99_940, 99_960, 1_234_567]
        said = page.evaluate(
            """async (watts) => {
              const scale = await import("portal/charts/scale");
              return [watts.map(scale.power), watts.map(scale.energy)];
            }""",
            watts,
        )

        assert said == [[energy.power(one) for one in watts], [energy.energy(one) for one in watts]]

    def test_tell_apart_the_hour_that_comes_twice(self, open_history, page):
        open_history()
        said = page.evaluate(
            """async () => {
              const { hour } = await import("portal/charts/clock");
              const { hourTicks } = await import("portal/charts/scale");
              const zone = "America/Los_Angeles";
              const ticks = hourTicks(1793516400, 1793606400, zone, 24).map((tick) => tick.text);
              return [hour(1793521800, zone), hour(1793525400, zone), hour(1793529000, zone), ticks];
            }"""
        )

        assert said[:3] == ["01:30 PDT", "01:30 PST", "02:30"]
        assert len(said[3]) == len(set(said[3])) + 1
