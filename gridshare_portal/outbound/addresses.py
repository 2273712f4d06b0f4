"""Which addresses the portal may talk to, or live at: encrypted ones, and any on this machine.

An address with a name and a password, a query or a fragment is one that somebody pasted whole.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

NOT_AN_ADDRESS = "must be an address such as https://portal.example"
NOT_ENCRYPTED = "must begin with https://: only addresses of this machine may do without"
TOO_MUCH = "must be an address alone: without a name or a password, ? and #"


def fault(url: str, *, may_name_a_key: bool = False) -> str | None:
    """Return what is wrong with an address as the end of a sentence, without the address; None if nothing.

    `may_name_a_key`: a name before the @ is no password but the public half of a key.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port  # a port that is no number raises
    except ValueError:
        return NOT_AN_ADDRESS
    if not host or parts.scheme not in ("http", "https") or url != url.strip() or not url.isprintable():
        return NOT_AN_ADDRESS
    has_name = parts.username is not None and not may_name_a_key
    if has_name or parts.password is not None or "?" in url or "#" in url:
        return TOO_MUCH
    if parts.scheme == "http" and not is_loopback(host):
        return NOT_ENCRYPTED
    return None


def is_loopback(host: str) -> bool:
    """Return whether a host, as an address names it, is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
