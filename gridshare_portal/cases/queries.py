"""The work list as it is asked for: filters from an address, the worst first, a page at a time.

A page begins after the last line of the one before, so it costs the same wherever it lies; nothing counts
further than a hundred. Only homes that are shared at this very moment are in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    """What part of the list is asked for; whatever an address says wrongly is the usual."""

    show: str = "open"
    cause: str = ""
    severity: int | None = None
    after: tuple[int, int] | None = None

    @property
    def address(self) -> str:
        """Return the query that asks for this again, from the first line on."""
        said = {"show": self.show if self.show != "open" else "", "cause": self.cause}
        said["severity"] = str(self.severity or "")
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def here(self) -> str:
        """Return the query that asks for this very page again."""
        after = f"after={self.after[0]}.{self.after[1]}" if self.after else ""
        return "&".join(part for part in (self.address, after) if part)


@dataclass(frozen=True, kw_only=True)
class WorkListRow:
    """One case as the list shows it."""

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
    """Some lines, and where the next ones begin, if there are any."""

    lines: Sequence[WorkListRow]
    following: str


class _Query(forms.Query):
    show = forms.Choice(SHOWS, default="open")
    cause = forms.Choice(Cause.values)
    severity = forms.Choice(map(str, Severity.values))
    after = forms.Keys(2)


def filters(said: Mapping[str, str]) -> Filters:
    """Read filters out of an address."""
    known = _Query(said).cleaned_data
    return Filters(**known | {"severity": int(known["severity"]) if known["severity"] else None})


def listed(
    user: accounts.User, organization: accounts.Organization, asked: Filters, *, now: datetime
) -> QuerySet[Case]:
    """Return the cases that the filters ask for, in their order."""
    found = handling.visible_to(user, organization, now=now)
    found = found.select_related("site", "assigned_to").defer("site__topology")
    if asked.cause:
        found = found.filter(cause=asked.cause)
    if asked.severity:
        found = found.filter(severity=asked.severity)
    if asked.show == "closed":
        return found.filter(closed_at__isnull=False).order_by("-closed_at", "-pk")
    found = found.filter(closed_at=None)
    if asked.show == "snoozed":
        return found.filter(snoozed_until_at__gt=now).order_by("snoozed_until_at", "pk")
    if asked.show == "mine":
        return found.filter(assigned_to=user).order_by("rank", "pk")
    awake = Q(snoozed_until_at=None) | Q(snoozed_until_at__lte=now)
    if asked.severity:  # the same once more, in the words of the index
        found = found.filter(rank__gte=_rank(asked.severity), rank__lt=_rank(asked.severity + 1))
    return found.filter(awake).order_by("rank", "pk")


def page(
    user: accounts.User,
    organization: accounts.Organization,
    asked: Filters,
    *,
    now: datetime,
    size: int = ON_A_PAGE,
) -> Page:
    """Return one page of the list, in two queries."""
    found = list(_beyond(listed(user, organization, asked, now=now), asked)[: size + 1])
    return Page(
        lines=_lines(found[:size], now), following=_place(found[size - 1], asked) if found[size:] else ""
    )


def everything(
    user: accounts.User, organization: accounts.Organization, asked: Filters, *, now: datetime
) -> Iterator[WorkListRow]:
    """Yield every line, page by page, so that neither memory nor a single query grows with the list."""
    following: tuple[int, int] | None = None
    while True:
        part = Filters(show=asked.show, cause=asked.cause, severity=asked.severity, after=following)
        found = page(user, organization, part, now=now, size=500)
        yield from found.lines
        if not found.following:
            return
        first, _dot, second = found.following.partition(".")
        following = (int(first), int(second))


def counts(user: accounts.User, organization: accounts.Organization, *, now: datetime) -> dict[str, str]:
    """Return how many cases each filter would show, up to a hundred."""
    asked = {show: Filters(show=show) for show in ("mine", "snoozed")}
    asked |= {f"level_{one.value}": Filters(severity=one.value) for one in Severity}
    found = {
        name: len(
            listed(user, organization, one, now=now).select_related(None).values_list("pk")[: COUNTED + 1]
        )
        for name, one in asked.items()
    }
    found["open"] = sum(found[f"level_{one.value}"] for one in Severity)
    return {name: f"{COUNTED}+" if count > COUNTED else str(count) for name, count in found.items()}


def line(case: Case, *, now: datetime) -> WorkListRow:
    """Return one case as the list shows it."""
    return _lines([case], now)[0]


def lines(found: Iterable[Case], *, now: datetime) -> list[WorkListRow]:
    """Return some cases as the list shows them, in one query more."""
    return _lines(list(found), now)


def last_reading_at(homes: Iterable[int]) -> dict[int, datetime]:
    """Return to which moment the newest reading of each home reaches."""
    newest = telemetry.Latest.objects.filter(sensor__site__in=list(homes), sensor__gone_at=None)
    found = newest.values_list("sensor__site").annotate(Max("at"), Max("read_at")).order_by()
    step = timedelta(seconds=missing.STEP_S)
    return {site: min(at + step, read_at) for site, at, read_at in found}


def homes(
    user: accounts.User,
    organization: accounts.Organization,
    *,
    state: str,
    after: int | None,
    now: datetime,
    size: int = ON_A_PAGE,
) -> list[sites.Site]:
    """Return shared homes, those that came last first, one more than a page.

    They are marked with `needs_help`, and with `was_examined`, before which nobody can say that all is well.
    The marks are asked for afterwards: beside the homes, PostgreSQL would read all cases for them.
    """
    shared = policy.shared_sites(user, now=now, organization=organization)
    if after is not None:
        shared = shared.filter(pk__lt=after)
    opened = Case.objects.filter(organization=organization, closed_at=None)
    if state == "help":
        seen = opened.filter(Exists(shared.filter(pk=OuterRef("site"))))
        helped = seen.order_by("-site_id").values_list("site_id", flat=True)
        shared = shared.filter(pk__in=list(helped.distinct()[: size + 1]))
    if state == "well":
        shared = shared.filter(~Exists(opened.filter(site=OuterRef("pk"))))
    found = list(shared.defer("topology").order_by("-pk")[: size + 1])
    _mark(found, organization)
    return found


def _mark(found: Sequence[sites.Site], organization: accounts.Organization) -> None:
    pks = [site.pk for site in found]
    opened = Case.objects.filter(site__in=pks, organization=organization, closed_at=None).order_by()
    examined = Examination.objects.filter(site__in=pks, examined_at__isnull=False)
    helped, seen = ({*rows.values_list("site", flat=True)} for rows in (opened, examined))
    for site in found:
        site.needs_help, site.was_examined = site.pk in helped, site.pk in seen


def _rank(severity: int) -> int:
    return severity * RANK_STEP


def _lines(found: Sequence[Case], now: datetime) -> list[WorkListRow]:
    told = last_reading_at({case.site_id for case in found}) if found else {}
    return [_line(case, told.get(case.site_id), now) for case in found]


def _line(case: Case, told: datetime | None, now: datetime) -> WorkListRow:
    said = words.sentence(
        case.cause, case.subject, case.data, since_at=case.since_at, zone=case.site.zone, now=now
    )
    return WorkListRow(
        case=case,
        sentence=said,
        step=words.step(case.cause),
        advice=words.advice(case.cause),
        about=words.about(case.cause, case.subject, case.data),
        lasts=_lasts(case, now),
        last_reading_at=told,
        age=_short(told, now),
    )


def _lasts(case: Case, now: datetime) -> str:
    """Say for how long it has been so; of what is still to come, how much time is left."""
    if case.cause != Cause.SHARING_ENDS:
        return _short(case.since_at, now)
    until_at = datetime.fromisoformat(case.data["until_at"])
    return f"{_short(now, max(until_at, now))} left"


def _short(at: datetime | None, now: datetime) -> str:
    """Say an age where the head of the column says that it is one."""
    return energy.age(at, now).removesuffix(" ago")


def _beyond(found: QuerySet[Case], asked: Filters) -> QuerySet[Case]:
    """Leave out what comes before and at the place where the last page ended."""
    if asked.after is None:
        return found
    first, pk = asked.after
    if asked.show in ("open", "mine"):
        return found.filter(Q(rank__gt=first) | Q(rank=first, pk__gt=pk), rank__gte=first)
    try:
        at = EPOCH + first * MICROSECOND
    except OverflowError:
        return found
    if asked.show == "closed":
        return found.filter(Q(closed_at__lt=at) | Q(closed_at=at, pk__lt=pk), closed_at__lte=at)
    later = Q(snoozed_until_at__gt=at) | Q(snoozed_until_at=at, pk__gt=pk)
    return found.filter(later, snoozed_until_at__gte=at)


def _place(case: Case, asked: Filters) -> str:
    if asked.show in ("open", "mine"):
        return f"{case.rank}.{case.pk}"
    at = case.closed_at if asked.show == "closed" else case.snoozed_until_at
    assert at is not None  # listed() asks for those that have one
    return f"{(at - EPOCH) // MICROSECOND}.{case.pk}"
