"""Fetch what is missing of a home's readings; the only writer, one run per home at a time.

The Collection row is the queue: when a home is due, who fetches now (a lease), and how far the walk into the
past has come. What was fetched, and when it is to be asked for again, is kept in the days themselves, so a
run that was killed or repeated costs a few calls and no reading. A run whose lease was taken over writes
nothing.
"""

from __future__ import annotations

import logging
import random
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import BigIntegerField, DateField, DateTimeField, Exists, F, Min, OuterRef, Q, QuerySet

from gridshare_portal import built
from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare.http import calls as api
from gridshare_portal.leases import rows as leases
from gridshare_portal.sites import calls, clients
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import days, missing, packing
from gridshare_portal.telemetry.collecting import fetching, revisions
from gridshare_portal.telemetry.meaning import records, told
from gridshare_portal.telemetry.models import Collection, Day, Latest, Meaning
from gridshare_portal.telemetry.sums import stamps

READ = "lunar/device.read"  # what the homeowner must have allowed
LEASE = CLAIMED = timedelta(seconds=30)  # longer than the calls between two looks at the lease take
EVERY, EVERY_WATCHED = timedelta(minutes=15), timedelta(minutes=5)
WATCHED_FOR = timedelta(minutes=10)
JUST_READ = timedelta(minutes=4)
NOTED = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=2)
FURTHEST = timedelta(hours=4)  # beyond, a clock was wrong
MOST_SENSORS = 300
SIDE_BY_SIDE = 16  # calls between two looks at the lease
TRIES = 5
logger = logging.getLogger(__name__)
REFUSED_AGAIN = timedelta(days=1)
# What every run reads, a million times a day where homes are many.
_HOME = built.Given("home", BigIntegerField())
_ROW = built.Query(
    lambda: Collection.objects.select_related("site").filter(pk=built.Given("pk", BigIntegerField()))
)
_SENSORS = built.Query(lambda: sites.Sensor.objects.filter(site=_HOME, gone_at=None).select_related("device"))
_KNOWN = built.Query(
    lambda: _days().filter(day__gte=built.Given("since", DateField())).only("sensor_id", "day", "known")
)
_DUE = built.Query(
    lambda: _days().filter(ask_again_at__lte=built.Given("now", DateTimeField())).only("sensor_id", "day")
)
_LATEST = built.Query(lambda: Latest.objects.filter(sensor__site=_HOME))


def _days() -> QuerySet[Day]:
    return Day.objects.filter(sensor__site=_HOME, step_s=missing.STEP_S)


class Overtaken(Exception):
    """Another run holds the lease, or the home is gone."""


@dataclass
class _Run:
    """One run: its row and lease, and what it has found so far."""

    row: Collection
    owner: str
    now: datetime
    began_s: float = field(default_factory=time.monotonic)
    sensors: dict[int, str] = field(default_factory=dict)
    meanings: dict[int, Meaning] = field(default_factory=dict)
    latest: dict[int, Latest] = field(default_factory=dict)
    restated: set[int] = field(default_factory=set)
    refused: dict[int, Exception] = field(default_factory=dict)
    failed: list[Exception] = field(default_factory=list)
    heard: list[api.Heard] = field(default_factory=list)
    home: revisions.Home | None = None

    @property
    def moment(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self.began_s)

    @property
    def cursor(self) -> date:
        """How far the walk into the past has come; it begins where the newest stretch does."""
        return self.row.cursor or missing.day_of(self.moment - missing.FIRST_STRETCH)

    @property
    def mine(self) -> QuerySet[Collection]:
        return Collection.objects.filter(pk=self.row.pk, lease_owner=self.owner)

    def told_by(self, sensor: int) -> told.Told:
        """How a sensor tells its readings, as far as is known."""
        return records.told_by(self.meanings.get(sensor))

    def keep(self, **changes: object) -> None:
        """Change the row and prolong the lease; raise Overtaken where another run holds it."""
        if not self.mine.update(lease_until_at=self.moment + LEASE, **changes):
            raise Overtaken
        for name, value in changes.items():
            setattr(self.row, name, value)


def begin(*, site: sites.Site, now: datetime) -> bool:
    """Put a home into the queue; return whether it became due by that.

    A home that waited for its homeowner is due again, and one with a sensor never seen before walks into the
    past once more, for that sensor alone.
    """
    goal = _oldest(site, now)
    row, new = Collection.objects.get_or_create(site=site, defaults={"due_at": now, "goal": goal})
    if new:
        return True
    mine = Collection.objects.filter(pk=row.pk)
    unknown = site.sensors.filter(gone_at=None).exclude(Exists(Day.objects.filter(sensor=OuterRef("pk"))))
    if row.last_ok_at is not None and unknown.exists():
        return bool(mine.update(cursor=None, due_at=now, failures=0, last_error=""))
    return bool(mine.filter(due_at=None).update(due_at=now, failures=0, last_error=""))


