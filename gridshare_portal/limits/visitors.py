"""The visitor's own address, as far as a proxy that we trust vouches for it. Pure.

X-Forwarded-For is a list to which each proxy adds, at the right, whom it was called by; what stands further
left may be anybody's invention. So it is read from the right, past our own proxies and no further.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

PRIVATE, UNIX = "private", "unix"
PRIVATE_NETWORKS = (
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "100.64.0.0/10",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)
NOT_UNDERSTOOD = (
    "TRUSTED_PROXIES: {!r} is no address and no network. Write them as 127.0.0.1 or 10.0.0.0/8, "
    f"“{PRIVATE}” for all private networks, “{UNIX}” for a unix socket."
)
NOBODY = "0.0.0.0"  # noqa: S104  # nosec B104 - who called over a unix socket, and nobody says for whom
MOST_PROXIES = 20


@dataclass(frozen=True, kw_only=True)
class TrustedProxies:
    """The networks of our own proxies, and whether one calls over a unix socket, which has no address."""

    networks: tuple[Network, ...] = ()
    by_unix_socket: bool = False

    def __bool__(self) -> bool:
        return bool(self.networks) or self.by_unix_socket

    def has(self, peer: str) -> bool:
        """Return whether whoever called, by the server's own word, is one of them."""
        address = parsed(peer)
        if address is None:
            return self.by_unix_socket and (not peer or peer.startswith("unix"))
        return self.holds(address)

    def holds(self, address: Address) -> bool:
        """Return whether an address is in one of the networks."""
        return any(address in network for network in self.networks)


def trusted(named: Iterable[str]) -> TrustedProxies:
    """Return the proxies that a setting names, each as an address, a network or a word.

    Raises ValueError, whose text is a sentence for the operator.
    """
    words = [word for name in named if (word := name.strip())]
    plain = [word for word in words if word not in (PRIVATE, UNIX)]
    if PRIVATE in words:
        plain += PRIVATE_NETWORKS
    return TrustedProxies(
        networks=tuple(_network(word) for word in plain),
        by_unix_socket=UNIX in words or PRIVATE in words,
    )


def visitor_of(peer: str, forwarded: str, *, proxies: TrustedProxies) -> str:
    """Return the visitor's address, given who called and the X-Forwarded-For that came along.

    The header of whoever is no proxy of ours is not looked at. Where an entry cannot be read, nobody vouches
    for what is left of it either, so the visitor is the proxy that wrote it.
    """
    found = parsed(peer)
    if proxies.has(peer):
        for entry in reversed(forwarded.split(",")[-MOST_PROXIES:]):
            address = parsed(entry)
            if address is None:
                break
            found = address
            if not proxies.holds(address):
                break
    return NOBODY if found is None else str(found)


def parsed(text: str) -> Address | None:
    """Return the address in a text that may have a port, brackets, quotes or a zone; None where it has none.

    An IPv4 address in IPv6's clothes is that IPv4 address, as a server on both says of its callers.
    """
    plain = text.strip().strip('"')
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        address = ipaddress.ip_address(plain.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _network(word: str) -> Network:
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        raise ValueError(NOT_UNDERSTOOD.format(word)) from None
