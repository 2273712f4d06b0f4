"""Outcomes of a write, from what was wanted, what the device reports afterwards and what went wrong. Pure.

confirmed: the device reported it. contradicted: it still reports something else when it can no longer become
true. overtaken: a later change of the same took its place. unconfirmed: not known yet, read again later.
refused: not permitted, or Lunar said no. failed: never sent, or it never took; safe to try again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridshare_portal.gridshare import errors, types

OPEN, CONFIRMED, CONTRADICTED = "open", "confirmed", "contradicted"
UNCONFIRMED, REFUSED, FAILED, OVERTAKEN = "unconfirmed", "refused", "failed", "overtaken"
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 40, 60, 180, 600, 1200))
# A gateway times out after half a minute: a write whose reply was lost has happened by then, or never will.
# A device then has as long again and more to show it. One that Lunar took is looked for to the last pause.
LATE_AT_MOST = timedelta(minutes=2)
SAME_LIMIT_W = 120.0  # devices keep a power in steps: of 100 W, of per cents, of amperes at 240 V

NEVER_SENT = "Nothing was sent to the device. It is safe to try again."
NOTHING_SENT = "Nothing was sent."
NOT_YET = "That may take a while. The portal looks again by itself and never sends the change twice."
NOT_CONFIRMED = (
    "The change was sent, but it could not be confirmed yet. The portal looks again by itself and never "
    "sends it twice."
)
OVER_UNCONFIRMED = (
    "The change was sent, but the plan was over before the device could be read. Nobody here knows whether "
    "it was followed."
)
STAYS_UNCONFIRMED = (
    "The change was sent, but it could not be confirmed. The portal has stopped looking; what the device "
    "does now is shown on the page of this home."
)
PLAN_CHANGED = (
    "The plan was changed after the page was opened, so the new one was not sent. Look at the plan as it is "
    "now, and try again."
)
NOT_LOOKED = "The plan could not be looked at first, so the new one was not sent. It is safe to try again."

DID_NOT_TAKE = "The device reported what it had before, so this change did not take. It is safe to try again."
WAS_OVERTAKEN = "A later change took the place of this one before the device had confirmed it."

Wanted = types.Mode | types.Plan | Mapping[str, str]
Read = types.Mode | types.Plan | types.Device


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An outcome's name and its sentence for the page; `message` and `code` are Lunar's own.

    `was_sent` is False where it is known that nothing left the portal or that Lunar handed nothing on.
    """

    name: str
    sentence: str
    message: str = ""
    code: str = ""
    was_sent: bool = True


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What is known of a write beside what the device reports now.

    `before` is what the device reported before it, None where nobody could look. `later` are the changes of
    the same that were sent since. `looks_again` says that this was not the last time to look.
    """

    at: datetime
    was_accepted: bool
    before: Wanted | None = None
    later: Sequence[Wanted] = ()
    looks_again: bool = True


def of_sending(error: errors.GridshareError) -> Outcome:
    """Return the outcome of a write that ended in an error, before anything was read back."""
    if error.may_have_happened:
        return Outcome(name=UNCONFIRMED, sentence=NOT_CONFIRMED)
    if isinstance(error, errors.NotExpressible):
        return Outcome(name=REFUSED, sentence=f"{error.message} {NOTHING_SENT}", was_sent=False)
    if isinstance(error, errors.Forbidden):
        sentence = "Lunar did not allow this change. Nothing was changed."
    elif isinstance(error, errors.Unauthorized):
        sentence = (
            "Lunar no longer lets the portal in. Connect again, then try once more. Nothing was changed."
        )
    elif isinstance(error, errors.Malformed | errors.NotFound | errors.Unprocessable):
        sentence = "Lunar refused this change. Nothing was changed."
    elif isinstance(error, errors.TooManyRequests):
        busy = "Lunar is too busy at the moment. " + NEVER_SENT
        return Outcome(name=FAILED, sentence=busy, was_sent=False)
    else:
        return Outcome(name=FAILED, sentence=NEVER_SENT, was_sent=False)
    return Outcome(name=REFUSED, sentence=sentence, message=error.message, code=error.code or "")


def of_reading(wanted: Wanted, read: Read | None, *, sent: Sent, now: datetime) -> Outcome:
    """Return the outcome after a read-back; what may still become true stays unconfirmed.

    A device that reports what it had before, when the time to show the change is over, never took it.
    """
    if is_over(wanted, now=now):
        return Outcome(name=UNCONFIRMED, sentence=OVER_UNCONFIRMED)
    if read is None or _says_nothing(wanted, read):
        sentence = NOT_CONFIRMED if sent.looks_again else STAYS_UNCONFIRMED
        return Outcome(name=UNCONFIRMED, sentence=sentence)
    if agrees(wanted, read, now=now):
        return Outcome(name=CONFIRMED, sentence=_confirmed(wanted, read))
    if any(agrees(one, read, now=now) for one in sent.later):
        return Outcome(name=OVERTAKEN, sentence=WAS_OVERTAKEN)
    if sent.looks_again and (sent.was_accepted or now - sent.at < LATE_AT_MOST):
        return Outcome(name=UNCONFIRMED, sentence=f"{_reported(read)} {NOT_YET}")
    if sent.later:
        return Outcome(name=OVERTAKEN, sentence=WAS_OVERTAKEN)
    if sent.before is not None and agrees(sent.before, read, now=now):
        return Outcome(name=FAILED, sentence=DID_NOT_TAKE)
    return Outcome(name=CONTRADICTED, sentence=f"The change was sent. {_reported(read)}")


def is_over(wanted: Wanted, *, now: datetime) -> bool:
    """Return whether a plan has run to its end, so that a device without a plan says nothing about it."""
    if not isinstance(wanted, types.Plan):
        return False
    acting = [command for command in wanted.commands if command.action != "follow"]
    return bool(acting) and all(command.end <= now for command in acting)


def _says_nothing(wanted: Wanted, read: Read) -> bool:
    """Return whether the device answers and leaves open what was asked for: unknown is not otherwise."""
    if isinstance(read, types.Mode):
        return read.name == "Unknown"
    if isinstance(read, types.Plan):
        return bool(read.unusable) or any(command.action == "unknown" for command in read.commands)
    details = wanted.items() if isinstance(wanted, Mapping) else ()
    return any(value.strip() and getattr(read, name) is None for name, value in details)


def agrees(wanted: Wanted, read: Read, *, now: datetime) -> bool:
    """Return whether a device reads back what was wanted: a mode, the rest of a plan, or all details."""
    if isinstance(wanted, types.Mode):
        return isinstance(read, types.Mode) and wanted.name.casefold() == read.name.casefold()
    if isinstance(wanted, types.Plan):
        return isinstance(read, types.Plan) and same_plan(wanted, read, now=now)
    return isinstance(read, types.Device) and all(
        (getattr(read, name) or "").strip() == value.strip() for name, value in wanted.items()
    )


def same_plan(wanted: types.Plan, read: types.Plan, *, now: datetime) -> bool:
    """Return whether a device that reports `read` has the plan `wanted`, from now on.

    Order, unknown fields and differences under a minute do not count. A power limit counts within
    SAME_LIMIT_W, where both name one: some devices round it, fill in one that was left open, or report none.
    Some services fill gaps with hold, or leave out follow at either end. A plan that is known in part is not
    known to be the same as any.
    """
    return _same(wanted, read, now, _same_limit)


def unchanged(earlier: types.Plan, later: types.Plan, *, now: datetime) -> bool:
    """Return whether two readings of a device show one plan, from now on: here every limit counts."""
    return _same(earlier, later, now, _equal_limit)


def next_read_back_at(attempts: int, *, now: datetime) -> datetime | None:
    """Return when to read again after so many read-backs, or None after the last."""
    return now + PAUSES[attempts] if attempts < len(PAUSES) else None


def _ahead(plan: types.Plan, now: datetime) -> list[types.Command]:
    ordered = sorted(plan.commands, key=lambda command: command.start)
    left = [command for command in ordered if command.end > now]
    acting = [place for place, command in enumerate(left) if command.action != "follow"]
    return left[acting[0] : acting[-1] + 1] if acting else []


def _fills_a_gap(command: types.Command, wanted: Sequence[types.Command]) -> bool:
    between = wanted and wanted[0].end <= command.start and command.end <= wanted[-1].start
    apart = all(command.end <= other.start or other.end <= command.start for other in wanted)
    return bool(command.action == "hold" and between and apart)


def _same(
    wanted: types.Plan,
    read: types.Plan,
    now: datetime,
    same_limit: Callable[[float | None, float | None], bool],
) -> bool:
    if wanted.unusable or read.unusable:
        return False
    ahead, found = _ahead(wanted, now), _ahead(read, now)
    if len(ahead) != len(found):
        found = [command for command in found if not _fills_a_gap(command, ahead)]
    return len(ahead) == len(found) and all(
        _same_command(mine, theirs) and same_limit(mine.power_limit_w, theirs.power_limit_w)
        for mine, theirs in zip(ahead, found, strict=True)
    )


def _same_command(wanted: types.Command, read: types.Command) -> bool:
    a_minute = timedelta(minutes=1)
    same_times = abs(wanted.start - read.start) < a_minute and abs(wanted.end - read.end) < a_minute
    return wanted.action.casefold() == read.action.casefold() and same_times


def _same_limit(wanted_w: float | None, read_w: float | None) -> bool:
    if wanted_w is None or read_w is None:
        return True
    is_zero = not wanted_w, not read_w  # at most 0 W is to stand still, which no step of a device makes equal
    return is_zero[0] == is_zero[1] and abs(wanted_w - read_w) <= SAME_LIMIT_W


def _equal_limit(earlier_w: float | None, later_w: float | None) -> bool:
    if earlier_w is None or later_w is None:
        return earlier_w is later_w
    return abs(earlier_w - later_w) <= 1.0


def _confirmed(wanted: Wanted, read: Read) -> str:
    if isinstance(wanted, types.Mode):
        return f"The device reported {wanted.name} mode."
    if not isinstance(wanted, types.Plan) or not isinstance(read, types.Plan):
        return "The device’s details are as you wrote them."
    if not wanted.commands:
        return "The device reported no plan, so it follows its mode."
    if _limits(wanted) and not _limits(read):
        return "The device reported this plan, but no power limit: nobody here knows whether it keeps to it."
    return "The device reported this plan."


def _limits(plan: types.Plan) -> list[float]:
    return [command.power_limit_w for command in plan.commands if command.power_limit_w is not None]


def _reported(read: Read) -> str:
    if isinstance(read, types.Mode):
        return f"The device reported {read.name} mode."
    if isinstance(read, types.Plan):
        return f"The device reported {'another plan' if read.commands else 'no plan'}."
    return "The device reported other details."
