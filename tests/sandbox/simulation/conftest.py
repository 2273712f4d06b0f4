"""Worlds that have lived through their past."""

import pytest

from tests.sandbox.simulation.lived import new_world


@pytest.fixture(scope="module")
def lived():
    """A world that nothing is asked of but its past."""
    return new_world()


@pytest.fixture(scope="module")
def touched():
    return new_world()


@pytest.fixture
def world(touched):
    """A world that a test may ask things of."""
    yield touched
    touched.reset()
    touched.clock.reset()
