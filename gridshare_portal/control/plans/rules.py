"""The rules of an overlay plan and the sentences that refuse one. Pure.

The API's limits are not published; these are the portal's own, stricter than any known of the service.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, NotRequired, TypedDict
from zoneinfo import ZoneInfo

from gridshare_portal.control.plans import clocks
from gridshare_portal.gridshare import types

ACTIONS = ("charge", "discharge", "hold", "follow")
COMMANDS_AT_MOST = 48
LONGEST = timedelta(hours=24)
SHORTEST = timedelta(minutes=1)
LATE_AT_MOST = timedelta(minutes=5)
AHEAD_AT_MOST = timedelta(days=7)
POWER_OF_NO_HOME_W = 1_000_000.0
EVERY_WORD = types.PlanWords()
NO_WORD = {
    "follow": "This home’s system has no word for following the home’s use. Outside its rows, a plan "
    "leaves the battery to its mode.",
}
NEEDS_POWER = "This home’s system cannot discharge without a power. Say how many watts at most."

NO_PLAN = types.Plan()
UNREAD = types.Unusable(where="commands", why="cannot be read")  # in a stored plan, which keeps their number


@dataclass(frozen=True, kw_only=True)
class TypedCommand:
    """One row of the form, in local time; None where nothing was filled in. Power in W."""

    start: datetime | None
    end: datetime | None
    action: str
    power_limit_w: float | None = None


class KeptCommand(TypedDict):
    """One command as JSON; moments in ISO 8601, in UTC or without an offset. Power in W."""

    start: str
    end: str
    action: str
    power_limit_w: float | None


class KeptPlan(TypedDict):
    """A plan as JSON; `unread` is how many more commands it has that could not be read."""

    commands: list[KeptCommand]
    unread: NotRequired[int]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with a row (counted from 0) at a field; `row` is None for the whole plan."""

    row: int | None
    field: str
    sentence: str


class _Placed(NamedTuple):
    row: int
    start: datetime
    end: datetime


def faults(
    rows: Sequence[TypedCommand],
    *,
    now: datetime,
    zone: ZoneInfo,
    limit_w: float | None = None,
    words: types.PlanWords = EVERY_WORD,
) -> list[Fault]:
    """Return everything that is wrong with a plan, row by row and then as a whole. Limits in W.

    `words` are what the service can say.
    """
    found: list[Fault] = []
    for number, row in enumerate(rows):
        found += _row_faults(number, row, now, zone, limit_w)
        found += _unsaid(number, row, words)
    if len(rows) > COMMANDS_AT_MOST:
        sentence = f"A plan has at most {COMMANDS_AT_MOST} rows. Remove {len(rows) - COMMANDS_AT_MOST}."
        found.append(Fault(row=None, field="", sentence=sentence))
    placed = sorted(_placed(rows, zone), key=lambda place: (place.start, place.row))
    return found + _overlaps(placed, zone) + _too_long(placed)


def fault_of(
    plan: types.Plan,
    *,
    now: datetime,
    limit_w: float | None = None,
    words: types.PlanWords = EVERY_WORD,
) -> str:
    """Return the first fault of a plan as a sentence, or ""."""
    utc = ZoneInfo("UTC")
    found = faults(rows_of(plan, zone=utc), now=now, zone=utc, limit_w=limit_w, words=words)
    return found[0].sentence if found else ""


def plan_of(rows: Iterable[TypedCommand], *, zone: ZoneInfo) -> types.Plan:
    """Return the plan of rows without faults, in order of time."""
    commands = [
        types.Command(
            start=clocks.to_utc(filled_in(row.start), zone),
            end=clocks.to_utc(filled_in(row.end), zone),
            action=row.action,
            power_limit_w=None if row.power_limit_w is None else row.power_limit_w + 0.0,
        )
        for row in rows
    ]
    return types.Plan(commands=tuple(sorted(commands, key=lambda command: command.start)))


def rows_of(plan: types.Plan, *, zone: ZoneInfo) -> list[TypedCommand]:
    """Return a plan as rows of the form, in local time."""
    return [
        TypedCommand(
            start=clocks.to_local(command.start, zone),
            end=clocks.to_local(command.end, zone),
            action=command.action,
            power_limit_w=command.power_limit_w,
        )
        for command in plan.commands
    ]


def rest_of(plan: types.Plan, *, now: datetime) -> types.Plan:
    """Return what is still ahead of a plan; a command that runs now begins at this minute."""
    left = [command for command in plan.commands if command.end - now >= SHORTEST]
    begun = now.replace(second=0, microsecond=0)
    return types.Plan(commands=tuple(replace(one, start=max(one.start, begun)) for one in left))


def fingerprint(plan: types.Plan) -> str:
    """Return 32 hex digits that are equal exactly for plans that are the same to a device."""
    unread = [len(plan.unusable)] if plan.unusable else []
    commands = sorted(plan.commands, key=lambda command: (command.start, command.end, command.action))
    canonical = json.dumps([*(_comparable(command) for command in commands), *unread])
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def to_json(plan: types.Plan) -> KeptPlan:
    """Return a plan as JSON: moments in ISO 8601 and UTC, power in W."""
    commands = [kept(one, one.start.astimezone(UTC), one.end.astimezone(UTC)) for one in plan.commands]
    return {"commands": commands, "unread": len(plan.unusable)} if plan.unusable else {"commands": commands}


