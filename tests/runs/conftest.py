from datetime import timedelta

import pytest

from gridshare_portal.control import changes, operations
from gridshare_portal.runs import models as runs
from gridshare_portal.sandbox import wsgi
from tests import plans
from tests.runs import fleet as fleets


@pytest.fixture(scope="session")
def running_sandbox():
    """A pretended Lunar with customers enough for a bulk run."""
    with wsgi.running(homes=12, faults=True) as running:
        yield running


@pytest.fixture
def fleet(db, sandbox, settings):
    """Homes alike, and a retailer that may change them, at a rate that no test waits for."""
    settings.RUNS_PER_MINUTE = 60_000
    return fleets.Fleet(sandbox)


@pytest.fixture
def lines(fleet):
    """Return the lines of the only run, in their order."""
    return lambda: list(runs.Line.objects.order_by("position").select_related("change", "device"))


@pytest.fixture(autouse=True)
def no_pause_between_two_looks(monkeypatch):
    monkeypatch.setattr(changes, "SECOND_READ_S", 0.0)


@pytest.fixture
def charging(now):
    """Asking to charge for two hours."""
    return operations.AskPlan(
        plan=plans.charge_now(now=now, lasting=timedelta(hours=2), power_limit_w=1500.0)
    )
