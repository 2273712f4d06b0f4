"""The return address after sign-in and connecting, and the terms that a campaign suggests.

Both are stored in the session, not in a URL, as names from closed lists: nobody can be redirected anywhere
but to our pages, and no link can widen what a form suggests. Every sign-in ends on the first page, which
reads them.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from gridshare_portal.mail import addresses

BACK, TERMS, GAVE = "came_to_share_with", "suggested_terms", "gave_through"
KEPT = timedelta(hours=1)
PAGES = {"organization": "share link", "campaign": "campaign"}

Session = MutableMapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Suggested:
    """The terms of a campaign; `campaign` is empty if sharing was already counted for this session.

    `week` is the first day of the week in which the link was opened.
    """

    right: str
    lasts: str
    campaign: str = ""
    week: str = ""


def remember(session: Session, *, slug: str, page: str = "organization", now: datetime) -> None:
    session[BACK] = {"page": page, "slug": slug, "at": now.timestamp()}


def take(session: Session, *, now: datetime) -> str | None:
    """Return the path to return to, once, and only within an hour."""
    kept = session.pop(BACK, None)
    if not kept or _has_expired(kept, now):
        return None
    return addresses.path(PAGES[kept.get("page", "organization")], kept["slug"])


def suggest(session: Session, *, organization: str, terms: Suggested, now: datetime) -> None:
    """Store the terms an organization suggests; they only prefill the form."""
    counted = terms.campaign in session.get(GAVE, ())
    kept = {**asdict(terms), "campaign": "" if counted else terms.campaign}
    session[TERMS] = {"organization": organization, "at": now.timestamp(), **kept}


def suggested(session: Session, *, organization: str, now: datetime) -> Suggested | None:
    """Return the terms this organization suggested within the last hour."""
    kept = session.get(TERMS)
    if not kept or kept["organization"] != organization or _has_expired(kept, now):
        return None
    return Suggested(**{name: kept[name] for name in ("right", "lasts", "campaign", "week")})


def gave(session: Session, *, terms: Suggested) -> None:
    """Forget the terms after sharing, and do not count this session's next home for the campaign."""
    session.pop(TERMS, None)
    if terms.campaign:
        session[GAVE] = [*session.get(GAVE, ()), terms.campaign][-20:]


def _has_expired(kept: dict[str, Any], now: datetime) -> bool:
    return bool(now.timestamp() - kept["at"] > KEPT.total_seconds())
