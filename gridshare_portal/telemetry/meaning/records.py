"""Keep how sensors tell their readings: take over what days show, and what an operator sets.

A property that was never seen is taken over from the first day that shows it, one that was known before from
the second that shows another. Only newer readings change anything, so that days of an older way, read again,
do not. When a way changes, what is stored is restated at once, and asked for again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db import transaction

from gridshare_portal.gridshare import types
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import days, missing, packing
from gridshare_portal.telemetry.meaning import learning, restating, told, translation
from gridshare_portal.telemetry.models import Day, Latest, Meaning

VOTES, ENOUGH_VOTES, SURE_VOTES = "votes", 8, 7  # of newest buckets that were told again, about stamps
AGAIN_AFTER = timedelta(hours=20)  # another day's readings
CAN_BE_SET = tuple(name for name in told.CHOICES if name != "step_s")  # a step is seen in every answer
Found = Mapping[str, Mapping[str, Any]]  # as stored: value, at, and perhaps another
logger = logging.getLogger(__name__)


class ChoiceRefused(ValueError):
    """A property or value that there is not."""


def of_sensors(sensors: Iterable[int]) -> dict[int, Meaning]:
    """Return what is kept of these sensors, by their keys."""
    return {row.sensor_id: row for row in Meaning.objects.filter(sensor__in=list(sensors))}


def told_by(row: Meaning | None) -> told.Told:
    """Return how a sensor tells its readings, as far as is known; else in the usual way."""
    if row is None:
        return told.USUAL
    found = {name: one["value"] for name, one in row.found.items() if name != VOTES}
    both = {name: value for name, value in {**found, **row.chosen}.items() if name in told.CHOICES}
    return told.Told(**both)


@dataclass(frozen=True, kw_only=True)
class Understood:
    """Answers as the portal keeps them, and the rows that they change."""

    answers: Sequence[days.FetchedReadings]
    changed: Mapping[int, Meaning]


def understand(
    answers: Sequence[days.FetchedReadings],
    known: Mapping[int, Meaning],
    *,
    now: datetime,
    latest: Mapping[int, Latest] = MappingProxyType({}),
) -> Understood:
    """Learn from raw answers, and return them as normal readings; nothing is written.

    `latest` are the newest readings before.
    """
    changed: dict[int, Meaning] = {}
    normal = []
    for answer in answers:
        sensor = answer.window.sensor
        row = changed.get(sensor) or known.get(sensor)
        shown = _shown(answer, told_by(row), now)
        found = _taken_over(row.found if row else {}, shown, answer) if shown else row.found if row else {}
        found = _voted(found, answer, latest.get(sensor), told_by(row), now)
        if found != (row.found if row else {}):
            row = changed[sensor] = _learned(row, Meaning(sensor_id=sensor, found=found), now)
        readings, told_s = translation.normal(answer.readings, told_by(row), now=now)
        normal.append(replace(answer, readings=readings, told_s=max(told_s, missing.STEP_S)))
    return Understood(answers=normal, changed=changed)


def keep(changed: Mapping[int, Meaning], known: Mapping[int, Meaning]) -> list[int]:
    """Write what was learned, and return the sensors of which another way is known now.

    What is stored of those is restated, and due again. The caller holds a transaction.
    """
    Meaning.objects.bulk_create(
        list(changed.values()),
        update_conflicts=True,
        unique_fields=["sensor"],
        update_fields=["found", "changed_at"],
    )
    others = []
    for sensor, row in changed.items():
        before, after = told_by(known.get(sensor)), told_by(row)
        if before != after:
            logger.warning(
                "a sensor tells its readings otherwise than known: %s", after.unusual or "as usual"
            )
            _restate(row, before, after)
            others.append(sensor)
    return others


def choose(*, sensor: sites.Sensor, values: Mapping[str, int | str | None], now: datetime) -> told.Told:
    """Set how a sensor tells its readings, whatever days show; None leaves a property to them again."""
    for name, value in values.items():
        if name not in CAN_BE_SET or (value is not None and value not in told.CHOICES[name]):
            raise ChoiceRefused(f"{name} cannot be {value}")
    with transaction.atomic():
        row, _new = Meaning.objects.select_for_update().get_or_create(sensor=sensor)
        before = told_by(row)
        row.chosen = {name: value for name, value in {**row.chosen, **values}.items() if value is not None}
        row.changed_at, after = now, told_by(row)
        row.save()
        if before != after:
            _restate(row, before, after)
    return after


def _learned(before: Meaning | None, after: Meaning, now: datetime) -> Meaning:
    """Return what is known of a sensor with what an operator set, and since when it is what it is."""
    if before is not None:
        after.chosen, after.changed_at = before.chosen, before.changed_at
    if told_by(before) != told_by(after):
        after.changed_at = now
    return after


def _shown(answer: days.FetchedReadings, means: told.Told, now: datetime) -> dict[str, int | str]:
    start, end = translation.asked(answer.window, means)
    return learning.learned(learning.Answer(readings=answer.readings, start=start, end=end, now=now), means)


def _taken_over(found: Found, shown: Mapping[str, int | str], answer: days.FetchedReadings) -> Found:
    """Return what is found of a sensor after a day's readings."""
    at = answer.readings[-1].at
    after = dict(found)
    for name, value in shown.items():
        kept = found.get(name)
        if kept is None:
            after[name] = {"value": value, "at": at.isoformat()}
        elif datetime.fromisoformat(kept["at"]) < at:
            after[name] = _weighed(kept, value, at)
    return after


