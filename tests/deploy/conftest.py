"""nginx is asked for by a marker, so that what did not run for want of it can be said."""

import pytest

from tests import nginx


def pytest_collection_modifyitems(items):
    missing = pytest.mark.skip(reason=f"NO NGINX. {nginx.HOW_TO}")
    for item in items if nginx.find() is None else ():
        if item.get_closest_marker("nginx"):
            item.add_marker(missing)
