"""What can be said of a home with yes or no, as one number with an index, so that the rare are found at once.

The database makes the number from the other columns, so it is never behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add, or_

from django.db.models import Case, Expression, Q, Value, When

BITS = {
    "active": (1, Q(state="active")),
    "control": (2, Q(right="control")),
    "asks": (4, Q(ask_first=True)),
    "solar": (8, Q(has_solar=True)),
    "battery": (16, Q(has_battery=True)),
    "ev": (32, Q(has_ev=True)),
    "charged": (64, Q(stored_wh__isnull=False)),
}
ALL = sum(bit for bit, _is_so in BITS.values())


def expression() -> Expression:
    """Return the number as the database makes it."""
    return reduce(add, (Case(When(is_so, then=Value(bit)), default=Value(0)) for bit, is_so in BITS.values()))


def numbers(answers: Sequence[tuple[str, bool]]) -> list[int] | None:
    """Return the numbers that such answers leave; None where there is no answer."""
    yes, no = (
        reduce(or_, (BITS[name][0] for name, answer in answers if answer is one), 0) for one in (True, False)
    )
    if not yes | no:
        return None
    return [number for number in range(ALL + 1) if number & yes == yes and not number & no]