def _voted(
    found: Found, answer: days.FetchedReadings, before: Latest | None, means: told.Told, now: datetime
) -> Found:
    """Return what is found after what was newest is told again, until that has decided about stamps."""
    if before is None or "stamps" in found or means.step_s != missing.STEP_S or means.stamps != told.START:
        return found
    again = next((one for one in reversed(answer.readings) if one.at == before.at), None)
    if again is None:
        return found
    (again,), _step_s = translation.normal([again], means, now=now)
    kept = types.Reading(at=before.at, **{name: getattr(before, name) for name in packing.FIELDS})
    vote = learning.stamps_by(kept, read_at=before.read_at, again=again, now=now)
    if not vote:
        return found
    votes = Counter(found.get(VOTES, {}))
    votes[vote] += 1
    if votes.total() < ENOUGH_VOTES:
        return {**found, VOTES: dict(votes)}
    rest = {name: one for name, one in found.items() if name != VOTES}
    winner, count = votes.most_common(1)[0]
    decided = {"stamps": {"value": winner, "at": again.at.isoformat()}}
    return rest | (decided if count >= SURE_VOTES else {})


def _weighed(kept: Mapping[str, Any], value: int | str, at: datetime) -> dict[str, Any]:
    if value == kept["value"]:
        return {"value": value, "at": kept["at"]}
    other = kept.get("other")
    if other is None or other["value"] != value:
        return {**kept, "other": {"value": value, "at": at.isoformat()}}
    if at - datetime.fromisoformat(other["at"]) < AGAIN_AFTER:
        return dict(kept)
    return {"value": value, "at": at.isoformat()}


def _restate(meaning: Meaning, before: told.Told, after: told.Told) -> None:
    """Let what is stored of a sensor say what it says in the other way, and ask for it again.

    It is due since the meaning changed, by which `revisions` knows that nobody but the portal changed it.
    """
    sensor = sites.Sensor.objects.select_related("device").get(pk=meaning.sensor_id)
    rows = {(row.sensor_id, row.day): row for row in Day.objects.filter(sensor=sensor).order_by("day")}
    restated = restating.days_in(list(rows.values()), before, after)
    for row in restated:
        row.ask_again_at, row.closed_at = meaning.changed_at, None
    changed = {(row.sensor_id, row.day): row for row in restated}
    days.store(days.Merged(days=days.rolled_up(rows | changed, changed, {sensor.pk: sensor})))
    for latest in Latest.objects.filter(sensor=sensor):
        restating.latest_in(latest, before, after)
        latest.save()
