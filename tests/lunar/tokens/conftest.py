"""A connection whose tokens are refreshed."""

import pytest


@pytest.fixture
def connection(connect, homeowner):
    return connect(homeowner)
