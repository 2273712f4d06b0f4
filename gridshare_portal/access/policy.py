"""Who may see and who may control which home. Every page asks here, and so does control before it writes.

A homeowner sees the homes that an own connection reaches, and controls them through it. After a disconnect
the stored readings stay visible, but only while nobody else's connection reaches the home: it may have
changed hands. Staff see what a homeowner shares with their organization, while the consent holds, its giver
still reaches the home, and a second factor of their own stands. What one may not see does not exist; what one
may see but not do is refused with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeGuard, TypeVar

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from gridshare_portal.access import models
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import rights, staff
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites

WORKING = ("active", "reconnect")

Rows = TypeVar("Rows", bound="QuerySet[Any]")  # homes or what is in them, however they were narrowed


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether something is allowed; if not, why, as a sentence, and which scope is missing, if that is it.

    `consent` is that by which staff may; none for a homeowner. `connection` is that in whose name it goes
    out. `can_propose` says that staff may ask the homeowner to approve it instead.
    """

    allowed: bool
    reason: str = ""
    scope: str = ""
    can_propose: bool = False
    consent: models.Consent | None = None
    connection: lunar.Connection | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class AccessContext:
    """As whom a person sees a home: as its homeowner, or by consents, the furthest-reaching first."""

    own: bool
    consents: tuple[models.Consent, ...] = ()
    roles: dict[int, str]

    def may(self, right: rights.Right) -> bool:
        """Say whether the person's role where the home is shared includes this; a homeowner needs no role."""
        return self.own or any(self.has(right, consent) for consent in self.consents)

    def has(self, right: rights.Right, consent: models.Consent) -> bool:
        """Say whether the person's role at this consent's organization includes the right."""
        return rights.may(self.roles.get(consent.organization_id, ""), right)

    def at(self, organization_id: int) -> AccessContext:
        """Return the standing of staff as far as it comes from one organization."""
        kept = tuple(one for one in self.consents if one.organization_id == organization_id)
        return AccessContext(own=self.own, consents=kept, roles=self.roles)


UNSEEN = Decision(allowed=False, reason="You cannot see this home.")
ENDED = Decision(allowed=False, reason="The connection to Lunar has ended. Connect again to make changes.")
OWNER_ENDED = Decision(
    allowed=False, reason="The homeowner's connection to Lunar has ended. Only the homeowner can renew it."
)
NOWHERE = Decision(allowed=False, reason="This device belongs to no home, so nothing can be changed on it.")
NO_PERMISSION = "Your connection to Lunar does not include this permission. Add it to go on."
OWNER_PERMISSION = "The homeowner's connection to Lunar does not include this permission."
ONLY_LOOKING = "Your role lets you look, not change."
ONLY_SEEN = "The homeowner lets you see this home, not change it. You can propose the change instead."
ASK_FIRST = "The homeowner wants to be asked before every change. Propose it instead."


def own_sites(user: accounts.AnyUser, *, now: datetime) -> QuerySet[sites.Site]:
    """Return the homes that are this person's own at this moment."""
    if not _is_somebody(user):
        return sites.Site.objects.none()
    return sites.Site.objects.filter(_is_own(user))


def shared_sites(
    user: accounts.AnyUser, *, now: datetime, organization: accounts.Organization | None = None
) -> QuerySet[sites.Site]:
    """Return the homes that are shared with the organizations this person works for, or with one of them."""
    if not _is_somebody(user):
        return sites.Site.objects.none()
    return sites.Site.objects.filter(_is_shared(user, now, organization))


def sites_visible_to(user: accounts.AnyUser, *, now: datetime) -> QuerySet[sites.Site]:
    """Return the homes that this person may see at this moment, own and shared."""
    if not _is_somebody(user):
        return sites.Site.objects.none()
    return sites.Site.objects.filter(_is_own(user) | _is_shared(user, now))


def devices_visible_to(user: accounts.AnyUser, *, now: datetime) -> QuerySet[sites.Device]:
    """Return the devices in those homes."""
    return sites.Device.objects.filter(site__in=sites_visible_to(user, now=now))


def sensors_visible_to(user: accounts.AnyUser, *, now: datetime) -> QuerySet[sites.Sensor]:
    """Return the sensors in those homes."""
    return sites.Sensor.objects.filter(site__in=sites_visible_to(user, now=now))


def marked_own(rows: Rows, user: accounts.AnyUser, *, home: str = "pk") -> Rows:
    """Mark each row with `is_own`: whether the home at `home` is this person's own, or only shared."""
    own = ExpressionWrapper(_is_own(user, home), output_field=BooleanField())
    marked: Rows = rows.annotate(is_own=own)
    return marked


def holding(*, now: datetime) -> QuerySet[models.Consent]:
    """Return the consents that hold now: begun, not ended, and their giver still reaches the home."""
    connection_sites = sites.ConnectionSite.objects.filter(
        site=OuterRef("site"),
        connection__user=OuterRef("given_by"),
        connection__status__in=WORKING,
        lost_at=None,
    )
    begun = Q(from_at__lte=now, ended_at=None) & (Q(until_at=None) | Q(until_at__gt=now))
    return models.Consent.objects.filter(begun, Exists(connection_sites))


def standing_of(user: accounts.AnyUser, site: sites.Site, *, now: datetime) -> AccessContext | None:
    """Return as whom this person sees the home, or None if not at all."""
    return _standing(user, site, _connection_sites(site), now)


