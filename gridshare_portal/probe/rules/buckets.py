"""Which buckets a sensor's readings come in: their step, where they lie, which end they are stamped at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from gridshare_portal.probe import findings
from gridshare_portal.probe.answers import Bucket, step_of
from gridshare_portal.probe.findings import Finding

STEP = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
START, END = "start", "end"
SURE = 0.5  # the better of two explanations leaves at most half of the other's error
SUBJECT = "Buckets"


def step(found: Sequence[Bucket], *, asked: timedelta = STEP) -> Finding:
    """Say whether buckets are as long as was asked."""
    served = step_of(found)
    if served is None:
        return findings.unknown(SUBJECT, "step_unknown", "There were too few readings to see their step.")
    if served == asked:
        return findings.expected(SUBJECT, "step_as_asked", f"Asked for {_said(asked)}, got {_said(served)}.")
    word = "coarser" if served > asked else "finer"
    return findings.different(SUBJECT, word, f"Asked for {_said(asked)}, got {_said(served)}: {word}.")


def alignment(found: Sequence[Bucket]) -> Finding:
    """Say whether buckets begin at whole multiples of their step in UTC."""
    served = step_of(found)
    if served is None or served <= timedelta(0):
        return findings.unknown(SUBJECT, "alignment_unknown", "Where buckets begin could not be seen.")
    off = {timedelta(seconds=bucket.at.timestamp() % served.total_seconds()) for bucket in found}
    if off == {timedelta(0)}:
        return findings.expected(SUBJECT, "aligned", f"Buckets begin at whole {_said(served)} of UTC.")
    if len(off) == 1:
        sentence = f"Buckets begin {_said(off.pop())} after whole {_said(served)} of UTC."
        return findings.different(SUBJECT, "shifted", sentence)
    return findings.different(SUBJECT, "unaligned", "Buckets begin at no regular moments.")


def stamp(
    day: Sequence[Bucket], hours: Sequence[Bucket], *, start: datetime, end: datetime, now: datetime
) -> Finding:
    """Say which end of a bucket its timestamp stands for.

    `hours` are the same readings in a longer step: their means tell which quarters they were made of, also
    where a service chooses by its stamps. Else the ends of the stretch asked for tell, or a stamp to come.
    """
    side = _side_by_means(day, hours) or _side_by_ends(day, start=start, end=end)
    if any(bucket.at > now for bucket in day):
        side = END
    if side == START:
        return findings.expected(SUBJECT, "start_stamps", "A timestamp is the start of its bucket.")
    if side == END:
        sentence = "A timestamp is the END of its bucket, so readings would be shown one bucket late."
        return findings.different(SUBJECT, "end_stamps", sentence)
    return findings.unknown(
        SUBJECT, "stamps_unknown", "Whether a timestamp is the start or the end of its bucket is not known."
    )


def complete(found: Sequence[Bucket], *, start: datetime, end: datetime) -> Finding:
    """Say how many buckets of a finished day are there."""
    served = step_of(found) or STEP
    whole, here = round((end - start) / served), len(found)
    if here >= whole > 0:
        return findings.expected(SUBJECT, "complete", f"A finished day has all {whole} buckets.")
    return findings.different(SUBJECT, "incomplete", f"A finished day has {here} of {whole} buckets.")


def nulls(found: Iterable[Sequence[Bucket]]) -> Finding:
    """Say whether a missing value is told as null."""
    count = sum(bucket.nulls for one in found for bucket in one)
    if not count:
        return findings.expected(SUBJECT, "no_nulls", "No value is null: what is missing is left out.")
    return findings.different(SUBJECT, "nulls", f"{count} values of a finished day are null.")


def newest(recent: Mapping[str, Sequence[Bucket]], *, now: datetime) -> list[Finding]:
    """Say how old the newest readings are, and whether the youngest of them are only zeros for now."""
    last = [found[-1].at for found in recent.values() if found]
    if not last:
        return [findings.unknown(SUBJECT, "newest_unknown", "Nothing came of the last hours.")]
    minutes = max(0, round((now - max(last)).total_seconds() / 60))
    age = findings.expected(SUBJECT, "newest", f"The newest timestamp was {minutes} minutes old.")
    zeros = [run for run in map(_zeros, recent.values()) if run is not None]
    agreed = zeros and all(run for run in zeros) and (len(zeros) > 1 or _counts_on(recent))
    if not agreed:
        return [
            age,
            findings.expected(SUBJECT, "final", "The newest readings are not zeros for the time being."),
        ]
    young = round(min(_minutes(run) for run in zeros))
    sentence = f"Power is 0 in the newest {young} minutes of every sensor: those readings are provisional."
    return [age, findings.different(SUBJECT, "provisional", sentence)]


def _side_by_means(day: Sequence[Bucket], hours: Sequence[Bucket]) -> str | None:
    short, long = step_of(day), step_of(hours)
    if short is None or long is None or long <= short or long % short:
        return None
    power = {bucket.at: bucket.power for bucket in day}
    off = {START: 0.0, END: 0.0}
    for hour in hours:
        for side in off:
            first = hour.at if side == START else hour.at - long + short
            parts = [power.get(first + number * short) for number in range(long // short)]
            known = [part for part in parts if part is not None]
            if hour.power is not None and len(known) == len(parts):
                off[side] += abs(hour.power - sum(known) / len(known))
    better, worse = sorted(off, key=off.__getitem__)
    return better if off[worse] > 1 and off[better] < SURE * off[worse] else None


def _side_by_ends(day: Sequence[Bucket], *, start: datetime, end: datetime) -> str | None:
    length = step_of(day)
    if length is None:
        return None
    first, last = day[0].at, day[-1].at
    if first == start and last == end - length:
        return START
    return END if first == start + length and last == end else None


def _zeros(found: Sequence[Bucket]) -> list[Bucket] | None:
    """Return the zeros at the end of a sensor's readings; None of a sensor that was at rest before, too."""
    run: list[Bucket] = []
    for bucket in reversed(found):
        if bucket.power != 0:
            break
        run.append(bucket)
    if len(run) == len(found):
        return None
    return run if len(run) > 1 else []


def _counts_on(recent: Mapping[str, Sequence[Bucket]]) -> bool:
    """Return whether counters grow although power is told as 0."""
    for found in recent.values():
        run = _zeros(found) or []
        counted = [(abs(one.taken or 0.0), abs(one.given or 0.0)) for one in run]
        if len(set(counted)) > 1:
            return True
    return False


def _minutes(run: Sequence[Bucket]) -> float:
    length = step_of(run[::-1]) or STEP
    return len(run) * length.total_seconds() / 60


def _said(length: timedelta) -> str:
    minutes = length.total_seconds() / 60
    if length == DAY:
        return "1 day"
    return f"{minutes / 60:g} h" if minutes >= 60 and minutes % 60 == 0 else f"{minutes:g} min"
