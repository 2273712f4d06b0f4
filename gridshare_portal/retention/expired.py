"""Which rows the rules no longer keep, as queries by the name of a rule.

What is still in force is in none of them: a consent that holds, a change on its way, a run that waits for its
time, a home that somebody's connection reaches.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import models as audit
from gridshare_portal.cases import models as cases
from gridshare_portal.control import models as control
from gridshare_portal.lunar import models as lunar
from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.reports import models as reports
from gridshare_portal.retention import rules
from gridshare_portal.runs import models as runs
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import models as telemetry

Rows = QuerySet[Any]  # of any model
UNSURE = timedelta(days=1)  # a sign-in is listed before its session is stored
R = runs.Run.State


def before(name: str, now: datetime) -> datetime:
    """Return the moment before which a row's time must have begun, for it to be over now."""
    return now - rules.length(name)


def sessions(now: datetime) -> Rows:
    return Session.objects.filter(expire_date__lt=now)


def listed_sessions(now: datetime) -> Rows:
    """Return what is listed of sign-ins whose session is no more."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gte=now)
    return UserSession.objects.filter(~Exists(alive), created_at__lt=now - UNSURE)


def counters(now: datetime) -> Rows:
    return accounts.CacheEntry.objects.filter(expires__lt=now)


def events(now: datetime) -> Rows:
    return audit.Event.objects.filter(at__lt=before("event", now))


def operators_actions(now: datetime) -> Rows:
    return LogEntry.objects.filter(action_time__lte=before("operator's action", now))


def raw_answers(now: datetime) -> Rows:
    return sites.RawResponse.objects.filter(asked_at__lte=before("raw answer", now))


def invitations(now: datetime) -> Rows:
    """Return invitations that were used, withdrawn or ended long enough ago."""
    over_at = Coalesce("accepted_at", "withdrawn_at", "expires_at")
    invited = accounts.Invitation.objects.annotate(over_at=over_at)
    return invited.filter(over_at__lte=before("invitation", now))


def requests(now: datetime) -> Rows:
    """Return requests that were answered or ended long enough ago.

    A decline is not told to whoever asked: it goes when a request that nobody answered would.
    """
    cut, over_at = before("request", now), Coalesce("answered_at", "expires_at")
    over = access.Request.objects.annotate(over_at=over_at).filter(over_at__lte=cut)
    return over.exclude(answer=access.Request.Answer.DECLINED, expires_at__gt=cut)


def letters(now: datetime) -> Rows:
    return access.RequestEmail.objects.filter(sent_at__lte=before("letter", now))


def reminders(now: datetime) -> Rows:
    asked = portfolio.Reminder.objects.filter(asked_at__lte=before("letter", now))
    return asked.filter(due_at=None)


def digests(now: datetime) -> Rows:
    return cases.Digest.objects.filter(~Exists(_membership("user")))


def subscriptions(now: datetime) -> Rows:
    return reports.Subscription.objects.filter(~Exists(_membership("user")))


def saved_views(now: datetime) -> Rows:
    return portfolio.SavedView.objects.filter(~Exists(_membership("owner")), owner__isnull=False)


def unproven_accounts(now: datetime) -> Rows:
    """Return accounts that nobody ever signed in to and whose addresses nobody proved."""
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    began = accounts.User.objects.filter(date_joined__lte=before("unproven account", now), last_login=None)
    somebody = Q(is_staff=True) | Q(is_superuser=True)
    theirs = (lunar.Connection.objects, accounts.Membership.objects)
    nothing = Q(*(~Exists(rows.filter(user=OuterRef("pk"))) for rows in theirs))
    proven = Exists(addresses.filter(verified=True))
    return began.exclude(somebody).filter(nothing, Exists(addresses), ~proven)


def unrenewed_connections(now: datetime) -> Rows:
    ended = {"status": "reconnect", "status_since_at__lte": before("ended connection", now)}
    return lunar.Connection.objects.filter(**ended)


def homes(now: datetime) -> Rows:
    """Return homes that no connection has reached for long enough."""
    links = sites.ConnectionSite.objects.filter(site=OuterRef("pk"))
    over = _over(before("home", now))
    orphan = Q(created_at__lte=before("home", now)) & ~Exists(links)
    return sites.Site.objects.filter(orphan | Exists(links.filter(over)), ~Exists(links.exclude(over)))


def links(now: datetime) -> Rows:
    """Return ended ways to a home that stays, because somebody else's connection reaches it."""
    over = sites.ConnectionSite.objects.filter(_over(before("home", now)))
    return over.exclude(site__in=homes(now))


def connections(now: datetime) -> Rows:
    """Return connections that ended long enough ago and through which no home is kept."""
    ended = {"status": "disconnected", "status_since_at__lte": before("connection", now)}
    linked = sites.ConnectionSite.objects.filter(connection=OuterRef("pk"))
    return lunar.Connection.objects.filter(~Exists(linked), **ended)


