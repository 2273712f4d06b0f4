"""A real browser in front of the whole portal."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import environment
from tests import portal as portals
from tests.journeys.looking import DESKTOP, PATIENCE_MS, listen

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items):
    """Begin with the longest, so that what runs side by side ends at about the same time."""
    items.sort(key=lambda item: item.path.name != "test_a_portfolio.py")


@pytest.fixture(scope="session")
def portal(tmp_path_factory):
    given = {name: value for name, value in environment.GIVEN.items() if name != "DATA_DIR"}
    with portals.own_stores(given) as settled:
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
    complaints = listen(page)
    page.set_default_timeout(PATIENCE_MS)
    yield page
    assert complaints == []
