import io
import json
import logging

import pytest

from gridshare_portal.logs import lines as formatter


class Lines(io.StringIO):
    """What the log said, as its lines and as one text."""

    def parsed(self):
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def of(self, name):
        """Return the lines that bear a request's id."""
        return [line for line in self.parsed() if line.get("request") == name]


@pytest.fixture
def lines():
    """The lines of this test, down to INFO, as they would stand on standard error."""
    kept, root = Lines(), logging.getLogger()
    handler, level = logging.StreamHandler(kept), root.level
    handler.setFormatter(formatter.JsonLine())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield kept
    root.removeHandler(handler)
    root.setLevel(level)
