"""The banner of a home's page: at most one, the most serious first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from gridshare_portal.access import requests
from gridshare_portal.accounts import models as accounts
from gridshare_portal.homeowner import viewer
from gridshare_portal.lunar import models as lunar
from gridshare_portal.retention import rules
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries as site_queries
from gridshare_portal.sites import structure
from gridshare_portal.telemetry import latest
from gridshare_portal.templatetags import energy


@dataclass(frozen=True, kw_only=True)
class Banner:
    """What happened, what it means, and the next step, if there is a page for it."""

    title: str
    text: str
    url: str = ""
    action: str = ""
    kind: str = "attention"


def for_home(
    site: sites.Site,
    *,
    reading: latest.Now,
    gap: structure.Gap | None = None,
    user: accounts.User,
    look: viewer.Looking | None = None,
    now: datetime,
) -> Banner | None:
    """Return the banner of a home's page; None while all is well."""
    connections = site_queries.connections_listing(site)
    ended = _connection(site, connections, user, look, now)
    missing = _gap(site, gap, look) or _silence(site, reading, look, now) or _unread(site, connections)
    if look is not None:
        return ended or missing
    request = for_request(user, now=now) if getattr(site, "request_waits", True) else None
    return ended or _proposal(site) or request or missing or _zone(site)


def for_request(user: accounts.User, *, now: datetime) -> Banner | None:
    """Return the banner of the newest open request for access."""
    waiting = requests.waiting_for(user, now=now).first()
    if waiting is None:
        return None
    return Banner(
        title=f"{waiting.organization} asks to help with your home",
        text="Nothing is shared unless you say so.",
        url=reverse("homeowner:request", args=[waiting.pk]),
        action="Look at it and answer",
    )


def _connection(
    site: sites.Site,
    connections: Sequence[lunar.Connection],
    user: accounts.User,
    look: viewer.Looking | None,
    now: datetime,
) -> Banner | None:
    if site.left_at is not None:
        return Banner(
            title="This is how the home was until " + energy.moment(site.left_at, site.zone, now),
            text="Nothing new is read for it, and nothing can be changed. It is deleted "
            f"{rules.BY_NAME['home'].how_long} after you disconnect.",
            kind="info",
        )
    if any(connection.status == "active" for connection in connections):
        return None
    if look is not None:
        return Banner(
            title="The homeowner’s connection to Lunar has ended",
            text=f"What you see is from before. Only {look.consent.given_by.get_full_name()} can renew it, "
            "by connecting again here.",
        )
    mine = next((connection for connection in connections if connection.user_id == user.pk), None)
    since = f" since {energy.moment(mine.status_since_at, site.zone, now)}" if mine else ""
    return Banner(
        title="This home is no longer connected",
        text=f"Lunar has not let us read it{since}. What you see here is from before.",
        url=reverse("homeowner:connection"),
        action="Connect again",
    )


def _proposal(site: sites.Site) -> Banner | None:
    if not getattr(site, "proposal_waits", False):
        return None
    return Banner(
        title="A change is waiting for your answer",
        text="Somebody you let help you proposes it. Nothing happens until you approve.",
        url=reverse("homeowner:proposals", args=[site.synth_id]),
        action="Look at it",
    )


def _gap(site: sites.Site, gap: structure.Gap | None, look: viewer.Looking | None) -> Banner | None:
    """Return what waiting does not help against; what comes by itself is said where it will appear."""
    if gap is None or gap.comes:
        return None
    if look is not None:
        return Banner(title=gap.title, text=f"{gap.text} What the homeowner can do: {gap.next_step}")
    pages = {
        structure.CONNECT: ("homeowner:connection", (), "See the connection"),
        structure.SAY_ROLES: ("homeowner:devices", (site.synth_id,), "See the sensors"),
    }
    page, of, action = pages.get(gap.next_step, ("", (), ""))
    url = reverse(page, args=of) if page else ""
    return Banner(title=gap.title, text=f"{gap.text} {gap.next_step}", url=url, action=action)


def _unread(site: sites.Site, connections: Sequence[lunar.Connection]) -> Banner | None:
    rows = [connection.sync for connection in connections if hasattr(connection, "sync")]
    count = max((row.unread_devices for row in rows), default=0)
    if not count:
        return None
    return Banner(
        kind="info",
        title="Not all devices could be read",
        text=structure.unread_devices(count),
        url=reverse("homeowner:devices", args=[site.synth_id]),
        action="See the devices",
    )


def _silence(
    site: sites.Site, reading: latest.Now, look: viewer.Looking | None, now: datetime
) -> Banner | None:
    if reading.freshness not in ("stale", "silent"):
        return None
    since = energy.moment(reading.at, site.zone, now)
    if look is not None:
        return Banner(
            title=f"Nothing was heard from this home since {since}",
            text="The portal goes on asking. The diagnosis says where the readings stop.",
        )
    return Banner(
        title=f"We have not heard from your home since {since}",
        text="It may be offline, or Lunar may not be answering. We go on asking.",
        url=reverse("homeowner:connection"),
        action="See how the connection does",
    )


def _zone(site: sites.Site) -> Banner | None:
    if site.zone_confirmed_at:
        return None
    return Banner(
        kind="info",
        title=f"Is this home in the time zone {site.time_zone.replace('_', ' ')}?",
        text="Lunar does not tell us. Days begin and end by it.",
        url=reverse("homeowner:settings", args=[site.synth_id]),
        action="Confirm or change it",
    )
