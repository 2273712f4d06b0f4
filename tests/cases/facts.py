"""A healthy home as plain facts, and what is found of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gridshare_portal.cases.examining import facts, health
from gridshare_portal.lunar import scopes

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
ZONE = ZoneInfo("America/Los_Angeles")
NOON = datetime(2026, 6, 15, 12, tzinfo=ZONE).astimezone(UTC)
MIDNIGHT = NOON - 12 * HOUR
ALL = frozenset(scopes.KNOWN)
SUN = frozenset(range(8, 18))


def sensor(role, ago=10 * MINUTE, *, made_ago=None, now=NOON):
    last_reading_at = None if ago is None else now - ago
    made_at = None if made_ago is None else now - made_ago
    return facts.SensorFacts(
        synth_id=f"one__{role}", role=role, last_reading_at=last_reading_at, made_at=made_at
    )


def home(*sensors, now=NOON, **more):
    share = facts.Share(organization=1, given_by=7, controls=True, from_at=now - 30 * DAY, until_at=None)
    connection = facts.ConnectionFacts(is_active=True, since_at=now - 90 * DAY, scopes=ALL, user=7)
    known = {
        "zone": ZONE,
        "known_since_at": now - 90 * DAY,
        "connections": (connection,),
        "shares": (share,),
        "sensors": sensors or (sensor("grid", now=now), sensor("battery", now=now)),
        "collection": facts.Collection(answered_at=now, failures=0, error=""),
        "changes": (),
        "balance": None,
        "solar_hours": SUN,
    }
    return facts.SiteFacts(**known | more)


def causes(home, was=(), *, now=NOON):
    return [one.cause for one in health.findings(home, set(was), now=now)]


def with_connection(home, **changes):
    return replace(home, connections=(replace(home.connections[0], **changes),))


def with_share(home, **changes):
    return replace(home, shares=(replace(home.shares[0], **changes),))


def found(home, was=(), *, now=NOON):
    return {(one.cause, one.subject): one for one in health.findings(home, set(was), now=now)}
