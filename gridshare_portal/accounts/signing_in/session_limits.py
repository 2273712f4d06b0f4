"""How long a session lasts, without a request and in all, and when its person last proved who they are.

A session holds three moments as whole seconds since the epoch: when it began, when something was last asked
for by hand, and when a code, a passkey or a password last proved its person. Parts that a page renews by
itself prove nobody's presence. Moments that a session lacks, as one from before there were limits, count
from the first request that misses them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from django.contrib.sessions.backends.base import SessionBase

from gridshare_portal.accounts import models

BEGAN, SEEN, PROVEN, WROTE = "began_at", "seen_at", "proven_at", "wrote_at"
PROOF_HOLDS = timedelta(minutes=15)
WORDS_REMAIN = timedelta(days=1)  # a session that has ended is kept so much longer, to say why it did


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long a session lasts without a request, in all, and how exactly the last request is noted."""

    idle: timedelta
    whole: timedelta
    noted_every: timedelta


STAFF = Limits(idle=timedelta(minutes=30), whole=timedelta(hours=12), noted_every=timedelta(minutes=1))
HOMEOWNER = Limits(idle=timedelta(days=14), whole=timedelta(days=30), noted_every=timedelta(hours=1))


class End(Enum):
    """Which limit ended a session; the value is the sentence for its person."""

    IDLE = "You were signed out because nothing was done here for {idle}. Sign in to go on where you were."
    WHOLE = "You were signed out because you signed in {whole} ago. Sign in to go on where you were."


@dataclass(frozen=True, kw_only=True)
class Moments:
    """When a session began, and when something was last asked for by hand."""

    began_at: datetime
    seen_at: datetime


def limits_of(user: models.User) -> Limits:
    """Return the limits of a person's sessions: those of staff for whoever works for an organization."""
    works: bool | None = getattr(user, "works", None)  # as the sign-in backend annotates it
    return STAFF if user.is_staff or (user.memberships.exists() if works is None else works) else HOMEOWNER


def end_of(moments: Moments, limits: Limits, *, now: datetime) -> End | None:
    """Return which limit the session is past; None while it lasts."""
    if now - moments.began_at >= limits.whole:
        return End.WHOLE
    return End.IDLE if now - moments.seen_at >= limits.idle else None


def sentence(end: End, limits: Limits) -> str:
    """Return why a session has ended, for its person."""
    return end.value.format(idle=_span(limits.idle), whole=_span(limits.whole))


def begin(session: SessionBase, user: models.User, *, now: datetime) -> None:
    """Note that the person has just signed in."""
    session[BEGAN] = session[SEEN] = session[PROVEN] = _seconds(now)
    session.pop(WROTE, None)
    _keep(session, limits_of(user))


def moments_of(session: SessionBase, *, now: datetime) -> Moments:
    """Return the session's moments."""
    return Moments(began_at=_moment(session.get(BEGAN), now), seen_at=_moment(session.get(SEEN), now))


def note_request(session: SessionBase, limits: Limits, *, now: datetime) -> None:
    """Note a request that was made by hand; written now and then, so that most requests write nothing."""
    began, seen = session.get(BEGAN), session.get(SEEN)
    if began is not None and seen is not None and now - _moment(seen, now) < limits.noted_every:
        return
    session[BEGAN] = _seconds(now) if began is None else began
    session[SEEN] = _seconds(now)
    _keep(session, limits)


def prove(session: SessionBase, *, now: datetime) -> None:
    """Note that the person has just proven who they are."""
    session[PROVEN] = _seconds(now)


def is_recently_proven(session: SessionBase, *, now: datetime) -> bool:
    """Return whether the person proved who they are within the last 15 minutes."""
    proven = session.get(PROVEN)
    return proven is not None and now - _moment(proven, now) < PROOF_HOLDS


def may_write(session: SessionBase, *, now: datetime) -> bool:
    """Return whether staff may change something: their first change needs a recent proof, later ones none."""
    if session.get(WROTE):
        return True
    if not is_recently_proven(session, now=now):
        return False
    session[WROTE] = _seconds(now)
    return True


def _keep(session: SessionBase, limits: Limits) -> None:
    session.set_expiry(int((limits.idle + WORDS_REMAIN).total_seconds()))


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(held: int | None, now: datetime) -> datetime:
    return now if held is None else datetime.fromtimestamp(held, UTC)


def _span(span: timedelta) -> str:
    if span.days:
        return f"{span.days} days"
    hours, minutes = divmod(span.seconds // 60, 60)
    return f"{hours} hours" if hours else f"{minutes} minutes"
