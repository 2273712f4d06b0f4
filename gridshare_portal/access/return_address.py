"""Remember, through signing in and connecting, whom somebody came to share a home with, and on whose terms.

All ways lead to the first page, and it asks here. What is kept, in the session and not in any address, are
names from closed lists, so that nobody can be led anywhere but to our pages, and no link can widen what
a form suggests.
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
    """What a campaign asks for; `campaign` is empty where giving was counted for it already.

    `week` is the day on which the week began in which its link was opened.
    """

    right: str
    lasts: str
    campaign: str = ""
    week: str = ""


def remember(session: Session, *, slug: str, page: str = "organization", now: datetime) -> None:
    """Keep whose page the visitor came from."""
    session[BACK] = {"page": page, "slug": slug, "at": now.timestamp()}


def take(session: Session, *, now: datetime) -> str | None:
    """Return the page to go back to, once, and not after an hour."""
    kept = session.pop(BACK, None)
    if not kept or now.timestamp() - kept["at"] > KEPT.total_seconds():
        return None
    return addresses.path(PAGES[kept.get("page", "organization")], kept["slug"])


def suggest(session: Session, *, organization: str, terms: Suggested, now: datetime) -> None:
    """Keep on which terms an organization asks; only the form's first state comes from it."""
    counted = terms.campaign in session.get(GAVE, ())
    kept = {**asdict(terms), "campaign": "" if counted else terms.campaign}
    session[TERMS] = {"organization": organization, "at": now.timestamp(), **kept}


def suggested(session: Session, *, organization: str, now: datetime) -> Suggested | None:
    """Return the terms on which this organization asks, for an hour after its page was opened."""
    kept = session.get(TERMS)
    if not kept or kept["organization"] != organization:
        return None
    if now.timestamp() - kept["at"] > KEPT.total_seconds():
        return None
    return Suggested(**{name: kept[name] for name in ("right", "lasts", "campaign", "week")})


def gave(session: Session, *, terms: Suggested) -> None:
    """Forget the terms once a home was shared, and count the next home of this visitor no second time."""
    session.pop(TERMS, None)
    if terms.campaign:
        session[GAVE] = [*session.get(GAVE, ()), terms.campaign][-20:]
