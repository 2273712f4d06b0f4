"""Proposing and approving as most tests of proposals do."""

import pytest

from gridshare_portal.control import operations
from gridshare_portal.control.proposals import lifecycle as proposals


@pytest.fixture
def propose(installer, battery, now):
    """Propose Smart as the installer, unless told otherwise."""

    def proposed(**other):
        asked = {
            "actor": installer.user,
            "device": battery,
            "asked": operations.AskMode(mode="Smart"),
            "reason": "Your tariff changed",
            "now": now,
        }
        return proposals.propose(**(asked | other))

    return proposed


@pytest.fixture
def approve(homeowner, now):
    def approved(proposal, **other):
        return proposals.approve(**({"proposal": proposal, "actor": homeowner.user, "now": now} | other))

    return approved
