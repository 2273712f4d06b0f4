"""What holds in production, read there."""

import json
import subprocess
import sys

import pytest

from tests import gate

ASKED = """
import json
from django.conf import settings
named = {name: getattr(settings, name) for name in dir(settings) if name.isupper()}
print(json.dumps({name: value for name, value in named.items() if isinstance(value, str | int | None)}))
"""


@pytest.fixture(scope="session")
def production():
    """The settings of the gate's production that are one word or number, read as on a server."""
    environment = {
        **gate.PRODUCTION,
        "DJANGO_SETTINGS_MODULE": "gridshare_portal.settings",
        "DATABASE_URL": "sqlite://",
    }
    ran = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=gate.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)
