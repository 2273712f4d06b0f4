"""Decide whose a home is that a connection lists: its person's as before, shared, or somebody else's past.

Pure: what is known of the connections that listed it goes in, a decision comes out. What was stored belongs
to the people whose connections it was read through. Two people share a home only where both their accounts
list it at one moment. That another's account listed it some hours ago proves nothing, because it may have
been sold since: that account is asked, and then one's own once more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

LISTED_FOR = timedelta(days=1)  # how long a list is believed where its account cannot be asked


class Silence(Enum):
    """Why an account said nothing of what it lists."""

    UNKNOWN = "it was asked, and nobody could tell"
    LATER = "there was no time to ask it"


Heard = Mapping[int, Collection[str] | Silence]  # by connection: the ids that its account lists now


class Decision(Enum):
    """What a listed id means for the person whose connection lists it."""

    CONTINUE = "the person's own home, as before"
    JOIN = "somebody else's, who lives there, too"
    BEGIN = "nobody's any more: its rows are left, and new ones begin"
    ASK = "not to be told before the other accounts were asked"
    WAIT = "not to be told now, because another account could not be asked"


@dataclass(frozen=True, kw_only=True)
class Link:
    """A connection that lists a home or did; `is_active` says that its account can be asked."""

    connection: int
    person: int
    is_active: bool
    seen_at: datetime
    lost_at: datetime | None


def decide(links: Collection[Link], synth_id: str, *, person: int, heard: Heard, now: datetime) -> Decision:
    """Return what a known home is to a person whose account lists it, also after the others were heard."""
    if any(link.person == person for link in links):
        return Decision.CONTINUE
    active = [link for link in links if link.is_active]
    if any(synth_id in lists(heard, link.connection) for link in active):
        return Decision.JOIN
    if unasked(links, heard):
        return Decision.ASK
    if any(_may_list(link, heard[link.connection], now) for link in active):
        return Decision.WAIT
    return Decision.BEGIN


def lists(heard: Heard, connection: int) -> Collection[str]:
    """Return what a connection's account is known to list now."""
    said = heard.get(connection, ())
    return () if isinstance(said, Silence) else said


def _may_list(link: Link, said: Collection[str] | Silence, now: datetime) -> bool:
    """Return whether an account that said nothing may list the home: as it did within a day."""
    if said is Silence.UNKNOWN:
        return link.lost_at is None and now - link.seen_at <= LISTED_FOR
    return said is Silence.LATER


def unasked(links: Collection[Link], heard: Heard) -> tuple[int, ...]:
    """Return the connections that could be asked what their accounts list, and were not."""
    return tuple(link.connection for link in links if link.is_active and link.connection not in heard)
