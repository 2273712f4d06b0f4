"""Know which stretch of a home's past an address asks for, and what comes before and after it.

An address is written by people and by programs: what it says is either understood exactly or
answered with a sentence at the field, and never guessed. Dates are the home's own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from gridshare_portal.energy import periods

VIEWS = ("day", "week", "month", "year", "range")
STEPS = ("quarter", "hour", "day", "month")
EARLIEST = date(2000, 1, 1)
LONGEST_DAYS = 400
# For how many days each step is offered; beyond, its bars would be too many or too few to read.
OFFERED = {"quarter": (1, 2), "hour": (1, 8), "day": (2, LONGEST_DAYS), "month": (32, LONGEST_DAYS)}
USUAL = {"day": "quarter", "week": "day", "month": "day", "year": "month"}

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class HistoryRange:
    """The days asked for, first and last included, and how finely they are to be shown."""

    view: str
    first: date
    last: date
    by: str

    @property
    def days(self) -> int:
        """Count the days, both ends included."""
        return (self.last - self.first).days + 1

    @property
    def steps(self) -> tuple[str, ...]:
        """Name the steps that so many days can be shown in, the finest first."""
        return tuple(step for step in STEPS if OFFERED[step][0] <= self.days <= OFFERED[step][1])

    @property
    def usual(self) -> str:
        """Name the step shown where the address names none."""
        if self.view in USUAL:
            return USUAL[self.view]
        return "quarter" if self.days <= 2 else "day" if self.days <= 62 else "month"

    def query(self, **other: str) -> str:
        """Return the address of this choice, or of the same with something else in it."""
        words: dict[str, str] = {"view": self.view}
        if self.view == "range":
            words |= {"from": self.first.isoformat(), "to": self.last.isoformat()}
        else:
            words |= {"day": self.first.isoformat()}
        if self.by != self.usual:
            words["by"] = self.by
        return urlencode(words | other)


@dataclass(frozen=True)
class HistoryQuery:
    """What became of an address: a choice, or for each field that is wrong what is wrong with it."""

    choice: HistoryRange | None
    faults: Mapping[str, str] = field(default_factory=dict)


def read(
    query: Mapping[str, list[str]], *, today: date, zone: ZoneInfo, beyond: Collection[str] = ()
) -> HistoryQuery:
    """Understand an address, whose fields each come as the list of values given for them.

    The days are those of clocks in `zone`, which may have left one out.

    Steps in `beyond` are taken for any number of days: a file may be longer than a picture.
    """
    reader = _Reader(query, today)
    view = reader.word("view", VIEWS, "day")
    if view == "range":
        first, last = reader.day("from"), reader.day("to")
        reader.check_order(first, last)
    else:
        first, last = whole(view, reader.day("day"))
    whole_days = periods.whole_days(first, last, zone)
    if whole_days.start == whole_days.end:
        reader.faults["from" if view == "range" else "day"] = f"Clocks in {zone.key} skipped that day."
    if reader.faults:
        return HistoryQuery(None, reader.faults)
    plain = HistoryRange(view, first, last, "")
    by = reader.word("by", STEPS, plain.usual)
    if by not in plain.steps and by not in beyond:
        reader.faults.setdefault("by", "So many days cannot be drawn in that step. Choose another.")
    return HistoryQuery(None if reader.faults else HistoryRange(view, first, last, by), reader.faults)


def parsed(value: str) -> date | None:
    """Return the day of the calendar that is written so in an address; None if there is none."""
    try:
        return date.fromisoformat(value) if _ISO.fullmatch(value) else None
    except ValueError:
        return None


def whole(view: str, day: date) -> tuple[date, date]:
    """Return the first and last date of the day, week, month or year that the date lies in."""
    if view == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    if view == "month":
        first = day.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if view == "year":
        return date(day.year, 1, 1), date(day.year, 12, 31)
    return day, day


def earlier(choice: HistoryRange, *, begins: date | None = None) -> HistoryRange | None:
    """Return the stretch of the same kind just before, or None where the past ends.

    `begins` is the day of the home's first reading, None while that is not known.
    """
    last = choice.first - timedelta(days=1)
    first = last - timedelta(days=choice.days - 1) if choice.view == "range" else whole(choice.view, last)[0]
    if first < EARLIEST or (begins is not None and last < begins):
        return None
    return _kept(choice, first, last)


def later(choice: HistoryRange, *, today: date) -> HistoryRange | None:
    """Return the stretch of the same kind just after, or None where it has not begun."""
    first = choice.last + timedelta(days=1)
    if first > today:
        return None
    if choice.view == "range":
        return _kept(choice, first, min(first + timedelta(days=choice.days - 1), today))
    return _kept(choice, first, whole(choice.view, first)[1])


def seen_as(choice: HistoryRange, view: str, *, today: date) -> HistoryRange:
    """Return what another view shows of the same time: today if it lies in it, else its first day."""
    if view == "range":
        return _usual(HistoryRange(view, choice.first, max(choice.first, min(choice.last, today)), ""))
    day = today if choice.first <= today <= choice.last else min(choice.first, today)
    return _usual(HistoryRange(view, *whole(view, day), ""))


def title(choice: HistoryRange) -> str:
    """Say which days these are."""
    if choice.view == "year":
        return f"{choice.first.year}"
    if choice.view == "month":
        return f"{choice.first:%B %Y}"
    if choice.first == choice.last:
        return f"{choice.first:%A} {choice.first.day} {choice.first:%B %Y}"
    return f"{_day(choice.first, choice.last)} to {choice.last.day} {choice.last:%B %Y}"


def _day(first: date, last: date) -> str:
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {first:%B}{year}"


def _usual(choice: HistoryRange) -> HistoryRange:
    return HistoryRange(choice.view, choice.first, choice.last, choice.usual)


def _kept(choice: HistoryRange, first: date, last: date) -> HistoryRange:
    other = HistoryRange(choice.view, first, last, choice.by)
    return other if choice.by in other.steps else _usual(other)


class _Reader:
    """Reads one field after the other, and keeps what is wrong with each."""

    def __init__(self, query: Mapping[str, list[str]], today: date) -> None:
        self._query = query
        self._today = today
        self.faults: dict[str, str] = {}

    def word(self, name: str, words: tuple[str, ...], usual: str) -> str:
        value = self._one(name)
        if value in ("", *words):
            return value or usual
        self.faults.setdefault(name, f"Choose one of: {', '.join(words)}.")
        return usual

    def day(self, name: str) -> date:
        value = self._one(name).strip()
        if not value:
            if name != "day":
                self.faults.setdefault(name, "Say which day, as in 2026-11-22.")
            return self._today
        day = parsed(value)
        if not _ISO.fullmatch(value):
            self.faults[name] = "Write the day as year, month, day, as in 2026-11-22."
        elif day is None:
            self.faults[name] = "That day is not in the calendar."
        elif day > self._today:
            self.faults[name] = "That day has not come yet."
        elif day < EARLIEST:
            self.faults[name] = f"That is before {EARLIEST.year}; there was nothing to read yet."
        return self._today if name in self.faults or day is None else day

    def check_order(self, first: date, last: date) -> None:
        if self.faults:
            return
        if last < first:
            self.faults["to"] = "The last day lies before the first."
        elif (last - first).days >= LONGEST_DAYS:
            self.faults["to"] = f"At most {LONGEST_DAYS} days can be shown at once."

    def _one(self, name: str) -> str:
        values = self._query.get(name, [])
        if len(values) > 1:
            self.faults.setdefault(name, "This was given more than once. Give it once.")
        return values[0] if len(values) == 1 else ""