def _standing(
    user: accounts.AnyUser, site: sites.Site, connection_sites: list[sites.ConnectionSite], now: datetime
) -> AccessContext | None:
    if not _is_somebody(user):
        return None
    if _owns(user, connection_sites):
        return AccessContext(own=True, roles={})
    roles = dict(staff.standing_of(user).order_by().values_list("organization_id", "role"))
    if not roles:
        return None
    consents = holding(now=now).filter(site=site, organization__in=roles)
    found = [*consents.select_related("organization", "given_by")]
    if not found:
        return None
    return AccessContext(own=False, consents=tuple(sorted(found, key=_furthest)), roles=roles)


def may_control(
    user: accounts.AnyUser,
    device: sites.Device,
    *,
    now: datetime,
    scope: str = "",
    organization_id: int | None = None,
) -> Decision:
    """Say whether this person may change the device; `scope` names what Lunar must allow for it.

    A homeowner goes through an own connection, and staff through that of whoever gave the consent, never
    through that of another who lives there. Staff who work for several organizations act for one of them,
    where it is named.
    """
    site = device.site
    if site is None:
        return NOWHERE
    connection_sites = _connection_sites(site)
    if not _is_somebody(user) or (standing := _standing(user, site, connection_sites, now)) is None:
        return UNSEEN
    if standing.own:
        return _reachable(_through(connection_sites, user.pk), scope, ended=ENDED, lacking=NO_PERMISSION)
    if organization_id is not None:
        standing = standing.at(organization_id)
    return _may_control_for(standing, connection_sites, scope)


def controlling_consent(standing: AccessContext) -> models.Consent | None:
    """Return the consent by which a member of staff may change the home without asking, if there is one."""
    able = (
        one
        for one in standing.consents
        if one.right == models.Right.CONTROL and not one.ask_first and standing.has(rights.CONTROL, one)
    )
    return next(able, None)


def proposing_consent(standing: AccessContext) -> models.Consent | None:
    """Return the consent by which a member of staff may propose a change, if there is one."""
    return next((one for one in standing.consents if standing.has(rights.PROPOSE, one)), None)


def own_connection_sites(user: accounts.User, site: sites.Site) -> QuerySet[sites.ConnectionSite]:
    """Return how this person's own connections reach the home, the healthiest first."""
    own = site.connection_sites.filter(lost_at=None, connection__user=user.pk)
    return own.select_related("connection").order_by("connection__failures", "pk")


def _may_control_for(
    standing: AccessContext, connection_sites: list[sites.ConnectionSite], scope: str
) -> Decision:
    if not standing.consents:
        return UNSEEN
    consent, proposing = controlling_consent(standing), proposing_consent(standing)
    able = consent or proposing
    if able is None:
        return Decision(allowed=False, reason=ONLY_LOOKING)
    ways = _through(connection_sites, able.given_by_id)
    answer = _reachable(ways, scope, ended=OWNER_ENDED, lacking=OWNER_PERMISSION)
    if consent is not None or not answer.allowed:
        return replace(answer, consent=consent)
    asks = any(one.right == models.Right.CONTROL for one in standing.consents)
    return Decision(allowed=False, reason=ASK_FIRST if asks else ONLY_SEEN, can_propose=True)


def _reachable(
    connection_sites: Iterable[sites.ConnectionSite], scope: str, *, ended: Decision, lacking: str
) -> Decision:
    active = [
        connection_site.connection
        for connection_site in connection_sites
        if connection_site.connection.is_active
    ]
    if not active:
        return ended
    able = [connection for connection in active if not scope or scope in connection.scope_set]
    if not able:
        return Decision(allowed=False, reason=lacking, scope=scope)
    return Decision(allowed=True, connection=able[0])


def _connection_sites(site: sites.Site) -> list[sites.ConnectionSite]:
    """Return how anybody's connections reach the home, the healthiest first."""
    there = site.connection_sites.filter(lost_at=None).select_related("connection")
    return list(there.order_by("connection__failures", "pk"))


def _through(connection_sites: Iterable[sites.ConnectionSite], user_pk: int) -> list[sites.ConnectionSite]:
    return [
        connection_site
        for connection_site in connection_sites
        if connection_site.connection.user_id == user_pk
    ]


def _owns(user: accounts.User, connection_sites: list[sites.ConnectionSite]) -> bool:
    """Say of one home whose reaches were read what _is_own says of many."""
    own = {connection_site.connection.status for connection_site in _through(connection_sites, user.pk)}
    if own & set(WORKING):
        return True
    others = (
        connection_site
        for connection_site in connection_sites
        if connection_site.connection.user_id != user.pk
    )
    return "disconnected" in own and not any(
        connection_site.connection.status == "active" for connection_site in others
    )


def _is_own(user: accounts.AnyUser, home: str = "pk") -> Q:
    connection_sites = sites.ConnectionSite.objects.filter(site=OuterRef(home), lost_at=None)
    own = connection_sites.filter(connection__user=user.pk)
    others = connection_sites.filter(connection__status="active").exclude(connection__user=user.pk)
    through_working = Q(Exists(own.filter(connection__status__in=WORKING)))
    kept = Q(Exists(own.filter(connection__status="disconnected"))) & ~Q(Exists(others))
    return through_working | kept


def _is_shared(user: accounts.AnyUser, now: datetime, organization: accounts.Organization | None = None) -> Q:
    mine = staff.standing_of(user)
    if organization is not None:
        mine = mine.filter(organization=organization)
    shared = holding(now=now).filter(organization__in=mine.order_by().values("organization"))
    return Q(Exists(shared.filter(site=OuterRef("pk")).order_by()))


def _furthest(consent: models.Consent) -> tuple[bool, bool, int]:
    return (consent.right != models.Right.CONTROL, consent.ask_first, consent.pk)


def _is_somebody(user: accounts.AnyUser) -> TypeGuard[accounts.User]:
    return bool(user.is_authenticated and user.is_active)
