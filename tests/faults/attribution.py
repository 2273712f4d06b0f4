"""Which change a write at a device belongs to. Pure.

A plan or a serial number is asked for once in a history, so it tells by itself. A mode is asked for many times, and a
write that hung may arrive after the next was sent: there, writes and changes are paired so that as many changes as
possible that are called confirmed have a write of their own, sent before it and taken before it was settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.faults.history import Change, History, Taken

SLACK_S = 2.0  # between two programs' notes of one moment
Pairs = list[tuple[Taken, Change | None]]


def of(history: History) -> Pairs:
    """Return each write with its change; None where nobody says that it was sent."""
    sent = [change for change in history.changes if change.sent_at is not None]
    plain = [one for one in history.taken if one.kind != "mode"]
    by_value = {
        (change.device, change.kind, change.value): change for change in sent if change.kind != "mode"
    }
    modes = [one for one in history.taken if one.kind == "mode"]
    return [(one, by_value.get((one.device, one.kind, one.value))) for one in plain] + _paired(modes, sent)


def _paired(taken: list[Taken], sent: list[Change]) -> Pairs:
    """Pair modes with changes, one to one; a write too many goes with the last change before it."""
    changes = [change for change in sent if change.kind == "mode"]
    change_of: dict[int, int] = {}  # by place in the two lists
    taken_of: dict[int, int] = {}

    def fits(number: int, place: int) -> bool:
        return _fits(taken[number], changes[place])

    for place, change in enumerate(changes):
        if change.outcome == "confirmed":
            _find(place, range(len(taken)), lambda p, n: fits(n, p), taken_of, change_of, set())
    for number in range(len(taken)):
        if number not in change_of:
            _find(number, range(len(changes)), fits, change_of, taken_of, set())
    return [
        (one, changes[change_of[number]] if number in change_of else _last_before(one, changes))
        for number, one in enumerate(taken)
    ]


def _find(
    mine: int,
    others: Iterable[int],
    fits: Callable[[int, int], bool],
    other_of: dict[int, int],
    mine_of: dict[int, int],
    seen: set[int],
) -> bool:
    """Give one a partner, moving those that have one already where that helps (Kuhn's algorithm)."""
    for other in others:
        if other in seen or not fits(mine, other):
            continue
        seen.add(other)
        if other not in mine_of or _find(mine_of[other], others, fits, other_of, mine_of, seen):
            other_of[mine], mine_of[other] = other, mine
            return True
    return False


def _fits(one: Taken, change: Change) -> bool:
    if (one.device, one.value) != (change.device, change.value) or change.sent_at is None:
        return False
    until = change.settled_at if change.outcome == "confirmed" else None
    return change.sent_at - SLACK_S <= one.at and (until is None or one.at <= until + SLACK_S)


def _last_before(one: Taken, changes: list[Change]) -> Change | None:
    before = [change for change in changes if _fits(one, change)]
    return max(before, key=lambda change: change.sent_at or 0) if before else None
