"""Homes read while an operation answers otherwise than the pretended Lunar would."""

import pytest

from gridshare_portal.outbound import circuit_breaker
from tests import people
from tests.ids.shown import Shown


@pytest.fixture
def answer(sandbox):
    """Let an operation answer otherwise."""

    def switch(operation, fault):
        kind, options = fault
        sandbox.faults.switch_on(operation, kind, **options)
        circuit_breaker.forget()

    return switch


@pytest.fixture
def read(sandbox):
    """Read a customer's homes for the first time, while what was switched on holds."""

    def read(username="ada"):
        return Shown(people.with_home(f"{username}@portal.example", username, sandbox=sandbox))

    return read
