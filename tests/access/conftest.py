"""Requests and consents as tests of access begin with them."""

import pytest

from gridshare_portal.access import consents, requests


@pytest.fixture
def ask(outsider, now):
    def ask(**how):
        usual = {"right": "view", "lasts": "month", "now": now, "asked_by": outsider.user}
        return requests.ask(**{"organization": outsider.organization, **usual, **how})

    return ask


@pytest.fixture
def give(homeowner, sunfix, now):
    def give(**how):
        usual = {
            "site": homeowner.site,
            "organization": sunfix,
            "given_by": homeowner.user,
            "right": "control",
            "lasts": "day",
            "ask_first": False,
            "now": now,
        }
        return consents.give(**{**usual, **how})

    return give
