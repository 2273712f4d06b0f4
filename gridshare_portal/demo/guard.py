"""What counts as this machine only. Sign-in in the demonstration needs no secret, so nobody else may reach
it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    if host in ("localhost", "testserver"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def fault(allowed_hosts: Iterable[str], public_url: str) -> str | None:
    """Return why the demonstration must not start with these settings, or None."""
    hosts = [*allowed_hosts, urlsplit(public_url).hostname or ""]
    foreign = sorted(host or "(empty)" for host in hosts if not is_loopback(host))
    if not foreign:
        return None
    return (
        "DEMO lets anyone sign in without a secret, so it starts only on this machine's own "
        f"addresses; these are not: {', '.join(foreign)}. Unset DEMO, or use localhost."
    )