def kept(command: types.Command | TypedCommand, start: datetime, end: datetime) -> KeptCommand:
    """Return one command as JSON with these moments, power in W or None."""
    return {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "action": command.action,
        "power_limit_w": command.power_limit_w,
    }


def from_json(kept: KeptPlan) -> types.Plan:
    """Return the plan that to_json wrote; raises KeyError or ValueError for anything else."""
    return types.Plan(
        commands=tuple(
            types.Command(
                start=datetime.fromisoformat(command["start"]),
                end=datetime.fromisoformat(command["end"]),
                action=command["action"],
                power_limit_w=command["power_limit_w"],
            )
            for command in kept["commands"]
        ),
        unusable=(UNREAD,) * kept.get("unread", 0),
    )


def _row_faults(
    number: int, row: TypedCommand, now: datetime, zone: ZoneInfo, limit_w: float | None
) -> Iterable[Fault]:
    if row.action not in ACTIONS:
        yield Fault(row=number, field="action", sentence="Choose charge, discharge, hold or follow.")
    start, no_start = _moment(row.start, zone, "When should it start?")
    end, no_end = _moment(row.end, zone, "When should it end?")
    found = {
        "start": no_start if start is None else _start_fault(start, now),
        "end": no_end if end is None else _end_fault(start, end, now),
        "power_limit_w": _power_fault(row, limit_w),
    }
    for field, sentence in found.items():
        if sentence:
            yield Fault(row=number, field=field, sentence=sentence)


def _unsaid(number: int, row: TypedCommand, words: types.PlanWords) -> Iterable[Fault]:
    if row.action in ACTIONS and row.action not in words.actions:
        yield Fault(row=number, field="action", sentence=NO_WORD[row.action])
    if row.action in words.need_power and row.power_limit_w is None:
        yield Fault(row=number, field="power_limit_w", sentence=NEEDS_POWER)


def _moment(shown: datetime | None, zone: ZoneInfo, question: str) -> tuple[datetime | None, str]:
    if shown is None:
        return None, question
    try:
        return clocks.to_utc(shown, zone), ""
    except clocks.NoSuchMoment as fault:
        return None, str(fault)
    except OverflowError:
        return None, "Choose a day in the coming week."


def filled_in(shown: datetime | None) -> datetime:
    """Return a row's moment; raises ValueError where nothing was filled in, which faults() says."""
    if shown is None:
        raise ValueError("a row without its times has a fault, and asks for nothing")
    return shown


def _start_fault(start: datetime, now: datetime) -> str:
    if start < now - LATE_AT_MOST:
        return "This start has already passed."
    return "Plans reach at most 7 days ahead." if start > now + AHEAD_AT_MOST else ""


def _end_fault(start: datetime | None, end: datetime, now: datetime) -> str:
    if start is not None and end <= start:
        return "The end must come after the start."
    if start is not None and end - start < SHORTEST:
        return "Make it at least one minute long."
    return "Plans reach at most 7 days ahead." if end > now + AHEAD_AT_MOST + LONGEST else ""


def _power_fault(row: TypedCommand, limit_w: float | None) -> str:
    power_w = row.power_limit_w
    if power_w is None:
        return ""
    if not math.isfinite(power_w):
        return "Enter the power as a number of watts."
    if power_w < 0:
        return "The power cannot be below 0. Whether it goes in or out is said by charge or discharge."
    if power_w == 0 and row.action in ("charge", "discharge"):
        return "At most 0 W would do nothing. Choose hold, or a power above 0."
    if limit_w is not None and power_w > limit_w:
        return f"This device can do at most {limit_w:,.0f} W."
    return "No home has that much power." if power_w > POWER_OF_NO_HOME_W else ""


def _placed(rows: Sequence[TypedCommand], zone: ZoneInfo) -> Iterable[_Placed]:
    for number, row in enumerate(rows):
        start, _ = _moment(row.start, zone, "")
        end, _ = _moment(row.end, zone, "")
        if start is not None and end is not None and start < end:
            yield _Placed(number, start, end)


def _overlaps(placed: Sequence[_Placed], zone: ZoneInfo) -> list[Fault]:
    found, latest = [], None
    for place in placed:
        if latest is not None and place.start < latest.end:
            until = latest.end.astimezone(zone)
            sentence = f"Row {latest.row + 1} still runs then, until {until:%H:%M}. Two rows cannot overlap."
            found.append(Fault(row=place.row, field="start", sentence=sentence))
        if latest is None or place.end > latest.end:
            latest = place
    return found


def _too_long(placed: Sequence[_Placed]) -> list[Fault]:
    if not placed:
        return []
    last = max(placed, key=lambda place: place.end)
    if last.end - placed[0].start <= LONGEST:
        return []
    sentence = "A plan lasts at most 24 hours, from the first start to the last end."
    return [Fault(row=last.row, field="end", sentence=sentence)]


def _comparable(command: types.Command) -> list[int | float | str | None]:
    moments = [round(moment.timestamp()) for moment in (command.start, command.end)]
    power_w = command.power_limit_w
    return [*moments, command.action, None if power_w is None else round(power_w + 0.0, 3)]
