"""Outcomes of a write, from what was wanted, what the device reports afterwards and what went wrong. Pure.

confirmed: the device reports it. contradicted: it reports otherwise. unconfirmed: not known yet, read again
later. refused: not permitted, or Lunar said no. failed: never sent, safe to try again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridshare_portal.gridshare import errors, types

OPEN, CONFIRMED, CONTRADICTED = "open", "confirmed", "contradicted"
UNCONFIRMED, REFUSED, FAILED = "unconfirmed", "refused", "failed"
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 1800))
# A gateway times out after half a minute: a write whose reply was lost has happened by then, or never will.
LATE_AT_MOST = timedelta(minutes=1)

NEVER_SENT = "Nothing was sent to the device. It is safe to try again."
NOT_CONFIRMED = (
    "The change was sent, but it could not be confirmed yet. The portal looks again by itself and never "
    "sends it twice."
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

Wanted = types.Mode | types.Plan | Mapping[str, str]
Read = types.Mode | types.Plan | types.Device


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An outcome's name and its sentence for the page; `message` and `code` are Lunar's own."""

    name: str
    sentence: str
    message: str = ""
    code: str = ""


def of_sending(error: errors.GridshareError) -> Outcome:
    """Return the outcome of a write that ended in an error, before anything was read back."""
    if error.may_have_happened:
        return Outcome(name=UNCONFIRMED, sentence=NOT_CONFIRMED)
    said = {"message": error.message, "code": error.code or ""}
    if isinstance(error, errors.Forbidden):
        sentence = "Lunar did not allow this change. Nothing was changed."
    elif isinstance(error, errors.Unauthorized):
        sentence = (
            "Lunar no longer lets the portal in. Connect again, then try once more. Nothing was changed."
        )
    elif isinstance(error, errors.Malformed | errors.NotFound | errors.Unprocessable):
        sentence = "Lunar refused this change. Nothing was changed."
    elif isinstance(error, errors.TooManyRequests):
        return Outcome(name=FAILED, sentence="Lunar is too busy at the moment. " + NEVER_SENT)
    else:
        return Outcome(name=FAILED, sentence=NEVER_SENT)
    return Outcome(name=REFUSED, sentence=sentence, **said)


def of_reading(
    wanted: Wanted, read: Read | None, *, now: datetime, lost_since: datetime | None = None
) -> Outcome:
    """Return the outcome after a read-back; one that does not say what was asked for leaves it unconfirmed.

    `lost_since` is when a write was sent whose reply was lost. For LATE_AT_MOST from then on, a device that
    reports otherwise may only be slow.
    """
    if read is None or _says_nothing(wanted, read):
        return Outcome(name=UNCONFIRMED, sentence=NOT_CONFIRMED)
    if agrees(wanted, read, now=now):
        return Outcome(name=CONFIRMED, sentence=_confirmed(wanted))
    if lost_since is not None and now - lost_since < LATE_AT_MOST:
        return Outcome(name=UNCONFIRMED, sentence=NOT_CONFIRMED)
    return Outcome(name=CONTRADICTED, sentence=_contradicted(read))


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
    """Return whether two plans are the same to a device from now on.

    Unknown fields and differences under a minute do not count, and a power that was left open may have been
    filled in. Some services fill gaps with hold, or leave out follow at either end. A plan that is known in
    part is not known to be the same as any.
    """
    if wanted.unusable or read.unusable:
        return False
    ahead, found = _ahead(wanted, now), _ahead(read, now)
    if len(ahead) != len(found):
        found = [command for command in found if not _fills_a_gap(command, ahead)]
    return len(ahead) == len(found) and all(map(_same_command, ahead, found))


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


def _same_command(wanted: types.Command, read: types.Command) -> bool:
    a_minute = timedelta(minutes=1)
    same_times = abs(wanted.start - read.start) < a_minute and abs(wanted.end - read.end) < a_minute
    if wanted.action.casefold() != read.action.casefold() or not same_times:
        return False
    if wanted.power_limit_w is None:
        return True
    return read.power_limit_w is not None and abs(wanted.power_limit_w - read.power_limit_w) <= 1.0


def _confirmed(wanted: Wanted) -> str:
    if isinstance(wanted, types.Mode):
        return f"The device says that it is in {wanted.name} mode now."
    if isinstance(wanted, types.Plan):
        gone = "The plan is gone. The device follows its mode."
        return "The device has this plan." if wanted.commands else gone
    return "The device's details are as you wrote them."


def _contradicted(read: Read) -> str:
    if isinstance(read, types.Mode):
        return f"The change was sent, but the device says that it is in {read.name} mode."
    if isinstance(read, types.Plan):
        has = "another plan" if read.commands else "no plan"
        return f"The change was sent, but the device says that it has {has}."
    return "The change was sent, but the device still says otherwise."
