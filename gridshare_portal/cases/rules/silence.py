"""Rules on silence: the whole home, one sensor, solar by day, and late readings.

Each opens after one span and closes after a shorter one, so that a home at the threshold does not flap. Ages
end when Lunar last answered, not now: a missing call is nobody's silence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from gridshare_portal.cases.examining import facts
from gridshare_portal.cases.findings import Cause, Finding, Key, Severity
from gridshare_portal.cases.rules import daylight

FIRST_LOAD = timedelta(hours=2)  # a home that was just connected is given time
SILENT_OPENS, SILENT_CLOSES = timedelta(hours=4), timedelta(hours=1)
SILENT_IS_BAD = timedelta(hours=24)
LATE_OPENS, LATE_CLOSES = timedelta(minutes=60), timedelta(minutes=35)
SENSOR_OPENS, SENSOR_CLOSES = timedelta(hours=2), timedelta(minutes=45)
NEVER_OPENS = timedelta(hours=24)  # a sensor that has never said anything
SOLAR_OPENS, SOLAR_CLOSES = timedelta(hours=2), timedelta(minutes=45)  # of daylight
IDLE_OPENS, IDLE_CLOSES = timedelta(hours=8), timedelta(minutes=30)  # of daylight
IDLE_IS_BAD = timedelta(hours=24)  # of daylight, about three days
NEEDED = ("grid", "battery", "solar")


def home_or_sensors(home: facts.SiteFacts, was: Collection[Key], *, now: datetime) -> Iterator[Finding]:
    """Find that the home is silent; or, while it is not, that it is late or that sensors are silent."""
    if now - home.known_since_at < FIRST_LOAD or not home.sensors:
        return
    last_reading_at, age = home.last_reading_at, _age(home, now)
    if age >= (SILENT_CLOSES if (Cause.SITE_SILENT.value, "") in was else SILENT_OPENS):
        level = Severity.NOW if age >= SILENT_IS_BAD else Severity.SOON
        yield Finding(
            cause=Cause.SITE_SILENT, severity=level, since_at=last_reading_at or home.known_since_at
        )
        return
    if last_reading_at and age >= (LATE_CLOSES if (Cause.LATE.value, "") in was else LATE_OPENS):
        yield Finding(cause=Cause.LATE, severity=Severity.WATCH, since_at=last_reading_at)
    yield from _sensors(home, was, now)


def _age(home: facts.SiteFacts, now: datetime) -> timedelta:
    """Return for how long there was no reading; where there is nothing but solar, nights do not count."""
    answered_at = home.collection.answered_at if home.collection else None
    since_at, until_at = home.last_reading_at or home.known_since_at, answered_at or now
    if home.last_reading_at and all(sensor.role == "solar" for sensor in home.sensors):
        return daylight.between(since_at, until_at, hours=home.solar_hours, zone=home.zone)
    return until_at - since_at


def _sensors(home: facts.SiteFacts, was: Collection[Key], now: datetime) -> Iterator[Finding]:
    for sensor in home.sensors:
        if _is_silent(sensor, home, was, now):
            yield Finding(
                cause=Cause.SENSOR_SILENT,
                severity=Severity.SOON if sensor.role in NEEDED else Severity.WATCH,
                since_at=sensor.last_reading_at or home.known_since_at,
                subject=sensor.synth_id,
                data={"role": sensor.role, "never": int(sensor.last_reading_at is None)},
            )
        elif sensor.role == "solar":
            yield from _idle(sensor, home, was)


def _is_silent(sensor: facts.SensorFacts, home: facts.SiteFacts, was: Collection[Key], now: datetime) -> bool:
    """Compare with the home's newest reading, so that a late home has no silent sensors as well."""
    if home.last_reading_at is None:
        return False
    if sensor.last_reading_at is None:
        return now - home.known_since_at >= NEVER_OPENS
    is_open = (Cause.SENSOR_SILENT.value, sensor.synth_id) in was
    if sensor.role != "solar":
        return home.last_reading_at - sensor.last_reading_at >= (SENSOR_CLOSES if is_open else SENSOR_OPENS)
    light = daylight.between(
        sensor.last_reading_at, home.last_reading_at, hours=home.solar_hours, zone=home.zone
    )
    return light >= (SOLAR_CLOSES if is_open else SOLAR_OPENS)


def _idle(sensor: facts.SensorFacts, home: facts.SiteFacts, was: Collection[Key]) -> Iterator[Finding]:
    """Find a solar sensor that reports only zero through its usual hours."""
    if sensor.made_at is None or sensor.last_reading_at is None:
        return
    light = daylight.between(sensor.made_at, sensor.last_reading_at, hours=home.solar_hours, zone=home.zone)
    is_open = (Cause.SOLAR_IDLE.value, sensor.synth_id) in was
    if light >= (IDLE_CLOSES if is_open else IDLE_OPENS):
        yield Finding(
            cause=Cause.SOLAR_IDLE,
            severity=Severity.SOON if light >= IDLE_IS_BAD else Severity.WATCH,
            since_at=sensor.made_at,
            subject=sensor.synth_id,
            data={"light_s": int(light.total_seconds()) // 3600 * 3600},
        )
