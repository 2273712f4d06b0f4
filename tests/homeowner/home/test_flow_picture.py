import pytest

from gridshare_portal.homeowner.home import flow_picture

NODES = {
    "solar": (3600, "making power"),
    "grid": (400, "taking"),
    "home": (1100, "using"),
    "battery": (2100, "charging"),
}
FLOWS = {
    **dict.fromkeys(flow_picture.FLOWS, 0.0),
    "solar_to_home": 1100,
    "solar_to_battery": 2100,
    "solar_to_grid": 400,
}


def draw(**changes):
    return flow_picture.draw(**{"nodes": NODES, "flows": FLOWS, "remainder_w": 0.0, **changes})


def line(drawn, name):
    return next(line for line in drawn.lines if line.name == name)


class TestAFlowPicture:
    def test_makes_lines_as_thick_as_the_power(self):
        thin, thick = line(draw(), "solar_to_home"), line(draw(), "solar_to_battery")

        assert (thick.width - flow_picture.THINNEST) / (thin.width - flow_picture.THINNEST) == pytest.approx(
            2100 / 1100, rel=0.02
        )

    def test_never_draws_thicker_than_the_thickest(self):
        assert (
            line(draw(flows={**FLOWS, "grid_to_home": 90_000}), "grid_to_home").width == flow_picture.THICKEST
        )

    def test_moves_faster_where_more_flows(self):
        assert line(draw(), "solar_to_battery").seconds < line(draw(), "solar_to_grid").seconds

    def test_has_no_line_to_what_a_home_does_not_have(self):
        drawn = draw(nodes={name: NODES[name] for name in ("solar", "grid", "home")})

        assert {line.name for line in drawn.lines} == {"solar_to_home", "solar_to_grid", "grid_to_home"}

    def test_does_not_let_an_unknown_flow_look_like_a_flow(self):
        assert not line(draw(flows={**FLOWS, "solar_to_home": None}), "solar_to_home").flowing

    def test_divides_the_ring_around_the_home_by_who_feeds_it(self):
        drawn = draw(flows={**FLOWS, "solar_to_home": 750, "grid_to_home": 250})
        home = next(node for node in drawn.nodes if node.name == "home")

        assert [(arc.source, arc.length, arc.offset) for arc in home.arcs] == [
            ("solar", 75.0, 0.0),
            ("grid", 25.0, -75.0),
        ]

    def test_draws_the_remainder_from_the_size_on_at_which_it_means_something(self):
        assert draw(remainder_w=3.0).remainder_w is None
        assert draw(remainder_w=-180.0).remainder_w == -180.0
        assert draw(remainder_w=None).remainder_w is None

    def test_says_the_same_in_words(self):
        assert "Battery: 2.1\u202fkW, charging" in draw().words
