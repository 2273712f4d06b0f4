"""The room that a figure keeps before it is drawn is the room that it takes: nothing below it jumps."""

import pytest

from tests.charts.conftest import DESKTOP, PHONE, energy, power

pytestmark = pytest.mark.browser

UNDRAWN = """(html) => {
  const plots = document.querySelector("[data-plots]");
  const drawn = plots.getBoundingClientRect().height;
  plots.innerHTML = new DOMParser().parseFromString(html, "text/html").querySelector("[data-plots]").innerHTML;
  return [drawn, plots.getBoundingClientRect().height];
}"""
FIGURES = {
    "power and charge": power(home_w=[500] * 96, charge_pct=[50] * 96),
    "power alone": power(home_w=[500] * 96),
    "energy": energy(home_wh=[500] * 7),
}


class TestTheRoomOfAFigure:
    @pytest.mark.parametrize(
        "size", [PHONE, DESKTOP, {"width": 620, "height": 800}], ids=["phone", "desktop", "tablet"]
    )
    @pytest.mark.parametrize("name", FIGURES)
    def test_is_kept_before_it_is_drawn(self, portal, page, size, name):
        page.set_viewport_size(size)
        portal.show(FIGURES[name])
        drawn, kept = page.evaluate(UNDRAWN, portal.html)

        assert drawn == kept
