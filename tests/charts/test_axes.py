"""Where axes stand and what is written on them, whatever the values are."""

import pytest

from tests.charts.conftest import DESKTOP, PHONE, energy, power

pytestmark = pytest.mark.browser

HALF = [None] * 48
TICKS = """async (values) => {
  const { steps, tick } = await import("portal/charts/scale");
  return values.map(([low, high, room]) => {
    const { step, ticks } = steps(low, high, room);
    return { step, ticks, texts: ticks.map((one) => tick(one, "W")) };
  });
}"""
PLACES = """() => Object.fromEntries([...document.querySelectorAll(".chart-over")].map((over) => {
  const { left, right } = over.getBoundingClientRect();
  return [over.parentElement.className.split("-").at(-1), [left, right]];
}))"""


class TestOneAxisOfTime:
    @pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
    @pytest.mark.parametrize("watts", [700, 12_500, 120_000], ids=lambda watts: f"{watts} W")
    def test_is_shared_by_power_and_charge(self, show, page, painted, size, watts):
        page.set_viewport_size(size)
        show(power(solar_w=HALF + [watts] * 48, charge_pct=HALF + [100] * 48))

        power_left = min(painted("power", "solar"))
        charge_left = min(painted("charge", "battery"))
        assert abs(power_left - charge_left) <= 1
        places = page.evaluate(PLACES)
        assert places["power"] == places["charge"]
        middle = sum(places["power"]) / 2 - page.locator(".chart-plot-power").bounding_box()["x"]
        assert abs(power_left - middle) <= 2

    def test_stays_where_it_is_when_the_window_is_made_narrower(self, show, page, painted):
        page.set_viewport_size(DESKTOP)
        show(power(solar_w=HALF + [12_500] * 48, charge_pct=HALF + [100] * 48))
        page.set_viewport_size({"width": 700, "height": 900})
        page.wait_for_timeout(200)

        lefts = [min(painted(*one)) for one in [("power", "solar"), ("charge", "battery")]]
        assert abs(lefts[0] - lefts[1]) <= 1


class TestAnAxisOfFigures:
    @pytest.mark.parametrize("size", [4e8, 1e-9, 0.0, 1, 999.4, 1000, 12_500, 1e15, 1e300])
    def test_has_few_round_ticks_whatever_the_values(self, show, page, size):
        show(power())
        found = page.evaluate(TICKS, [[-size, size, 7], [0, size, 7], [-size, 1150, 7]])

        for one in found:
            assert 1 <= len(one["ticks"]) <= 8
            assert all(text and "NaN" not in text and "∞" not in text for text in one["texts"])

    def test_draws_the_rest_beside_a_value_that_no_home_can_have(self, show, page, painted):
        show(power(solar_w=[3000] * 50 + [4e8] + [3000] * 45, home_w=[500] * 96))

        assert max(count for *_, count in painted("power", "solar").values()) > 100

    def test_begins_at_a_kilowatt_where_next_to_nothing_flows(self, show, page, painted):
        show(power(solar_w=[1e-9] * 96, home_w=[1e-9] * 96))

        assert painted("power", "solar") == {}


class TestColumnsThatKnowLittle:
    @pytest.mark.parametrize("make", [power, energy], ids=["power", "energy"])
    def test_are_drawn_where_nothing_is_known(self, show, page, make):
        count = 7
        unit = "w" if make is power else "wh"
        nothing = {f"solar_{unit}": [None] * count, f"home_{unit}": [None] * count}
        gap = [{"first": 0, "last": count, "cause": "Nothing heard from the home"}]
        show(make(count, **nothing, gaps=gap))

        assert "Nothing heard from the home" in page.locator(".chart-when").text_content()
        assert page.locator(".chart-word", has_text="Solar").text_content() == "Solar –"

    @pytest.mark.parametrize("make", [power, energy], ids=["power", "energy"])
    def test_are_drawn_where_there_is_but_one(self, show, page, painted, make):
        unit = "w" if make is power else "wh"
        show(make(1, **{f"solar_{unit}": [3000], f"home_{unit}": [1000]}))
        page.locator("[data-plots]").press("ArrowRight")

        wide = page.locator(".chart-over").bounding_box()["width"]
        assert len(painted(make.__name__, "solar")) > wide * 0.6

    def test_are_drawn_where_a_home_has_no_part_but_the_grid(self, show, page, painted):
        show(power(from_grid_w=[800] * 96, to_grid_w=[0] * 96, home_w=[None] * 96))

        assert painted("power", "solar") == {}
        assert len(painted("power", "grid")) > 300
