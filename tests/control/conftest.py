from datetime import timedelta

import pytest

from gridshare_portal.control import changes, operations
from tests import plans


@pytest.fixture(autouse=True)
def no_pause_between_two_looks(monkeypatch):
    monkeypatch.setattr(changes, "SECOND_READ_S", 0.0)


@pytest.fixture
def ask_smart(homeowner, battery, now):
    """Ask for Smart, as the homeowner and now, unless told otherwise."""

    def ask(**other):
        asked = {
            "actor": homeowner.user,
            "device": battery,
            "asked": operations.AskMode(mode="Smart"),
            "now": now,
        }
        return changes.make(**(asked | other))

    return ask


@pytest.fixture
def charging(now):
    """Asking to charge for two hours."""
    return operations.AskPlan(
        plan=plans.charge_now(now=now, lasting=timedelta(hours=2), power_limit_w=1500.0)
    )
