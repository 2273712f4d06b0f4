"""Consents in words: what is shared with whom, until when, and how it ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from gridshare_portal.access import consents, durations, models, policy, return_address
from gridshare_portal.accounts import models as accounts
from gridshare_portal.lunar import scopes
from gridshare_portal.sites import models as sites
from gridshare_portal.templatetags import energy

SEES, CHANGES = "Sees this home", "Sees and changes this home"
ENDED_SHOWN = 10
LACKING = (
    "Your connection to Lunar does not let this portal change anything yet, so {} can only look until you "
    "allow it under More, Connection."
)
KINDS = {"installer": "Installer", "retailer": "Energy retailer"}
ENDS = {
    consents.EXPIRED: "Ended by itself",
    consents.REPLACED: "Replaced by what was shared then",
    consents.DISCONNECTED: "Ended with the connection to Lunar",
    consents.DELETED: "Ended with the account",
}


def by_home(
    homes: Iterable[sites.Site], given: Iterable[models.Consent], *, user: accounts.User, now: datetime
) -> list[dict[str, object]]:
    """Return a card for each home, shared or not, with its current and its ended consents."""
    rows: dict[tuple[int, bool], list[models.Consent]] = defaultdict(list)
    for one in given:
        rows[one.site_id, is_over(one, now=now)].append(one)
    return [
        {
            "site": site,
            "now": [worded(one, user=user, now=now) for one in rows[site.pk, False]],
            "before": [worded(one, user=user, now=now) for one in rows[site.pk, True][:ENDED_SHOWN]],
        }
        for site in homes
    ]


def is_over(consent: models.Consent, *, now: datetime) -> bool:
    """Return whether it was ended or has expired; one that is only suspended is not over."""
    return consent.ended_at is not None or (consent.until_at is not None and consent.until_at <= now)


def worded(consent: models.Consent, *, user: accounts.User, now: datetime) -> dict[str, object]:
    """Return a consent as its homeowner reads it."""
    zone = consent.site.zone
    may_change = consent.right == models.Right.CONTROL
    who = "you" if consent.given_by_id == user.pk else str(consent.given_by)
    return {
        "consent": consent,
        "kind": KINDS.get(consent.organization.kind, ""),
        "may": CHANGES if may_change else SEES,
        "glyph": "control" if may_change else "eye",
        "given": f"Shared by {who}, {energy.moment(consent.from_at, zone, now)}",
        "until": until(consent.until_at, site=consent.site, now=now),
        "how": _how(consent, user, now),
    }


def suggestion(terms: return_address.Suggested) -> str:
    """Return what a campaign suggests, in words."""
    return f"to {models.Right(terms.right).label.lower()} this home {durations.find(terms.lasts).words}"


def lacks_changes(user: accounts.User, homes: Iterable[sites.Site], *, right: str) -> bool:
    """Return whether the right includes control but no connection of the giver allows it."""
    return right == models.Right.CONTROL and not all(_allows_changes(user, site) for site in homes)


def _allows_changes(user: accounts.User, site: sites.Site) -> bool:
    writing = {scope.id for scope in scopes.SCOPES if scope.writes}
    return any(writing & set(one.connection.scope_set) for one in policy.own_connection_sites(user, site))


def until(at: datetime | None, *, site: sites.Site, now: datetime) -> str:
    return f"until {energy.moment(at, site.zone, now)}" if at else "until you stop it"


def _how(consent: models.Consent, user: accounts.User, now: datetime) -> str:
    """Return how it ended, or why it does not hold; empty while it does."""
    zone = consent.site.zone
    if consent.ended_at is None:
        if not is_over(consent, now=now):
            return "" if consent.holds else "At rest while the connection does not reach this home"
        return f"Ended by itself, {energy.moment(consent.until_at, zone, now)}"
    at = energy.moment(consent.ended_at, zone, now)
    if consent.ended_how == consents.BY_HAND:
        who = "you" if consent.ended_by_id == user.pk else consent.ended_by or "somebody"
        return f"Stopped by {who}, {at}"
    return f"{ENDS.get(consent.ended_how, 'Ended')}, {at}"
