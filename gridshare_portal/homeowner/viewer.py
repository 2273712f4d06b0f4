"""Who reads a home's page: a homeowner, or staff on a visit, and what the visit's banner says.

Pure; it also decides which names of other people this reader may read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.access import policy, visits
from gridshare_portal.accounts import rights
from gridshare_portal.sites import models as sites


@dataclass(frozen=True, kw_only=True)
class Looking:
    """One visit as a page shows it."""

    visit: access.Visit
    context: policy.AccessContext
    now: datetime

    @property
    def site(self) -> sites.Site:
        return self.visit.site

    @property
    def consent(self) -> access.Consent:
        return self.context.consents[0]

    @property
    def until_at(self) -> datetime:
        """Return when the visit ends, or the consent before it."""
        last_at = self.visit.until_at
        return min(last_at, max(consent.until_at or last_at for consent in self.context.consents))

    @property
    def right(self) -> str:
        if not self.context.may(rights.CONTROL):
            return "You may look"
        if policy.controlling_consent(self.context):
            return "You may look and change"
        return "You may look and propose changes"

    @property
    def reason(self) -> str:
        return visits.REASONS.get(self.visit.reason, self.visit.reason)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """The reader of a page: a homeowner, or staff of one organization."""

    user_id: int | None
    organization_id: int | None = None

    @property
    def is_staff(self) -> bool:
        return self.organization_id is not None

    def names(self, actor_id: int | None, label: str, *, by: int | None = None) -> str:
        """Return the name of an actor, who acted for the organization `by` unless that is None.

        Staff read the names of their own colleagues only, not of residents nor of other organizations' staff.
        """
        if actor_id is not None and actor_id == self.user_id:
            return "You"
        if not self.is_staff or by == self.organization_id:
            return label or ("Somebody" if actor_id or label else "The portal")
        if by is not None:
            return "Another organization"
        return "The homeowner" if actor_id or label else "The portal"


def of_home(site: sites.Site, *, now: datetime) -> dict[str, object]:
    """Return the context that pages of one home share."""
    return {"site": site, "zone": site.zone, "now": now}


def place(homes: Iterable[sites.Site], *, now: datetime) -> dict[str, object]:
    """Return the context of a personal page, which shows a home's navigation if it is the only one."""
    known = list(homes)
    zone = known[0].zone if known else timezone.get_default_timezone()
    return {"site": known[0] if len(known) == 1 else None, "zone": zone, "now": now}
