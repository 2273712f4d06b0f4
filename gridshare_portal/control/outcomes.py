"""From what was asked, what the device says afterwards and what went wrong, to what is true. Pure.

confirmed: the device says so. contradicted: it says otherwise. unconfirmed: no answer yet, and it is read
again. refused: not permitted, or Lunar said no. failed: never sent, so it is safe to try again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridshare_portal.gridshare import errors, types

OPEN, CONFIRMED, CONTRADICTED, UNCONFIRMED, REFUSED, FAILED = (
    "open",
    "confirmed",
    "contradicted",
    "unconfirmed",
    "refused",
    "failed",
)
SETTLED = (CONFIRMED, CONTRADICTED, REFUSED, FAILED)
PAUSES = (
    timedelta(seconds=5),
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
)
# A gateway gives up after half a minute, so a write whose reply was lost is done by then, or never will be.
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

Asked = types.Mode | types.Plan | Mapping[str, str]
Read = types.Mode | types.Plan | types.Device


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a wish, as a word and a sentence; `message` and `code` are what Lunar said about it."""

    name: str
    sentence: str
    message: str = ""
    code: str = ""


def of_sending(error: errors.GridshareError) -> Outcome:
    """Return what is true after a write that ended in an error, before anything was read back."""
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
    asked: Asked, read: Read | None, *, now: datetime, lost_since: datetime | None = None
) -> Outcome:
    """Return what is true after the device was read.

    A read of None is no answer, and neither is a mode that the device does not know itself.

    `lost_since` is when a write was sent whose reply was lost. Until a minute later a device that says
    otherwise may only be slow.
    """
    if read is None or isinstance(read, types.Mode) and read.name == "Unknown":
        return Outcome(name=UNCONFIRMED, sentence=NOT_CONFIRMED)
    if agrees(asked, read, now=now):
        return Outcome(name=CONFIRMED, sentence=_confirmed(asked))
    if lost_since is not None and now - lost_since < LATE_AT_MOST:
        return Outcome(name=UNCONFIRMED, sentence=NOT_CONFIRMED)
    return Outcome(name=CONTRADICTED, sentence=_contradicted(asked, read))


def agrees(asked: Asked, read: Read, *, now: datetime) -> bool:
    """Say whether what the device says is what was asked."""
    if isinstance(asked, types.Mode):
        return isinstance(read, types.Mode) and asked.name.casefold() == read.name.casefold()
    if isinstance(asked, types.Plan):
        return isinstance(read, types.Plan) and same_plan(asked, read, now=now)
    return isinstance(read, types.Device) and all(
        (getattr(read, name) or "").strip() == value.strip() for name, value in asked.items()
    )


def same_plan(asked: types.Plan, read: types.Plan, *, now: datetime) -> bool:
    """Say whether two plans ask the same of a device from now on.

    Fields nobody has met, and differences of less than a minute, do not count; a power that was left open
    may have been filled in by the device. A service that knows no gaps holds in them, and one that has no
    word for following the mode leaves that out at both ends.
    """
    wanted, found = _coming(asked, now), _coming(read, now)
    if len(wanted) != len(found):
        found = [command for command in found if not _fills_a_gap(command, wanted)]
    return len(wanted) == len(found) and all(map(_same_command, wanted, found))


def next_look(attempts: int, *, now: datetime) -> datetime | None:
    """Return when to read again after so many looks, or None when it was looked often enough."""
    return now + PAUSES[attempts] if attempts < len(PAUSES) else None


def _coming(plan: types.Plan, now: datetime) -> list[types.Command]:
    ordered = sorted(plan.commands, key=lambda command: command.start)
    left = [command for command in ordered if command.end > now]
    while left and left[0].action == "follow":
        left = left[1:]
    while left and left[-1].action == "follow":
        left = left[:-1]
    return left


def _fills_a_gap(command: types.Command, wanted: Sequence[types.Command]) -> bool:
    between = wanted and wanted[0].end <= command.start and command.end <= wanted[-1].start
    apart = all(command.end <= other.start or other.end <= command.start for other in wanted)
    return bool(command.action == "hold" and between and apart)


def _same_command(asked: types.Command, read: types.Command) -> bool:
    a_minute = timedelta(minutes=1)
    same_times = abs(asked.start - read.start) < a_minute and abs(asked.end - read.end) < a_minute
    if asked.action.casefold() != read.action.casefold() or not same_times:
        return False
    if asked.power_limit_w is None:
        return True
    return read.power_limit_w is not None and abs(asked.power_limit_w - read.power_limit_w) <= 1.0


def _confirmed(asked: Asked) -> str:
    if isinstance(asked, types.Mode):
        return f"The device says that it is in {asked.name} mode now."
    if isinstance(asked, types.Plan):
        return (
            "The device has this plan."
            if asked.commands
            else "The plan is gone. The device follows its mode."
        )
    return "The device's details are as you wrote them."


def _contradicted(asked: Asked, read: Read) -> str:
    if isinstance(read, types.Mode):
        return f"The change was sent, but the device says that it is in {read.name} mode."
    if isinstance(read, types.Plan):
        has = "another plan" if read.commands else "no plan"
        return f"The change was sent, but the device says that it has {has}."
    return "The change was sent, but the device still says otherwise."
