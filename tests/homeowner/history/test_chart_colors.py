"""The colors a chart reads from the page, in a real browser."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

READ = """import("portal/charts/palette").then(({ palette }) => {
  const { solar, battery, grid, home, text, surface } = palette(document.querySelector("main"));
  return { solar, battery, grid, home, text, surface };
})"""


@pytest.fixture
def read(page, live_server):
    """Return a function that reads a chart's colors as the given wishes of the visitor have them."""

    def read(**wishes):
        page.emulate_media(**wishes)
        page.goto(f"{live_server.url}/")
        return page.evaluate(READ)

    return read


class TestTheColorsOfAChart:
    def test_are_the_same_with_and_without_motion(self, read):
        assert read(reduced_motion="reduce") == read(reduced_motion="no-preference")

    def test_differ_from_each_other(self, read):
        found = read(reduced_motion="reduce")
        sources = [found[name] for name in ("solar", "battery", "grid", "home")]

        assert len(set(sources)) == 4

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_keep_words_apart_from_their_ground_where_colors_are_forced(self, read, scheme):
        found = read(forced_colors="active", color_scheme=scheme)

        assert found["text"] != found["surface"]
        assert len({found["solar"], found["battery"], found["grid"]}) == 3
