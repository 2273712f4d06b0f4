"""Local times to moments and back, where the clocks change: a local time can be skipped or come twice.

Neither case is guessed; both raise with a sentence for the form.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


class NoSuchMoment(ValueError):
    """The local time is not exactly one moment; the text says why and what to do."""


def to_utc(shown: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment of a local time; one with an offset is a moment already. Raises NoSuchMoment."""
    if shown.tzinfo is not None:
        return shown.astimezone(UTC)
    first, second = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    if first < second:
        raise NoSuchMoment(_twice(shown, zone, first, second))
    raise NoSuchMoment(_not_there(shown, zone, second, first))


def to_local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the local time; with its offset in the hour that comes twice, else without."""
    local = moment.astimezone(zone)
    shown = local.replace(tzinfo=None, fold=0)
    other = shown.replace(tzinfo=zone, fold=1 - local.fold)
    return shown if other.astimezone(UTC) == moment.astimezone(UTC) else local


def _twice(shown: datetime, zone: ZoneInfo, first: datetime, second: datetime) -> str:
    end, again = _before_and_after(_switch(zone, first, second), zone)
    return (
        f"On {_day(shown)} {shown:%H:%M} comes twice, because the clocks go back from {end:%H:%M} to "
        f"{again:%H:%M}. Choose a time before {again:%H:%M} or from {end:%H:%M} on."
    )


def _not_there(shown: datetime, zone: ZoneInfo, before: datetime, after: datetime) -> str:
    start, end = _before_and_after(_switch(zone, before, after), zone)
    return (
        f"On {_day(shown)} there is no {shown:%H:%M}, because the clocks go forward from {start:%H:%M} to "
        f"{end:%H:%M}. Choose a time before {start:%H:%M} or from {end:%H:%M} on."
    )


def _switch(zone: ZoneInfo, earlier: datetime, later: datetime) -> datetime:
    """Return the moment between the two at which the clocks change, to the second."""
    before = earlier.astimezone(zone).utcoffset()
    while later - earlier > timedelta(seconds=1):
        middle = earlier + (later - earlier) / 2
        if middle.astimezone(zone).utcoffset() == before:
            earlier = middle
        else:
            later = middle
    return later.replace(microsecond=0)


def _before_and_after(switch: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the local time at the change by the old offset, and by the new one."""
    margin = timedelta(seconds=2)
    before = (switch - margin).astimezone(zone).replace(tzinfo=None) + margin
    return before, switch.astimezone(zone).replace(tzinfo=None)


def _day(shown: datetime) -> str:
    return f"{shown:%A, %B} {shown.day}"
