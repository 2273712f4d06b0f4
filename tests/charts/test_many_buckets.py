"""A year of quarter hours on as many pixels as a screen has: no peak may be lost, and names still find their places."""

import random

import pytest

from tests import environment
from tests.charts.conftest import DESKTOP, PHONE, energy, power

pytestmark = pytest.mark.browser

YEAR = 365 * 96
REDUCED = """async ([values, firsts]) => {
  const { most, least, columnOf } = await import("portal/charts/columns");
  const columns = { first: firsts, count: firsts.length - 1 };
  return [most(values, columns), least(values, columns), values.map((_, i) => columnOf(columns, i))];
}"""
UNDER = """async (asked) => {
  const { under } = await import("portal/charts/labels");
  return asked.map(([left, right, heights, wide]) =>
    [under({ count: left.length, left, right }, heights, wide, (a, b) => a < b),
     under({ count: left.length, left, right }, heights, wide, (a, b) => a > b)]);
}"""


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def size(page, request):
    page.set_viewport_size(request.param)
    return request.param


class TestAYearOfQuarterHours:
    @pytest.mark.parametrize("bucket", [0, 12_345, YEAR - 1])
    def test_shows_a_peak_of_a_single_bucket(self, show, page, painted, size, bucket):
        solar = [1000] * YEAR
        solar[bucket] = 9000
        show(power(YEAR, solar_w=solar))

        tops = [top for top, *_ in painted("power", "solar").values()]
        assert max(tops) - min(tops) > 100
        assert sum(top < max(tops) - 10 for top in tops) == 1

    @pytest.mark.parametrize("others, odd", [(5000, 0), (500, 9000)], ids=["dip", "peak"])
    def test_shows_the_least_and_the_most_of_the_home(self, show, page, painted, size, others, odd):
        home = [others] * YEAR
        home[20_000] = odd
        show(power(YEAR, home_w=home))

        heights = [count for x, (*_, count) in painted("power", "home").items() if x > 80]
        assert max(heights) > 80
        assert sum(high > 60 for high in heights) <= 2

    def test_shows_the_least_charge(self, show, page, painted, size):
        charge = [100] * YEAR
        charge[7000] = 5
        show(power(YEAR, charge_pct=charge))

        assert max(count for *_, count in painted("charge", "battery").values()) > 50

    def test_leaves_a_gap_of_a_month_open(self, show, page, painted, size):
        solar = [3000] * 10_000 + [None] * 3000 + [3000] * (YEAR - 13_000)
        gap = [{"first": 10_000, "last": 13_000, "cause": "Nothing heard from the home"}]
        show(power(YEAR, solar_w=solar, gaps=gap))

        xs = painted("power", "solar")
        wide = page.locator(".chart-over").bounding_box()["width"]
        assert abs((max(xs) - min(xs) + 1 - len(xs)) - wide * 3000 / YEAR) <= 3

    def test_is_read_by_quarter_hours_all_the_same(self, show, page, size):
        show(power(YEAR, home_w=[500] * YEAR))
        page.locator("[data-plots]").press("Home")
        page.locator("[data-plots]").press("ArrowRight")

        assert "Thu 1 Jan, 00:15 to 00:30" in page.locator(".chart-when").text_content()

    def test_is_drawn_with_as_many_gaps_as_there_can_be(self, show, page):
        gaps = [
            {"first": n, "last": n + 1, "cause": "Nothing heard from the home"} for n in range(0, YEAR, 2)
        ]
        show(power(YEAR, home_w=[None, 500] * (YEAR // 2), gaps=gaps))

        assert page.locator(".chart-word", has_text="Home").text_content() == "Home 500\u202fW"


class TestReducingToColumns:
    def test_keeps_the_least_and_the_most_of_each(self, show, page):
        show(power())
        chance = random.Random(11)
        for _ in range(environment.rounds(quick=20, long=500)):
            values = [chance.choice([None, chance.randint(-50, 50)]) for _ in range(chance.randint(1, 300))]
            cuts = sorted(chance.sample(range(1, len(values)), chance.randint(0, len(values) // 3)))
            firsts = [0, *cuts, len(values)]
            most, least, columns = page.evaluate(REDUCED, [values, firsts])
            for c, (begin, end) in enumerate(zip(firsts, firsts[1:], strict=False)):
                known = [value for value in values[begin:end] if value is not None]
                assert (most[c], least[c]) == ((max(known), min(known)) if known else (None, None))
                assert columns[begin:end] == [c] * (end - begin)


class TestWhatLiesUnderALabel:
    def test_is_what_a_look_at_every_column_finds(self, show, page):
        show(power())
        chance = random.Random(3)
        asked = []
        for _ in range(environment.rounds(quick=100, long=5000)):
            edges = [0]
            for _ in range(chance.randint(1, 60)):
                edges.append(edges[-1] + chance.randint(2, 9))
            air = chance.choice([0, 1])
            left, right = [x + air for x in edges[:-1]], edges[1:]
            asked.append((left, right, [chance.randint(0, 20) for _ in left], chance.randint(1, 90)))
        for found, (left, right, heights, wide) in zip(page.evaluate(UNDER, asked), asked, strict=True):
            for c in range(len(left)):
                middle = (left[c] + right[c]) / 2
                below = [
                    height
                    for a, b, height in zip(left, right, heights, strict=True)
                    if b > middle - wide / 2 and a < middle + wide / 2
                ]
                assert (found[0][c], found[1][c]) == (min(below), max(below))


class TestAYearOfDays:
    def test_marks_a_bar_that_is_known_in_part(self, show, page, size):
        page.emulate_media(color_scheme="light")
        show(energy(365, solar_wh=[20_000] * 365, home_wh=[9000] * 365, partial=[100, 200]))

        page.locator("[data-plots]").press("Home")
        for _ in range(100 // 7):
            page.locator("[data-plots]").press("PageDown")
        page.locator("[data-plots]").press("ArrowRight")
        page.locator("[data-plots]").press("ArrowRight")
        assert "Only part of this is known" in page.locator(".chart-when").text_content()
