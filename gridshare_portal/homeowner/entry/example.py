"""A made-up moment for the front page, drawn by the same picture as a real one."""

from __future__ import annotations

from gridshare_portal.homeowner.home import flow_picture, words


def context() -> dict[str, object]:
    """Return the picture and the sentence of a sunny afternoon."""
    flows = {"solar_to_home": 1120.0, "solar_to_battery": 2140.0, "solar_to_grid": 410.0}
    nodes = {
        "solar": (3670.0, "making power"),
        "grid": (410.0, "receiving"),
        "home": (1120.0, "using"),
        "battery": (2140.0, "charging"),
    }
    sentence = words.happening(
        flows=flows, home_w=1120.0, charging_w=2140.0, discharging_w=0.0, to_grid_w=410.0
    )
    return {"picture": flow_picture.draw(nodes=nodes, flows=flows, remainder_w=0.0), "sentence": sentence}
