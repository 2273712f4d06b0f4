"""A real browser in front of the whole portal."""

from __future__ import annotations

import pytest

from tests import environment
from tests import portal as portals

AXE = portals.ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def portal(tmp_path_factory):
    given = {name: value for name, value in environment.GIVEN.items() if name != "DATA_DIR"}
    with portals.own_database(given) as settled:
        running = portals.Portal(tmp_path_factory.mktemp("portal"))
        running.start(settled)
        yield running
        running.stop()


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {
        **browser_context_args,
        "viewport": DESKTOP,
        "locale": "en-US",
        "timezone_id": "America/Los_Angeles",
        "reduced_motion": "reduce",
    }


@pytest.fixture
def page(page):
    """A page that must not complain: no console error, no refused script or style."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(15_000)
    yield page
    assert complaints == []


@pytest.fixture(scope="session")
def check_axe():
    """Return a check that a page has no fault that axe knows."""

    def check(page) -> None:
        page.evaluate(AXE.read_text())
        result = page.evaluate("(rules) => axe.run(document, {runOnly: rules})", RULES)
        faults = [
            (fault["id"], [node["html"][:120] for node in fault["nodes"]]) for fault in result["violations"]
        ]
        assert faults == [], f"{page.url}: {faults}"

    return check
