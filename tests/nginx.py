"""Finds an nginx for the tests of deploy/; like a browser, it is no package of Python's."""

from __future__ import annotations

import shutil

HOW_TO = "Install one (`apt-get install nginx-light`); `.ci/run` does."


def find() -> str | None:
    """Return the path of an installed nginx, or None."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
