"""The work list: filters from a query string, the worst first, paged by keyset.

A page begins after the last line of the page before, so it costs the same wherever it lies; counts stop at a
hundred. Only homes that are shared at this moment are in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from gridshare_portal import forms
from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.cases import handling, words
from gridshare_portal.cases.findings import Cause, Severity
from gridshare_portal.cases.models import RANK_STEP, Case, Examination
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import missing
from gridshare_portal.telemetry import models as telemetry
from gridshare_portal.templatetags import energy

ON_A_PAGE = 50
COUNTED = 99
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SHOWS = {"open": "Open", "mine": "Mine", "snoozed": "Set aside", "closed": "Closed"}


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which part of the list is shown; `after` is the sort key and primary key of the last line before."""

    show: str = "open"
    cause: str = ""
    severity: int | None = None
    after: tuple[int, int] | None = None

    @property
    def address(self) -> str:
        """The query string of the same filters, from the first line on."""
        said = {"show": self.show if self.show != "open" else "", "cause": self.cause}
        said["severity"] = str(self.severity or "")
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def here(self) -> str:
        """The query string of this very page."""
        after = f"after={self.after[0]}.{self.after[1]}" if self.after else ""
        return "&".join(part for part in (self.address, after) if part)


@dataclass(frozen=True, kw_only=True)
class WorkListRow:
    case: Case
    sentence: str
    step: str
    advice: str
    about: str
    lasts: str
    last_reading_at: datetime | None
    age: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some lines, and the `after` of the next page ("" for none)."""

    lines: Sequence[WorkListRow]
    following: str


class _Query(forms.Query):
    show = forms.Choice(SHOWS, default="open")
    cause = forms.Choice(Cause.values)
    severity = forms.Choice(map(str, Severity.values))
    after = forms.Keys(2)


def filters(said: Mapping[str, str]) -> Filters:
    """Read filters from a query string; unknown values fall back to the defaults."""
    known = _Query(said).cleaned_data
    return Filters(**known | {"severity": int(known["severity"]) if known["severity"] else None})


def listed(
    user: accounts.User, organization: accounts.Organization, chosen: Filters, *, now: datetime
) -> QuerySet[Case]:
    """Return the cases that the filters select, in their order."""
    found = handling.visible_to(user, organization, now=now)
    found = found.select_related("site", "assigned_to").defer("site__topology")
    if chosen.cause:
        found = found.filter(cause=chosen.cause)
    if chosen.severity:
        found = found.filter(severity=chosen.severity)
    if chosen.show == "closed":
        return found.filter(closed_at__isnull=False).order_by("-closed_at", "-pk")
    found = found.filter(closed_at=None)
    if chosen.show == "snoozed":
        return found.filter(snoozed_until_at__gt=now).order_by("snoozed_until_at", "pk")
    if chosen.show == "mine":
        return found.filter(assigned_to=user).order_by("rank", "pk")
    awake = Q(snoozed_until_at=None) | Q(snoozed_until_at__lte=now)
    if chosen.severity:  # the same again, in the columns of the index
        first = chosen.severity * RANK_STEP
        found = found.filter(rank__range=(first, first + RANK_STEP - 1))
    return found.filter(awake).order_by("rank", "pk")


def page(
    user: accounts.User,
    organization: accounts.Organization,
    chosen: Filters,
    *,
    now: datetime,
    size: int = ON_A_PAGE,
) -> Page:
    """Return one page of the list, in two queries."""
    found = list(_beyond(listed(user, organization, chosen, now=now), chosen)[: size + 1])
    following = _place(found[size - 1], chosen) if found[size:] else ""
    return Page(lines=lines(found[:size], now=now), following=following)


def everything(
    user: accounts.User, organization: accounts.Organization, chosen: Filters, *, now: datetime
) -> Iterator[WorkListRow]:
    """Yield all lines, page by page, so that neither memory nor a single query grows with the list."""
    part = replace(chosen, after=None)
    while True:
        found = page(user, organization, part, now=now, size=500)
        yield from found.lines
        if not found.following:
            return
        part = replace(chosen, after=filters({"after": found.following}).after)


def counts(user: accounts.User, organization: accounts.Organization, *, now: datetime) -> dict[str, str]:
    """Return how many cases each filter shows, as text, up to COUNTED."""
    shown = {show: Filters(show=show) for show in ("mine", "snoozed")}
    shown |= {f"level_{one.value}": Filters(severity=one.value) for one in Severity}
    cases = {name: listed(user, organization, one, now=now) for name, one in shown.items()}
    found = {
        name: len(some.select_related(None).values_list("pk")[: COUNTED + 1]) for name, some in cases.items()
    }
    found["open"] = sum(found[f"level_{one.value}"] for one in Severity)
    return {name: f"{COUNTED}+" if count > COUNTED else str(count) for name, count in found.items()}


def line(case: Case, *, now: datetime) -> WorkListRow:
    return lines([case], now=now)[0]


def lines(found: Iterable[Case], *, now: datetime) -> list[WorkListRow]:
    """Return cases as the list shows them, with one more query."""
    cases = list(found)
    newest = last_reading_at({case.site_id for case in cases}) if cases else {}
    return [_line(case, newest.get(case.site_id), now) for case in cases]


def last_reading_at(homes: Iterable[int]) -> dict[int, datetime]:
    """Return by home the end of its newest reading."""
    newest = telemetry.Latest.objects.filter(sensor__site__in=list(homes), sensor__gone_at=None)
    found = newest.values_list("sensor__site").annotate(Max("at"), Max("read_at")).order_by()
    return {site: min(at + missing.STEP, read_at) for site, at, read_at in found}


def homes(
    user: accounts.User,
    organization: accounts.Organization,
    *,
    state: str,
    after: int | None,
    now: datetime,
    size: int = ON_A_PAGE,
) -> list[sites.Site]:
    """Return shared homes, the newest first, one more than a page.

    They are marked with `needs_help` and `was_examined`. The marks are queried afterwards: joined with the
    homes, PostgreSQL would read all cases for them.
    """
    shared = policy.shared_sites(user, now=now, organization=organization)
    if after is not None:
        shared = shared.filter(pk__lt=after)
    opened = Case.objects.filter(organization=organization, closed_at=None)
    if state == "help":
        there = opened.filter(Exists(shared.filter(pk=OuterRef("site"))))
        open_at = there.order_by("-site_id").values_list("site_id", flat=True)
        shared = shared.filter(pk__in=list(open_at.distinct()[: size + 1]))
    if state == "well":
        shared = shared.filter(~Exists(opened.filter(site=OuterRef("pk"))))
    found = list(shared.defer("topology").order_by("-pk")[: size + 1])
    pks = [site.pk for site in found]
    opened = opened.filter(site__in=pks).order_by()
    examined = Examination.objects.filter(site__in=pks, examined_at__isnull=False)
    helped, seen = ({*rows.values_list("site", flat=True)} for rows in (opened, examined))
    for site in found:
        site.needs_help, site.was_examined = site.pk in helped, site.pk in seen
    return found


def _line(case: Case, last_at: datetime | None, now: datetime) -> WorkListRow:
    return WorkListRow(
        case=case,
        sentence=words.of_case(case, now=now),
        step=words.STEPS[case.cause],
        advice=words.ADVICE[case.cause],
        about=words.about(case.cause, case.subject, case.data),
        lasts=_lasts(case, now),
        last_reading_at=last_at,
        age=_short(last_at, now),
    )


def _lasts(case: Case, now: datetime) -> str:
    """Return how long the case has lasted; for an end that is ahead, how much time is left."""
    if case.cause != Cause.SHARING_ENDS:
        return _short(case.since_at, now)
    until_at = datetime.fromisoformat(case.data["until_at"])
    return f"{_short(now, max(until_at, now))} left"


def _short(at: datetime | None, now: datetime) -> str:
    """Return an age without "ago", for a column of ages."""
    return energy.age(at, now).removesuffix(" ago")


def _beyond(found: QuerySet[Case], chosen: Filters) -> QuerySet[Case]:
    if chosen.after is None:
        return found
    first, pk = chosen.after
    if chosen.show in ("open", "mine"):
        return found.filter(Q(rank__gt=first) | Q(rank=first, pk__gt=pk), rank__gte=first)
    try:
        at = EPOCH + first * MICROSECOND
    except OverflowError:
        return found
    if chosen.show == "closed":
        return found.filter(Q(closed_at__lt=at) | Q(closed_at=at, pk__lt=pk), closed_at__lte=at)
    later = Q(snoozed_until_at__gt=at) | Q(snoozed_until_at=at, pk__gt=pk)
    return found.filter(later, snoozed_until_at__gte=at)


def _place(case: Case, chosen: Filters) -> str:
    if chosen.show in ("open", "mine"):
        return f"{case.rank}.{case.pk}"
    at = case.closed_at if chosen.show == "closed" else case.snoozed_until_at
    assert at is not None  # listed() selects those that have one
    return f"{(at - EPOCH) // MICROSECOND}.{case.pk}"
