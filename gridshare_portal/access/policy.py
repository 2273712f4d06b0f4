"""Who may see and who may control which home; pages query it, and so does control before it writes.

A homeowner sees the homes that their own connections reach, and controls them through these. After a
disconnect the stored readings stay visible, but only while nobody else's connection reaches the same row. A
new owner has a row of their own, and whoever had disconnected before keeps the old one to look at. Staff see
what a homeowner shares with their organization while the consent holds, its giver still reaches the home, and
their own second factor is set up. A home that one may not see is a 404; an action that one may not do is
refused with a reason.
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
SEEN_BY = Q(lost_at=None) | Q(is_kept=True)

Rows = TypeVar("Rows", bound="QuerySet[Any]")  # homes or what is in them, however they were narrowed


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether a change is allowed; if not, the reason as a sentence and the missing OAuth scope, if any.

    `consent` is the one by which staff may act; None for a homeowner. `connection` carries the change.
    `can_propose` says that staff may propose the change instead.
    """

    allowed: bool
    reason: str = ""
    scope: str = ""
    can_propose: bool = False
    consent: models.Consent | None = None
    connection: lunar.Connection | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class AccessContext:
    """How a person has access to a home: as its homeowner, or by consents, the strongest first."""

    own: bool
    consents: tuple[models.Consent, ...] = ()
    roles: dict[int, str]

    def may(self, right: rights.Right) -> bool:
        """Return whether the person's role at any consent's organization includes the right."""
        return self.own or any(self.has(right, consent) for consent in self.consents)

    def has(self, right: rights.Right, consent: models.Consent) -> bool:
        return rights.may(self.roles.get(consent.organization_id, ""), right)

    def at(self, organization_id: int) -> AccessContext:
        """Return the part of the context that comes from one organization."""
        kept = tuple(one for one in self.consents if one.organization_id == organization_id)
        return replace(self, consents=kept)


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


def own_sites(user: accounts.AnyUser) -> QuerySet[sites.Site]:
    """Return the homes that are this person's own."""
    return sites.Site.objects.filter(_is_own(user)) if is_somebody(user) else sites.Site.objects.none()


def current_sites(user: accounts.AnyUser) -> QuerySet[sites.Site]:
    """Return this person's own homes without those in which other people live now: what can be shared."""
    return own_sites(user).filter(left_at=None)


def shared_sites(
    user: accounts.AnyUser, *, now: datetime, organization: accounts.Organization | None = None
) -> QuerySet[sites.Site]:
    """Return the homes shared with the organizations this person works for, or with one of them."""
    if not is_somebody(user):
        return sites.Site.objects.none()
    return sites.Site.objects.filter(_is_shared(user, now, organization))


def sites_visible_to(user: accounts.AnyUser, *, now: datetime) -> QuerySet[sites.Site]:
    """Return the homes that this person may see now, own and shared."""
    if not is_somebody(user):
        return sites.Site.objects.none()
    return sites.Site.objects.filter(_is_own(user) | _is_shared(user, now))


def devices_visible_to(user: accounts.AnyUser, *, now: datetime) -> QuerySet[sites.Device]:
    return sites.Device.objects.filter(site__in=sites_visible_to(user, now=now))


def sensors_visible_to(user: accounts.AnyUser, *, now: datetime) -> QuerySet[sites.Sensor]:
    return sites.Sensor.objects.filter(site__in=sites_visible_to(user, now=now))


def marked_own(rows: Rows, user: accounts.AnyUser, *, home: str = "pk") -> Rows:
    """Annotate each row with `is_own`: whether the home at `home` is this person's own, not only shared."""
    own = ExpressionWrapper(_is_own(user, home), output_field=BooleanField())
    marked: Rows = rows.annotate(is_own=own)
    return marked


def holding(*, now: datetime) -> QuerySet[models.Consent]:
    """Return the consents that hold now: begun, not ended, and their giver still reaches the home."""
    begun = Q(from_at__lte=now, ended_at=None) & (Q(until_at=None) | Q(until_at__gt=now))
    return models.Consent.objects.filter(begun, Exists(giver_connections()))


def giver_connections() -> QuerySet[sites.ConnectionSite]:
    """Return, as a subquery of consents, the working connections of the giver to the home."""
    return sites.ConnectionSite.objects.filter(
        site=OuterRef("site"),
        connection__user=OuterRef("given_by"),
        connection__status__in=WORKING,
        lost_at=None,
    )


def access_of(user: accounts.AnyUser, site: sites.Site, *, now: datetime) -> AccessContext | None:
    """Return a person's access to the home; None without access."""
    return _access(user, site, _connection_sites(site), now)


def _access(
    user: accounts.AnyUser, site: sites.Site, connection_sites: list[sites.ConnectionSite], now: datetime
) -> AccessContext | None:
    if not is_somebody(user):
        return None
    if _owns(user, connection_sites):
        return AccessContext(own=True, roles={})
    roles = dict(staff.active_memberships(user).order_by().values_list("organization_id", "role"))
    if not roles:
        return None
    consents = holding(now=now).filter(site=site, organization__in=roles)
    found = tuple(sorted(consents.select_related("organization", "given_by"), key=furthest))
    return AccessContext(own=False, consents=found, roles=roles) if found else None


