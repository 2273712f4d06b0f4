"""Answers as a service could give them, made from a day that is known."""

import functools
from datetime import UTC, datetime, timedelta

from gridshare_portal.probe.answers import Answer, buckets

START = datetime(2026, 6, 15, tzinfo=UTC)
END = START + timedelta(days=1)
NOW = datetime(2026, 6, 17, 19, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
BEFORE = timedelta(days=32)


def spelled(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def given(entries, **fields):
    return Answer(status=200, is_json=True, body={"entries": entries, **fields})


def refused(status, body=None):
    return Answer(status=status, is_json=body is not None, body=body)


def power_at(moment):
    """Watts of a grid meter: always changing, in both directions, never still."""
    hour = (moment - START) / timedelta(hours=1)
    return 1800 * ((hour % 7) - 3) + 40 * (hour % 1)


def entries(
    *,
    start=START,
    end=END,
    step=QUARTER,
    power=1.0,
    counters=1.0,
    charge=None,
    at_end=False,
    lag=0.0,
    began_wh=5000.0,
):
    """Entries of [start, end), from a truth in minutes: scaled, stamped and counted as asked.

    `lag` is how many buckets the counters lie behind: 0 as at a bucket's end, 1 as at its beginning.
    """
    found, at = [], start
    while at < end:
        read_at = at + step * (1 - lag)
        taken, given_wh = _counted(read_at)
        watts = _mean(at, at + step)
        entry = {
            "timestamp": spelled(at + step if at_end else at),
            "power_W": watts * power,
            "energy_Wh_increment": (began_wh + taken) * counters,
            "energy_Wh_decrement": -(began_wh + given_wh) * counters,
        }
        if charge is not None:
            entry["stateOfCharge_pct"] = charge(at)
        found.append(entry)
        at += step
    return found


def day(**how):
    return buckets(given(entries(**how)))


def _mean(start, end):
    (into, out), (taken, given_wh) = _counted(start), _counted(end)
    return (taken - into - (given_wh - out)) / ((end - start) / timedelta(hours=1))


def _counted(moment):
    """What went in and out (Wh) from a month before the start on."""
    return _sums()[round((moment - START + BEFORE) / timedelta(minutes=1))]


@functools.cache
def _sums():
    """In and out (Wh) minute by minute, from a month before the start on."""
    taken = out = 0.0
    sums = [(taken, out)]
    for minute in range(-(BEFORE // timedelta(minutes=1)), 60 * 60):
        watts = power_at(START + timedelta(minutes=minute))
        taken, out = taken + max(watts, 0.0) / 60, out + max(-watts, 0.0) / 60
        sums.append((taken, out))
    return sums