def refetch(*, site: sites.Site, now: datetime, since: date | None = None) -> int:
    """Let all of a home be asked for again, from a UTC day on if one is given; return how many stored days.

    That is for after a fault of the service or of the settings. What is stored stays until an answer says
    otherwise.
    """
    goal = _oldest(site, now)
    changes = {
        "goal": max(goal, since or goal),
        "cursor": None,
        "due_at": now,
        "failures": 0,
        "last_error": "",
    }
    Collection.objects.update_or_create(site=site, defaults=changes)
    stored = Day.objects.filter(sensor__site=site, day__gte=changes["goal"])
    return stored.update(ask_again_at=now, closed_at=None)


def wake_up(*, site: sites.Site, now: datetime) -> None:
    """Let a home be read soon, for days of it that became due."""
    Collection.objects.filter(site=site).update(due_at=now)


def watch(*, site: sites.Site, now: datetime, row: Collection | None = None) -> bool:
    """Note, at most once a minute, that somebody looks at the home; return whether it became due by that.

    A caller that has read the home's row passes it as `row`, so that it is not read again.
    """
    row = row or Collection.objects.filter(site=site).first()
    if row is None:
        return False
    mine = Collection.objects.filter(pk=row.pk)
    waits = row.due_at is not None and row.due_at > now and not row.failures
    if waits and row.last_ok_at is not None and abs(now - row.last_ok_at) >= EVERY_WATCHED:
        free = mine.filter(leases.free(now=now), due_at=row.due_at)
        if free.update(due_at=now, watched_at=now):
            return True
    if row.watched_at is None or now - row.watched_at > NOTED:
        mine.filter(watched_at=row.watched_at).update(watched_at=now)
    return False


def claim(*, now: datetime, at_most: int = 100) -> list[int]:
    """Return the keys of homes that are due, and make them due again in a minute, should the task be lost."""
    return leases.put_off(Collection.objects.all(), now=now, by=CLAIMED, at_most=at_most)


def heal(*, now: datetime) -> None:
    """Make due whatever a clock that was ahead put off or took hold of for longer than anything may be."""
    off = Q(due_at__gt=now + FURTHEST) | Q(lease_until_at__gt=now + FURTHEST)
    healed = Collection.objects.filter(off).update(**leases.released(), due_at=now)
    if healed:
        logger.warning("%d homes were due or held far in the future and are due now", healed)


def run(*, collection_pk: int, now: datetime, owner: str, seconds: float = 20.0) -> bool:
    """Fetch for a home if it is due and no other run has it; return whether more is left to do at once.

    First the newest stretch, then the past, until everything down to the goal was fetched or `seconds` are
    over. A failure of the API or of the access path becomes a word on the row and a later try; any other
    exception is recorded likewise and raised.
    """
    waiting = Collection.objects.filter(leases.free(now=now), pk=collection_pk, due_at__lte=now + CLAIMED)
    if not waiting.update(**leases.held(owner=owner, now=now, lasting=LEASE)):
        return False
    row = _ROW.first(pk=collection_pk)
    if row is None:
        return False
    run = _Run(row=row, owner=owner, now=now)
    try:
        with calls.of_site(row.site, now=now) as run.heard:
            return _collect(run, seconds)
    except Overtaken:
        return False
    except Exception as failure:
        _put_off(run, failure)
        if not isinstance(failure, clients.FAILURES):
            raise
        return False


def _oldest(site: sites.Site, now: datetime) -> date:
    """Return the first UTC day that is fetched of a home: not before these people lived in it."""
    oldest = missing.day_of(now - missing.HISTORY)
    return max(oldest, missing.day_of(site.begun_at)) if site.begun_at else oldest


