"""Databases that earlier versions made, and nginx, without which some tests do not run: that is said loudly."""

import pytest

from tests import databases, nginx
from tests.deploy import recorded


def pytest_collection_modifyitems(items):
    missing = pytest.mark.skip(reason=f"NO NGINX. {nginx.HOW_TO}")
    for item in items if nginx.find() is None else ():
        if item.get_closest_marker("nginx"):
            item.add_marker(missing)


@pytest.fixture(scope="session", params=recorded.versions())
def taken_over(request, other_databases, django_db_blocker):
    """A database that a version made and filled, and that was then brought to the newest."""
    version = recorded.read(request.param)
    with other_databases() as name:
        with django_db_blocker.unblock(), databases.pointed_at(name):
            databases.migrate(version["migrations"])
            old = databases.models_at(version["migrations"])
            recorded.load(version["rows"], old)
            databases.migrate()
        yield name, version, old


@pytest.fixture
def upgraded(taken_over, django_db_blocker):
    """The portal, pointed at such a database; with the version's file and its models."""
    name, *known = taken_over
    with django_db_blocker.unblock(), databases.pointed_at(name):
        yield known