def days(now: datetime) -> Rows:
    return telemetry.Day.objects.filter(day__lt=before("readings", now).date())


def revisions(now: datetime) -> Rows:
    return telemetry.Revision.objects.filter(day__lt=before("readings", now).date())


def site_days(now: datetime) -> Rows:
    return telemetry.SiteDay.objects.filter(day__lt=before("readings", now).date())


def sums(now: datetime) -> Rows:
    return portfolio.PortfolioDay.objects.filter(day__lt=before("sums", now).date())


def grouped_homes(now: datetime) -> Rows:
    shared = _shared_since(before("group", now), organization="group__organization")
    return portfolio.GroupSite.objects.filter(~Exists(shared))


def changes(now: datetime) -> Rows:
    """Return settled changes that are not the last of their kind and that nothing points to."""
    later = Q(made_at__gt=OuterRef("made_at")) | Q(made_at=OuterRef("made_at"), pk__gt=OuterRef("pk"))
    newer = control.Change.objects.filter(later, device=OuterRef("device"), kind=OuterRef("kind"))
    line = runs.Line.objects.filter(Q(change=OuterRef("pk")) | Q(undoes=OuterRef("pk")))
    proposal = control.Proposal.objects.filter(change=OuterRef("pk"))
    settled = control.Change.objects.filter(settled_at__lte=before("change", now), read_again_at=None)
    over = settled.exclude(outcome=control.Change.Outcome.OPEN)
    return over.filter(Exists(newer), ~Exists(line.order_by()), ~Exists(proposal.order_by()))


def proposals(now: datetime) -> Rows:
    over_at = Coalesce("answered_at", "expires_at")
    proposed = control.Proposal.objects.annotate(over_at=over_at)
    return proposed.filter(over_at__lte=before("proposal", now))


def ended_runs(now: datetime) -> Rows:
    ended = runs.Run.objects.annotate(over_at=Coalesce("ended_at", "made_at"))
    return ended.filter(state__in=[R.DONE, R.STOPPED, R.VOID], over_at__lte=before("run", now))


def drafts(now: datetime) -> Rows:
    """Return runs that were prepared and have no time to start at."""
    prepared = runs.Run.objects.filter(state__in=[R.DRAFT, R.CHECKED], start_at=None)
    return prepared.filter(made_at__lte=before("draft of a run", now))


def rejected_lines(now: datetime) -> Rows:
    return runs.RejectedRow.objects.filter(choice__run__made_at__lte=before("rejected line", now))


def closed_cases(now: datetime) -> Rows:
    return cases.Case.objects.filter(closed_at__lte=before("case", now))


def unshared_cases(now: datetime) -> Rows:
    cut = before("case of an unshared home", now)
    return cases.Case.objects.filter(~Exists(_shared_since(cut)), closed_at__lte=cut)


def consents(now: datetime) -> Rows:
    """Return consents that ended long enough ago and that no change or proposal is explained by."""
    over_at = Coalesce("ended_at", "until_at")
    ended = access.Consent.objects.annotate(over_at=over_at).filter(over_at__lte=before("consent", now))
    explained = (control.Proposal.objects, control.Change.objects)
    return ended.filter(*(~Exists(some.filter(consent=OuterRef("pk")).order_by()) for some in explained))


def visits(now: datetime) -> Rows:
    return access.Visit.objects.filter(until_at__lte=before("visit", now))


def _over(cut: datetime) -> Q:
    """Return the condition that a way to a home ended before a moment.

    One that is kept, to a home in which other people live now, ends with its connection.
    """
    disconnected = Q(connection__status="disconnected", connection__status_since_at__lte=cut)
    return Q(lost_at__lte=cut, is_kept=False) | disconnected


def _shared_since(cut: datetime, *, organization: str = "organization") -> Rows:
    """Return, as a subquery of a row of an organization about a home, consents that held after a moment."""
    there = access.Consent.objects.filter(site=OuterRef("site"), organization=OuterRef(organization))
    lasted = (Q(ended_at=None) | Q(ended_at__gt=cut)) & (Q(until_at=None) | Q(until_at__gt=cut))
    return there.filter(lasted).order_by()


def _membership(person: str) -> Rows:
    """Return, as a subquery, the membership by which a person has this row."""
    return accounts.Membership.objects.filter(user=OuterRef(person), organization=OuterRef("organization"))


# Rows that go as they are, some hundred at a time, in an order that breaks no reference.
PLAIN: tuple[tuple[str, Callable[[datetime], Rows]], ...] = (
    ("session", sessions),
    ("session", listed_sessions),
    ("counter", counters),
    ("raw answer", raw_answers),
    ("operator's action", operators_actions),
    ("letter", letters),
    ("letter", reminders),
    ("membership", digests),
    ("membership", subscriptions),
    ("membership", saved_views),
    ("rejected line", rejected_lines),
    ("case", closed_cases),
    ("case of an unshared home", unshared_cases),
    ("proposal", proposals),
    ("visit", visits),
    ("group", grouped_homes),
    ("sums", sums),
)