def _collect(run: _Run, seconds: float) -> bool:
    if run.row.stamped_at != run.row.last_ok_at:
        stamps.renew(run.row.site)
    there = _SENSORS.rows(home=run.row.site_id)
    known_first = sorted(there, key=lambda sensor: sensor.role == "unknown")
    run.sensors = {sensor.pk: sensor.synth_id for sensor in known_first[:MOST_SENSORS]}
    sensors = {sensor.pk: sensor for sensor in known_first[:MOST_SENSORS]}
    run.home = revisions.Home(zone=run.row.site.zone, read_at=run.row.last_ok_at, sensors=sensors)
    if not run.sensors:
        return _settle(run, more=False)
    run.meanings = records.of_sensors(run.sensors)
    connection = clients.connection_for(run.row.site, scope=READ)
    client = clients.for_connection(connection, listener=run.heard.append)
    read_at = run.row.last_ok_at
    just_read = read_at is not None and timedelta(0) <= run.moment - read_at < JUST_READ
    if not just_read or run.row.cursor is None:
        _newest(run, client)
        clients.note_success(connection, now=run.moment)
    more = _again(run, client, seconds) or _backwards(run, client, seconds)
    return _settle(run, more=more or bool(run.restated))


def _newest(run: _Run, client: gridshare.Client) -> None:
    """Read the newest stretch of every sensor; one sensor's failure does not stop the others."""
    windows = missing.newest(list(run.sensors), _stored(run), now=run.moment)
    answers: list[days.FetchedReadings] = []
    run.latest = {row.sensor_id: row for row in _LATEST.rows(home=run.row.site_id)}
    before = {sensor: row.at for sensor, row in run.latest.items()}
    for some in _batches(windows):
        outcome = fetching.fetch(client, run.sensors, some, run.told_by)
        run.refused |= outcome.refused
        run.failed += outcome.failed
        answers += outcome.answers
        _keep(run, outcome.answers, latest=before)
    run.failed += run.refused.values()
    if not answers:
        raise run.failed[0]
    recent = missing.day_of(run.moment - missing.FIRST_STRETCH)
    read_at = run.moment
    changes: dict[str, object] = {
        "last_ok_at": read_at,
        "stamped_at": read_at,
        "refused": _named(run.refused),
    }
    if run.row.filled_back_to is None:
        changes["filled_back_to"] = recent
    if run.row.cursor is None:
        changes["cursor"] = recent
    else:
        changes |= _walk_again(run, answers, latest=before, recent=recent)
    run.keep(**changes)


def _walk_again(
    run: _Run, answers: Sequence[days.FetchedReadings], *, latest: Mapping[int, datetime], recent: date
) -> dict[str, object]:
    """Return what begins the walk into the past anew, for what it could not know when it passed.

    That is what it left out on a day before, a sensor whose first reading came only now, or that was refused,
    and a silence that was longer than one call.
    """
    if run.row.walked_on is not None and run.row.walked_on < missing.day_of(run.moment):
        return {"cursor": recent, "walked_on": None}
    told = {answer.window.sensor for answer in answers if answer.readings}
    answered = {answer.window.sensor for answer in answers}
    empty = Day.objects.filter(sensor__in=told - set(latest), known_count=0)
    if empty.update(ask_again_at=run.moment, closed_at=None):
        return {"cursor": recent, "goal": _oldest(run.row.site, run.moment)}
    was_refused = {int(pk) for pk in run.row.refused or ()}
    after_silence = {
        answer.window.sensor
        for answer in answers
        if answer.readings and latest.get(answer.window.sensor, run.now) < answer.window.start
    }
    return {"cursor": recent} if (was_refused & answered) | after_silence else {}


def _again(run: _Run, client: gridshare.Client, seconds: float) -> bool:
    """Ask again for the days that are due for that; return whether time ran out before all were.

    Those of a sensor that is refused stay due: it is tried with the newest stretch.
    """
    refused = {int(pk) for pk in run.row.refused or ()} | set(run.refused)
    sensors = set(run.sensors) - refused
    by_sensor: defaultdict[int, list[date]] = defaultdict(list)
    for row in _DUE.rows(home=run.row.site_id, now=run.moment):
        if row.sensor_id in sensors:
            by_sensor[row.sensor_id].append(row.day)
    for some in _batches(missing.again(by_sensor)):
        if time.monotonic() - run.began_s >= seconds:
            return True
        outcome = fetching.fetch(client, run.sensors, some, run.told_by)
        if outcome.failed and not outcome.answers:
            raise outcome.failed[0]
        run.failed += outcome.failed
        _keep(run, outcome.answers)
        for window in some:
            if window.sensor in outcome.refused:
                unread = Day.objects.filter(sensor=window.sensor, day__in=window.days)
                unread.update(ask_again_at=run.moment + REFUSED_AGAIN)
    return False