def may_control(
    user: accounts.AnyUser,
    device: sites.Device,
    *,
    now: datetime,
    scope: str = "",
    organization_id: int | None = None,
) -> Decision:
    """Return whether this person may change the device; `scope` is the OAuth scope it needs.

    A homeowner acts through an own connection and staff through the consent giver's, never through that of
    another resident. With `organization_id`, staff act for that organization only.
    """
    site = device.site
    if site is None:
        return NOWHERE
    connection_sites = _connection_sites(site)
    if not is_somebody(user) or (context := _access(user, site, connection_sites, now)) is None:
        return UNSEEN
    if context.own:
        return _reachable(_through(connection_sites, user.pk), scope, ended=ENDED, lacking=NO_PERMISSION)
    if organization_id is not None:
        context = context.at(organization_id)
    return _may_control_for(context, connection_sites, scope)


def controlling_consent(context: AccessContext) -> models.Consent | None:
    """Return the consent by which staff may change the home without approval, if any."""
    free = (one for one in context.consents if one.right == models.Right.CONTROL and not one.ask_first)
    return next((one for one in free if context.has(rights.CONTROL, one)), None)


def proposing_consent(context: AccessContext) -> models.Consent | None:
    """Return the consent by which staff may propose a change, if any."""
    return next((one for one in context.consents if context.has(rights.PROPOSE, one)), None)


def own_connection_sites(user: accounts.User, site: sites.Site) -> QuerySet[sites.ConnectionSite]:
    """Return the links of this person's connections to the home, fewest failures first."""
    own = site.connection_sites.filter(lost_at=None, connection__user=user.pk)
    return own.select_related("connection").order_by("connection__failures", "pk")


def _may_control_for(
    context: AccessContext, connection_sites: list[sites.ConnectionSite], scope: str
) -> Decision:
    if not context.consents:
        return UNSEEN
    consent, proposing = controlling_consent(context), proposing_consent(context)
    able = consent or proposing
    if able is None:
        return Decision(allowed=False, reason=ONLY_LOOKING)
    through = _through(connection_sites, able.given_by_id)
    answer = _reachable(through, scope, ended=OWNER_ENDED, lacking=OWNER_PERMISSION)
    if consent is not None or not answer.allowed:
        return replace(answer, consent=consent)
    asks = any(one.right == models.Right.CONTROL for one in context.consents)
    return Decision(allowed=False, reason=ASK_FIRST if asks else ONLY_SEEN, can_propose=True)


def _reachable(
    connection_sites: Iterable[sites.ConnectionSite], scope: str, *, ended: Decision, lacking: str
) -> Decision:
    active = [one.connection for one in connection_sites if one.connection.is_active]
    if not active:
        return ended
    able = [connection for connection in active if not scope or scope in connection.scope_set]
    if not able:
        return Decision(allowed=False, reason=lacking, scope=scope)
    return Decision(allowed=True, connection=able[0])


def _connection_sites(site: sites.Site) -> list[sites.ConnectionSite]:
    there = site.connection_sites.filter(SEEN_BY).select_related("connection")
    return list(there.order_by("connection__failures", "pk"))


def _through(connection_sites: Iterable[sites.ConnectionSite], user_pk: int) -> list[sites.ConnectionSite]:
    return [one for one in connection_sites if one.connection.user_id == user_pk and one.lost_at is None]


def _owns(user: accounts.User, connection_sites: list[sites.ConnectionSite]) -> bool:
    """Apply the rule of `_is_own` to one home whose connections were fetched."""
    if any(one.is_kept and one.connection.user_id == user.pk for one in connection_sites):
        return True
    there = [one for one in connection_sites if one.lost_at is None]
    own = {one.connection.status for one in there if one.connection.user_id == user.pk}
    others = {one.connection.status for one in there if one.connection.user_id != user.pk}
    return bool(own & {*WORKING}) or ("disconnected" in own and "active" not in others)


def _is_own(user: accounts.AnyUser, home: str = "pk") -> Q:
    connection_sites = sites.ConnectionSite.objects.filter(site=OuterRef(home))
    own, listed = connection_sites.filter(connection__user=user.pk), Q(lost_at=None)
    others = connection_sites.filter(listed, connection__status="active").exclude(connection__user=user.pk)
    works = listed & Q(connection__status__in=WORKING)
    ended = Exists(own.filter(listed, connection__status="disconnected"))
    return Q(Exists(own.filter(works | Q(is_kept=True)))) | (Q(ended) & ~Q(Exists(others)))


def _is_shared(user: accounts.AnyUser, now: datetime, organization: accounts.Organization | None = None) -> Q:
    mine = staff.active_memberships(user)
    if organization is not None:
        mine = mine.filter(organization=organization)
    shared = holding(now=now).filter(organization__in=mine.order_by().values("organization"))
    return Q(Exists(shared.filter(site=OuterRef("pk")).order_by()))


def furthest(consent: models.Consent) -> tuple[bool, bool, int]:
    """Return the sort key by which the consent that allows most comes first."""
    return (consent.right != models.Right.CONTROL, consent.ask_first, consent.pk)


def is_somebody(user: accounts.AnyUser) -> TypeGuard[accounts.User]:
    """Return whether this is a person who is signed in and whose account is in use."""
    return bool(user.is_authenticated and user.is_active)
