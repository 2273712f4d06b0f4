import pytest

from tests.sandbox.api.readings import Sensor


@pytest.fixture
def sensor(ada, battery):
    """A sensor of Ada's home by its meaning."""
    found = {one.meaning: Sensor(ada, one) for one in battery.sensors}
    return found.__getitem__


@pytest.fixture
def solar(sensor):
    return sensor("solar")


@pytest.fixture
def grid(sensor):
    return sensor("grid")