def _backwards(run: _Run, client: gridshare.Client, seconds: float) -> bool:
    """Walk into the past, week by week; return whether time ran out before the goal.

    Sensors that are refused stay behind: for them the walk begins anew when they answer.
    """
    sensors = [sensor for sensor in run.sensors if sensor not in run.refused]
    asked = _asked(run) if run.cursor > run.row.goal else defaultdict(set)
    while run.cursor > run.row.goal:
        first, windows = missing.week(sensors, asked, below=run.cursor, goal=run.row.goal)
        found = False
        failed: list[Exception] = []
        refused: dict[int, Exception] = {}
        for some in _batches(windows):
            if time.monotonic() - run.began_s >= seconds:
                return True
            outcome = fetching.fetch(client, run.sensors, some, run.told_by)
            found = found or any(answer.readings for answer in outcome.answers)
            failed += outcome.failed
            refused |= outcome.refused
            _keep(run, outcome.answers)
        if failed and run.row.failures < TRIES:  # later, what fails although the rest answers is left out
            raise failed[0]
        for window in windows:
            asked[window.sensor].update(window.days)
        left_out = bool(failed or refused)
        _arrive(run, first, empty=bool(windows) and not found and not left_out, left_out=left_out)
    return False


def _arrive(run: _Run, first: date, *, empty: bool, left_out: bool) -> None:
    """Move the walk to the first day of a week; end it where nothing older is to be expected.

    What was left out is walked to again the next day.
    """
    furthest = min(run.row.filled_back_to or first, first)
    changes: dict[str, object] = {"cursor": first, "filled_back_to": furthest}
    if left_out:
        changes["walked_on"] = missing.day_of(run.moment)
    known = Day.objects.filter(sensor__in=run.sensors, known_count__gt=0) if empty else Day.objects.none()
    oldest = known.aggregate(day=Min("day"))["day"] or missing.day_of(run.now)
    if empty and oldest - first >= missing.NOTHING_THERE:
        changes = {"cursor": oldest, "goal": oldest, "filled_back_to": oldest}
    run.keep(**changes)


def _keep(
    run: _Run, answers: Sequence[days.FetchedReadings], *, latest: Mapping[int, datetime] | None = None
) -> None:
    understood = records.understand(answers, run.meanings, now=run.moment, latest=run.latest)
    if understood.changed:
        with transaction.atomic():
            run.keep()
            run.restated.update(records.keep(understood.changed, run.meanings))
        run.meanings |= understood.changed
        latest = None  # restated, too
    restated_at = {sensor: row.changed_at for sensor, row in run.meanings.items() if row.changed_at}
    home = replace(run.home, restated_at=restated_at) if run.home else None
    merged = days.merge(understood.answers, now=run.moment, home=home)
    with transaction.atomic():
        run.keep()
        days.store(merged)
        days.write_latest(understood.answers, now=run.moment, known=latest)


def _stored(run: _Run) -> missing.Stored:
    since = missing.day_of(run.now - missing.LONGEST)
    return {
        (row.sensor_id, row.day): packing.flags(row.known, missing.BUCKETS)
        for row in _KNOWN.rows(home=run.row.site_id, since=since)
    }


def _asked(run: _Run) -> defaultdict[int, set[date]]:
    asked: defaultdict[int, set[date]] = defaultdict(set)
    rows = Day.objects.filter(sensor__in=run.sensors, day__gte=run.row.goal)
    for sensor, day in rows.values_list("sensor_id", "day"):
        asked[sensor].add(day)
    return asked


def _named(refused: Mapping[int, Exception]) -> dict[str, str] | None:
    return {str(sensor): fetching.words([failure]) for sensor, failure in refused.items()} or None


def _batches(windows: Sequence[missing.Window]) -> list[Sequence[missing.Window]]:
    return [windows[start : start + SIDE_BY_SIDE] for start in range(0, len(windows), SIDE_BY_SIDE)]


def _settle(run: _Run, *, more: bool) -> bool:
    """Give the lease back after a good run and set when the home is due again."""
    watched = Collection.objects.filter(pk=run.row.pk, watched_at__gt=run.moment - WATCHED_FOR).exists()
    pause = (EVERY_WATCHED if watched else EVERY) * random.uniform(0.9, 1.0)
    due_at, last_error = run.moment if more else run.moment + pause, fetching.words(run.failed)
    run.mine.update(**leases.released(), due_at=due_at, failures=0, last_error=last_error)
    return more


def _put_off(run: _Run, failure: Exception) -> None:
    """Record a failure and try again later each time; never where only the homeowner can help."""
    pause = clients.pause_after(
        [failure], before=run.row.failures, at_most=LONGEST_PAUSE, retry_after_at_most=LONGEST_PAUSE
    )
    due_at = None if isinstance(failure, clients.NoAccessPath) else run.moment + pause
    last_error = fetching.words([failure])
    run.mine.update(**leases.released(), due_at=due_at, failures=F("failures") + 1, last_error=last_error)
